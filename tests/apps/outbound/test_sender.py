"""The sender as the worker process runs it: woken, stopped, left alone by its database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from postroom.infra.clock import now
from postroom.infra.database.base import Waiter, waiter
from postroom.outbound import pipeline
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.outbound.sender import worker
from postroom.outbound.sender.worker import Sender
from postroom.outbound.transports.memory import Memory
from tests.support.acme import Acme, make_acme
from tests.support.sending import post, sending, sent_into_memory, sent_to, until
from tests.support.smtp_server import Hang, SmtpServer


@pytest.fixture
def acme(transactional_db: None) -> Acme:
    return make_acme()


@pytest.fixture
def kept(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    with sent_into_memory(monkeypatch) as memory:
        yield memory


def _states() -> set[str]:
    return set(Delivery.objects.values_list("state", flat=True))


class _Announced:
    """A waiter that says when it has begun to listen."""

    def __init__(self, inner: Waiter, listening: threading.Event) -> None:
        self._inner, self._listening = inner, listening
        self.close = inner.close

    def wait(self, seconds: float) -> bool:
        came = self._inner.wait(0.01)
        self._listening.set()
        return came or self._inner.wait(seconds)


def test_what_is_committed_wakes_it(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = threading.Event()
    monkeypatch.setattr(worker, "waiter", lambda: _Announced(waiter(), listening))
    monkeypatch.setattr(Sender, "_seconds_to_next", lambda _: 600.0)  # it would not look by itself
    with sending():
        assert listening.wait(30)
        for number in range(3):
            post(acme, f"a{number}@firm.example")
            until(lambda: len(kept.copies) > number)  # noqa: B023 called at once
        until(lambda: _states() == {"accepted"})


def test_what_is_due_later_is_sent_then(acme: Acme, kept: Memory) -> None:
    post(acme, "a@firm.example")
    due = now() + timedelta(seconds=1)
    Delivery.objects.update(due=due)
    with sending():
        until(lambda: kept.copies)
    assert now() >= due


def test_stopped_it_gives_back_what_it_had_not_begun(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """One copy hangs at the server; all others are in the queue again when it ends, and nobody else has to wait."""
    monkeypatch.setattr(worker, "END_SECONDS", 1.0)
    with SmtpServer() as server, sent_to(server, monkeypatch, send_batch=50, send_window=5):
        server.always("MAIL", Hang(20))
        post(acme, *(f"a{number}@firm.example" for number in range(40)))
        with sending():
            until(lambda: "transmitting" in _states())
        assert not server.mails
    states = list(Delivery.objects.values_list("state", flat=True))
    assert states.count("claimed") == 0
    assert states.count("transmitting") <= 4 * 5
    assert states.count("queued") >= 20
    assert not Delivery.objects.filter(state="queued").exclude(lease_token="").exists()


def test_stopped_it_lets_a_copy_on_the_wire_end(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    with SmtpServer() as server, sent_to(server, monkeypatch):
        rows = post(acme, *(f"a{number}@firm.example" for number in range(300)))
        with sending():
            until(lambda: server.mails)
        taken = server.counts()
    states = dict(Delivery.objects.filter(pk__in=[row.pk for row in rows]).values_list("address", "state"))
    assert set(states.values()) <= {"accepted", "queued"}
    assert all(taken[address] == (state == "accepted") for address, state in states.items())


@pytest.mark.parametrize("error", [OperationalError("the database is away"), ValueError("a bug")])
def test_an_error_does_not_end_it(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(worker, "AWAY_SECONDS", 0.05)
    failing = [error, error]
    real = pipeline.take

    def take(most: int, shares: Any) -> Any:
        if failing:
            raise failing.pop()
        return real(most, shares)

    monkeypatch.setattr(worker, "take", take)
    post(acme, "a@firm.example")
    with sending():
        until(lambda: kept.copies)
        until(lambda: _states() == {"accepted"})


def test_outcomes_outlive_a_database_that_is_away(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "AWAY_SECONDS", 0.05)
    failing = [OperationalError("the database is away")]
    real = pipeline.exchange

    def exchange(results: Any, put_offs: Any, window: Any) -> Any:
        if results and failing:
            raise failing.pop()
        return real(results, put_offs, window)

    monkeypatch.setattr(worker, "exchange", exchange)
    post(acme, "a@firm.example", "b@firm.example")
    with sending():
        until(lambda: _states() == {"accepted"})
    assert len(kept.copies) == 2
    assert not failing


def test_leases_are_renewed_while_a_server_is_slow(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two senders and a lease shorter than the server's patience: nothing is taken over, nothing is sent twice."""
    settings = {"send_lease_seconds": 0.6, "send_timeout": 1.0}
    with SmtpServer() as server, sent_to(server, monkeypatch, **settings):
        for number in range(2):
            server.on(f"dot a{number}@firm.example", b"")  # no answer at all
        post(acme, *(f"a{number}@firm.example" for number in range(8)))
        with sending(), sending():
            until(lambda: not _states() & {"queued", "claimed", "transmitting"}, 15)
        counts = server.counts()
    assert len(counts) == 8
    assert set(counts.values()) == {1}
    words = set(Delivery.objects.filter(state="unknown").values_list("words", flat=True))
    assert words == {"The mail was written, but 127.0.0.1 did not confirm it: no answer within 2 seconds."}
    assert Delivery.objects.filter(state="unknown").count() == 2


def test_a_slow_server_keeps_no_other_waiting(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies for a server that hangs fill batch after batch; one for another server leaves meanwhile."""
    monkeypatch.setattr(worker, "END_SECONDS", 0.5)
    with SmtpServer() as slow, SmtpServer() as quick, sent_to(slow, monkeypatch, send_batch=20):
        slow.always("MAIL", Hang(20))
        _server("Slow", slow, "acme.example")
        other = _server("Quick", quick, "quick.example")
        post(acme, *(f"slow{number}@firm.example" for number in range(70)))
        with sending():
            until(lambda: slow.connections)
            post(acme, "quick@firm.example", forced_server=other.pk)
            until(lambda: quick.mails, 8)
        assert not slow.mails


def _server(name: str, server: SmtpServer, listed: str) -> OutgoingServer:
    return OutgoingServer.objects.create(
        name=name,
        host="127.0.0.1",
        port=server.port,
        encryption="none",
        authentication="none",
        from_filter=listed,
        created_at=now(),
    )
