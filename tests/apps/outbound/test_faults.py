"""A server that fails, over real sockets, and what the rows say of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postroom.infra.clock import now
from postroom.outbound.models import Attempt, Delivery
from postroom.outbound.services import send_due
from postroom.outbound.steps import record
from tests.support.acme import Acme
from tests.support.running import free_port
from tests.support.sending import post, sent_to
from tests.support.smtp_server import DROP, Action, Hang, SmtpServer


@pytest.fixture
def server(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    with SmtpServer() as one, sent_to(one, monkeypatch, send_timeout=1.0):
        yield one


def _states(rows: list[Delivery]) -> dict[str, str]:
    return dict(Delivery.objects.filter(pk__in=[row.pk for row in rows]).values_list("address", "state"))


@pytest.mark.parametrize(
    ("step", "action", "state", "phase", "key"),
    [
        ("MAIL", "451 4.3.0 Later", "queued", "mail", "local-error"),
        ("RCPT", "450 4.2.1 Greylisted", "queued", "rcpt", "greylisted"),
        ("RCPT", "550 5.1.1 No such user", "failed", "rcpt", "mailbox-unknown"),
        ("RCPT", "550 5.4.5 Daily user sending limit exceeded", "queued", "rcpt", "sending-quota"),
        ("DATA", "554 5.5.1 No", "failed", "data", "command-refused"),
        ("DATA", DROP, "queued", "data", "connection-lost"),
        ("dot", "452 4.2.2 Full", "queued", "dot", "mailbox-full"),
        ("dot", "552 5.3.4 Too big", "failed", "dot", "mail-too-large"),
        ("dot", DROP, "unknown", "dot", ""),
        ("dot", Hang(5), "unknown", "dot", ""),
        ("dot", b"junk\r\n", "unknown", "dot", ""),
    ],
)
def test_each_copy_ends_by_itself(
    acme: Acme, server: SmtpServer, step: str, action: Action, state: str, phase: str, key: str
) -> None:
    """Also where the server refuses one of a window: the others go as if nothing had been."""
    rows = post(acme, "a@firm.example", "b@firm.example", "c@firm.example")
    server.on(f"{step} b@firm.example" if step in {"RCPT", "dot"} else step, action)
    send_due()
    found = _states(rows)
    assert sorted(found.values()) == sorted([state, "accepted", "accepted"])
    (odd,) = (row for row in rows if found[row.address] == state)
    (tried,) = odd.tries.all()
    assert tried.phase == phase
    assert tried.words
    odd.refresh_from_db()
    assert odd.words
    assert (odd.reply_class, odd.reason) == (key, "put-off" if state == "queued" else "")
    others = Delivery.objects.filter(state="accepted")
    assert set(others.values_list("reply_class", "reason", "attempts")) == {("", "", 1)}
    accepted = {address: 1 for address, one in found.items() if one == "accepted"}
    assert {address: server.counts()[address] for address in accepted} == accepted
    assert server.counts()[odd.address] == (1 if state == "unknown" else 0)
    Delivery.objects.filter(due__isnull=False).update(due=now())
    send_due()
    assert all(count == 1 for count in server.counts().values()), "nobody gets it twice"


def test_a_server_that_is_down_has_everything_wait(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    with sent_to(SmtpServer(), monkeypatch, outgoing_port=(port := free_port())):
        rows = post(acme, *(f"a{number}@firm.example" for number in range(25)))
        send_due()
    words = f"No server answers at 127.0.0.1:{port}: connection refused."
    found = Delivery.objects.filter(pk__in=[row.pk for row in rows])
    assert set(found.values_list("state", "reason")) == {("queued", "server-down")}
    assert sorted(found.values_list("reply_class", flat=True)) == [""] * 24 + ["connection-failed"]
    assert all(words in said for said in found.values_list("words", flat=True))
    assert list(Attempt.objects.values_list("phase", "words")) == [("connect", words)]


def test_a_wrong_password_has_everything_wait(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    login = {"outgoing_user": "me", "outgoing_password": "wrong"}
    with SmtpServer(users={"me": "right"}) as server, sent_to(server, monkeypatch, **login):
        (row,) = post(acme, "a@firm.example")
        send_due()
    row.refresh_from_db()
    assert (row.state, row.reason, row.reply_class) == ("queued", "server-down", "login-failed")
    assert row.words.startswith("Default server 127.0.0.1 is down since ")
    assert "535 5.7.8 Wrong user name or password" in row.words


def test_a_server_that_wants_fewer_connections_gets_fewer(acme: Acme, server: SmtpServer) -> None:
    server.on("connect", "220 test.example", "421 4.7.0 Too many", "421 4.7.0 Too many", "421 4.7.0 Too many")
    rows = post(acme, *(f"a{number}@firm.example" for number in range(60)))
    send_due()
    assert set(_states(rows).values()) == {"accepted"}
    assert set(server.counts().values()) == {1}


def test_a_connection_is_used_for_a_hundred_mails_at_most(acme: Acme, server: SmtpServer) -> None:
    rows = post(acme, *(f"a{number}@firm.example" for number in range(450)))
    send_due()
    assert set(_states(rows).values()) == {"accepted"}
    assert 5 <= server.connections <= 8
    assert set(server.counts().values()) == {1}


def test_a_server_that_hangs_up_after_each_mail_gets_them_all(acme: Acme, server: SmtpServer) -> None:
    rows = post(acme, *(f"a{number}@firm.example" for number in range(12)))
    server.always("RSET", DROP)
    server.always("RCPT a3@firm.example", DROP)
    send_due()
    found = _states(rows)
    assert found.pop("a3@firm.example") == "queued"
    assert set(found.values()) == {"accepted"}


def test_a_server_that_takes_no_mail_at_all_is_left_alone(acme: Acme, server: SmtpServer) -> None:
    rows = post(acme, *(f"a{number}@firm.example" for number in range(6)))
    server.always("MAIL", DROP)
    send_due()
    assert set(_states(rows).values()) == {"queued"}
    assert not Delivery.objects.filter(due__lte=now()).exists()
    assert server.connections <= 12


def test_the_id_that_a_provider_gave_is_kept(acme: Acme, server: SmtpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, str]] = []

    def learned(words: str, host: str, ours: str) -> str:
        asked.append((words, host, ours))
        return "abc@provider.example"

    monkeypatch.setattr(record, "learned_message_id", learned)
    server.on("dot", "250 2.0.0 Ok abc")
    (row,) = post(acme, "a@firm.example")
    send_due()
    assert row.tries.get().message_id == "abc@provider.example"
    assert asked == [("250 2.0.0 Ok abc", "127.0.0.1", row.letter.message_id)]
