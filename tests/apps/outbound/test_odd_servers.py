"""What a server may say, and what may become of a copy meanwhile: nothing of it keeps the sender from its work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postroom.core.delivery.states import DeliveryState
from postroom.outbound.models import Attempt, Delivery, Lane
from postroom.outbound.pipeline import exchange, take
from postroom.outbound.sender.traffic import Way
from postroom.outbound.sender.wire import Came, Connection
from postroom.outbound.sender.worker import Sender
from postroom.outbound.services import cancel, hold, release, send_due
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Copy, Outcome, Result, Server
from postroom.outbound.work import Item, PutOff
from postroom.outbound.work import Result as Finished
from tests.support.acme import Acme
from tests.support.sending import post, sent_to
from tests.support.smtp_server import SmtpServer

LATIN = "Empfänger unbekannt"
NO_SESSION = Outcome(Result.DEFERRED, "connect", words="No server answers.")


@pytest.fixture
def server(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    with SmtpServer() as one, sent_to(one, monkeypatch, send_timeout=1.0):
        yield one


@pytest.mark.parametrize(
    ("step", "code", "state", "outcome"),
    [
        ("connect", "554", "queued", "deferred"),
        ("MAIL", "451 4.3.0", "queued", "deferred"),
        ("RCPT", "550 5.1.1", "failed", "refused"),
        ("dot", "250 2.0.0", "accepted", "accepted"),
        ("dot", "552 5.3.4", "failed", "refused"),
    ],
)
def test_words_that_are_not_utf8_are_kept(
    acme: Acme, server: SmtpServer, step: str, code: str, state: str, outcome: str
) -> None:
    (row,) = post(acme, "a@firm.example")
    server.on(step, f"{code} {LATIN}\r\n".encode("latin-1"))
    send_due()
    row.refresh_from_db()
    (tried,) = row.tries.all()
    assert (row.state, tried.outcome) == (state, outcome)
    assert LATIN in row.words
    assert LATIN in tried.words


def test_a_copy_that_is_gone_keeps_no_other_from_being_put_off(acme: Acme, kept: Memory) -> None:
    gone, left = post(acme, "a@firm.example", "b@firm.example")
    items = take(10)
    Delivery.objects.filter(pk=gone.pk).delete()
    exchange([], [PutOff(items, NO_SESSION)], [])
    left.refresh_from_db()
    assert (left.state, left.reason) == ("queued", "server-down")
    assert left.words.startswith(NO_SESSION.words)
    assert left.dispatch_id, "the queue can be grouped by server"
    assert list(Attempt.objects.values_list("delivery", flat=True)) == [left.pk]


def test_what_was_withdrawn_meanwhile_has_no_try(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    items = take(10)
    assert cancel(acme.admin, [row.pk]) == 1
    exchange([], [PutOff(items, NO_SESSION)], [])
    row.refresh_from_db()
    assert row.state == DeliveryState.CANCELLED
    assert not Attempt.objects.exists()


def test_what_cannot_be_put_off_keeps_nothing_else_back(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = post(acme, "a@firm.example", "b@firm.example")
    sender = Sender()
    first, second = take(10)
    unwritable = Outcome(Result.DEFERRED, "connect", words="\ud800")
    sender._put_offs = [PutOff([first], unwritable), PutOff([second], NO_SESSION)]
    sender._exchange()
    assert sender._put_offs == []
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == ("claimed", "queued")


def test_an_answer_belongs_to_the_connection_that_it_came_over(acme: Acme) -> None:
    """A copy whose lease ended is sent again by a person while the first exchange is still under way."""
    server = Server(1, "Test", "smtp", "mx.example", 25)
    sender, connections = Sender(), [Connection(server), Connection(server)]
    items = [Item(Delivery(pk=7, lane=Lane.NOTIFICATION), Copy(7, "", "", bytes)) for _ in connections]
    pool = sender._traffic.pool(server)
    for one, item in zip(connections, items, strict=True):
        pool.ways[one] = Way.WARM
        sender._traffic.begin(one, [item])
    for one in connections:
        sender._note(Came(one, [(7, Outcome(Result.ACCEPTED, "dot", 250))], warm=True))
    assert [result.item for result in sender._results] == items
    assert not sender._traffic.on_the_wire


def test_what_was_held_and_released_is_sent_once(acme: Acme, kept: Memory) -> None:
    """The sender claims it anew while what it claimed before still waits for its turn."""
    (row,) = post(acme, "a@firm.example")
    first = take(10)
    assert hold(acme.admin, [row.pk]) == release(acme.admin, [row.pk]) == 1
    second = take(10)
    assert exchange([], [], [*first, *second]) == second
    assert Attempt.objects.count() == 1
    outcome = Outcome(Result.ACCEPTED, "dot", 250)
    exchange([Finished(second[0], outcome)], [PutOff(first, NO_SESSION)], [])
    row.refresh_from_db()
    assert (row.state, list(Attempt.objects.values_list("outcome", flat=True))) == ("accepted", ["accepted"])
