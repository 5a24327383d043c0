"""The command line of the queue: its groups, and decisions about copies by number and by filter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.infra.clock import now
from postroom.outbound.models import Delivery
from postroom.outbound.queue import operations
from postroom.project.cli.shared import EX_DATAERR, EX_NOINPUT, EX_NOUSER, EX_USAGE
from tests.support.acme import Acme, make_acme
from tests.support.sending import post
from tests.support.shell import Shell

pytestmark = pytest.mark.django_db


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def acme() -> Acme:
    return make_acme()


def _states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_the_groups_for_people_and_for_programs(acme: Acme, shell: Shell) -> None:
    post(acme, "a@one.example", "b@two.example")
    (late,) = post(acme, "c@two.example")
    Delivery.objects.filter(pk=late.pk).update(reason="put-off", due=now() + timedelta(hours=1))
    said = shell("queue")
    assert said.startswith("3 copies wait to leave.")
    assert "put-off" in said
    assert "two.example" in said
    found = shell.json("queue")
    assert [(one["key"], one["count"]) for one in found["reasons"]] == [("", 2), ("put-off", 1)]


def test_an_empty_queue(acme: Acme, shell: Shell) -> None:
    assert shell("queue") == "0 copies wait to leave.\n"


def test_by_number(acme: Acme, shell: Shell) -> None:
    one, two = post(acme, "a@one.example", "b@one.example")
    Delivery.objects.filter(pk=two.pk).update(state="accepted", due=None)
    said = shell("hold", str(one.pk), str(two.pk))
    assert "1 of 2 copies followed." in said
    assert f"#{two.pk}: The server took it already." in said
    assert _states() == ["held", "accepted"]
    assert shell.json("release", str(one.pk))["done"] == 1
    shell("cancel", str(one.pk))
    assert _states()[0] == "cancelled"
    shell("requeue", str(one.pk))
    assert _states()[0] == "queued"


@pytest.mark.parametrize(("verb", "state"), [("arrived", "accepted"), ("lost", "failed")])
def test_what_nobody_knew_is_closed(acme: Acme, shell: Shell, verb: str, state: str) -> None:
    one, two, waits = post(acme, "a@one.example", "b@one.example", "c@one.example")
    Delivery.objects.filter(pk__in=[one.pk, two.pk]).update(state="unknown", due=None)
    shell(verb, str(one.pk))
    assert shell.json(verb, "--state=unknown")["done"] == 1
    assert _states() == [state, state, "queued"]
    assert "Only a copy whose fate is unknown can be closed." in shell(verb, str(waits.pk), status=66)


@pytest.mark.parametrize("by", ["--reason=due", "--destination=one.example", "--server=none", "--lane=notification",
                                "--state=queued", "--about=lead:1"])  # fmt: skip
def test_by_filter(acme: Acme, shell: Shell, by: str) -> None:
    post(acme, "a@one.example", "b@one.example")
    assert "2 copies would follow; nothing was changed." in shell("hold", by, "--dry-run")
    assert _states() == ["queued", "queued"]
    assert shell("hold", by) == "2 of 2 copies followed.\n"
    assert _states() == ["held", "held"]


def test_many_are_worked_off_here(acme: Acme, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "CHUNK", 2)
    post(acme, *[f"a{number}@one.example" for number in range(7)])
    assert shell("hold", "--destination=one.example") == "7 of 7 copies followed.\n"
    assert "7 of 7" in shell.errors
    found = shell.json("release", "--state=held")
    assert (found["state"], found["copies"], found["done"]) == ("done", 7, 7)


def test_a_time_and_a_server(acme: Acme, shell: Shell) -> None:
    (row,) = post(acme, "a@one.example")
    at = (now() + timedelta(days=1)).replace(second=0, microsecond=0)
    shell("schedule", str(row.pk), "--at", at.strftime("%Y-%m-%dT%H:%M"))
    row.refresh_from_db()
    assert (row.due, row.reason) == (at, "scheduled")
    shell("send-now", str(row.pk))
    shell("change-server", str(row.pk), "--to=0")
    row.refresh_from_db()
    assert (row.server, row.reason) == (0, "")
    shell("change-server", str(row.pk), "--to=any")
    row.refresh_from_db()
    assert row.server is None


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("hold", EX_USAGE, "Say which"),
        ("hold 1 --lane=bulk", EX_USAGE, "not both"),
        ("hold --reason=mood", EX_USAGE, "is no reason: one of due, turn"),
        ("hold --state=burning", EX_USAGE, "is no state"),
        ("hold --lane=fast", EX_USAGE, "is no lane"),
        ("hold --server=x", EX_USAGE, "number of a server"),
        ("schedule 1 --at=soon", EX_USAGE, "is no time"),
        ("schedule 1", EX_DATAERR, "Say when"),
        ("change-server 1", EX_USAGE, "by which server"),
        ("change-server 1 --to=4711", EX_DATAERR, "Choose an active server"),
        ("hold 1 --by=nobody", EX_NOUSER, "no user nobody"),
    ],
)
def test_what_can_not_be_ends_in_one_line(acme: Acme, shell: Shell, line: str, status: int, said: str) -> None:
    assert said in shell.fails(line, status=status)


def test_where_none_followed_the_status_says_so(acme: Acme, shell: Shell) -> None:
    assert "There is no such copy." in shell("hold", "4711", status=EX_NOINPUT)
