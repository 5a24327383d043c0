"""A copy of an installation sends nothing until somebody takes over; what came with it and waited is decided then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.core.delivery.states import DeliveryState
from postroom.directory.attention import attention_of
from postroom.infra import instance
from postroom.infra.config import config
from postroom.infra.database import base
from postroom.outbound import takeover
from postroom.outbound.models import Delivery
from postroom.outbound.services import send_due
from postroom.outbound.steps.claim import claim
from postroom.outbound.takeover import NothingToDo, Waiting
from postroom.outbound.transports.memory import Memory
from postroom.project.cli.identity_check import identity_check
from postroom.project.cli.shared import EX_UNAVAILABLE, EX_USAGE
from tests.support import factory
from tests.support.acme import Acme
from tests.support.sending import post
from tests.support.shell import Shell

pytestmark = pytest.mark.django_db
THREE = ("a@customer.example", "b@customer.example", "c@customer.example")


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(config(), "var", tmp_path)
    instance.forget()
    instance.ensure()
    yield tmp_path
    instance.forget()


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def become_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "place", lambda: "elsewhere")
    instance.forget()


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def test_a_copy_claims_nothing(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    post(acme, *THREE)
    become_a_copy(monkeypatch)
    assert send_due() == 0
    assert states() == ["queued"] * 3
    assert kept.copies == []


@pytest.mark.parametrize(
    ("waiting", "after", "sent"),
    [
        (Waiting.HOLD, "held", 0),
        (Waiting.CANCEL, "cancelled", 0),
        (Waiting.SEND, "accepted", 3),
    ],
)
def test_what_waited_is_decided_and_what_was_written_here_is_sent(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch, waiting: Waiting, after: str, sent: int
) -> None:
    post(acme, *THREE)
    become_a_copy(monkeypatch)
    takeover.notice()
    post(acme, "here@customer.example")
    taken = takeover.take_over(waiting, by="ada")
    assert taken.settled == (0 if waiting is Waiting.SEND else 3)
    assert send_due() == sent + 1
    assert states() == [after] * 3 + ["accepted"]
    assert "here@customer.example" in [one.recipient for one in kept.copies]


def test_without_a_note_all_that_waits_is_in_doubt(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    post(acme, *THREE)
    become_a_copy(monkeypatch)
    assert takeover.in_doubt(instance.standing()).count() == 3


def test_a_lease_that_came_with_the_copy_ends(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one had claimed them: without this they would be claimed again, and sent, once the lease is over."""
    post(acme, *THREE)
    claim(3)
    become_a_copy(monkeypatch)
    assert takeover.take_over(Waiting.HOLD, by="ada").settled == 3
    assert set(Delivery.objects.values_list("state", "lease_token", "lease_until")) == {("held", "", None)}
    row = Delivery.objects.first()
    assert row is not None
    assert "other one may have sent it" in row.words


def test_what_was_settled_stays(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = post(acme, *THREE)
    Delivery.objects.filter(pk=rows[0].pk).update(state=DeliveryState.ACCEPTED, due=None)
    Delivery.objects.filter(pk=rows[1].pk).update(state=DeliveryState.UNKNOWN, due=None)
    become_a_copy(monkeypatch)
    assert takeover.take_over(Waiting.CANCEL, by="ada").settled == 1
    assert states() == ["accepted", "unknown", "cancelled"]


def test_nothing_to_take_over() -> None:
    with pytest.raises(NothingToDo):
        takeover.take_over(Waiting.HOLD, by="ada")


def test_a_copy_needs_attention_and_says_who_can_help(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = factory.user("ada", {acme.company: "administrator"})
    operator = factory.user("root", {acme.company: "administrator"}, is_operator=True)
    assert not any("copy of another" in one.title for one in attention_of(operator))
    become_a_copy(monkeypatch)
    (told,) = [one for one in attention_of(operator) if "copy of another" in one.title]
    assert (told.weight, told.page) == ("bad", "installation")
    (other,) = [one for one in attention_of(admin) if "copy of another" in one.title]
    assert other.page == "outbound"
    assert "Whoever runs the installation" in other.text


def test_another_public_address_is_told_operators(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "public_url", "https://new.acme.example")
    instance.forget()
    operator, admin = factory.user("root", is_operator=True), factory.user("ada", {acme.company: "administrator"})
    assert "The public address changed" in [one.title for one in attention_of(operator)]
    assert "The public address changed" not in [one.title for one in attention_of(admin)]
    assert not identity_check().ok


def test_doctor_says_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert identity_check().ok
    become_a_copy(monkeypatch)
    check = identity_check()
    assert not check.ok
    assert "postroom takeover" in check.words
    assert f"POSTROOM_INSTANCE={instance.standing().id}" in check.words


def test_the_command_line(acme: Acme, kept: Memory, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    post(acme, *THREE)
    assert "nothing to take over" in shell("takeover")
    become_a_copy(monkeypatch)
    assert "postroom takeover" in shell.fails("send-queue", status=EX_UNAVAILABLE)
    assert "--waiting nonsense" in shell.fails("takeover --waiting nonsense", status=EX_USAGE)
    assert "Say --yes" in shell.fails("takeover", status=EX_USAGE)  # nobody can be asked here
    assert states() == ["queued"] * 3
    said = shell("takeover --yes")
    assert "Taken over" in said
    assert "3 copies that waited are held in the Outbox." in said
    assert shell.json("takeover")["taken_over"] is False


def test_the_command_line_for_programs(acme: Acme, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    post(acme, *THREE)
    become_a_copy(monkeypatch)
    said = shell.json("takeover --yes --waiting cancel")
    assert (said["taken_over"], said["waiting"], said["settled"]) == (True, "cancel", 3)


def test_the_command_line_keeps_a_new_address(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "public_url", "https://new.acme.example")
    instance.forget()
    assert "https://new.acme.example from now on" in shell("takeover")
    assert identity_check().ok
