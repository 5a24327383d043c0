"""What a batch costs the database: as many statements for fifty copies as for one, none that reads a whole table."""

from __future__ import annotations

import pytest
from django.db import transaction

from postroom.infra.clock import now
from postroom.outbound.events import delivery_changed
from postroom.outbound.models import Delivery
from postroom.outbound.pipeline import exchange, take
from postroom.outbound.services import Recipient, queue
from postroom.outbound.steps.claim import due, next_due
from postroom.outbound.steps.expire import expire
from postroom.outbound.transports.memory import TAKEN, Memory
from postroom.outbound.transports.protocol import Outcome
from postroom.outbound.transports.protocol import Result as Answer
from postroom.outbound.work import PutOff, Result
from tests.support.acme import Acme
from tests.support.queries import ON_POSTGRES, counts, scanned, statements
from tests.support.sending import new_letter, post

MANY = 50
WAKE = {"notify": 1} if ON_POSTGRES else {}
SHUT = Outcome(Answer.DEFERRED, "connect", words="No server answers.")
GROWING = {
    "outbound_letter", "outbound_letterfile", "outbound_delivery", "outbound_dispatch", "outbound_attempt",
    "infra_file", "infra_blob",
}  # fmt: skip


@pytest.fixture(autouse=True)
def read_before(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read once in a while is read now; what the floors above do with the news is theirs to count."""
    monkeypatch.setattr(delivery_changed, "_receivers", [])
    post(acme, "first@firm.example")
    with transaction.atomic():
        begun = exchange([], [], take(1))
        exchange([Result(item, TAKEN) for item in begun], [], [])


def _queue(acme: Acme, letters: int, copies: int = 1) -> None:
    news = [
        (new_letter(acme), [Recipient(f"a{number}.{one}@firm.example") for one in range(copies)])
        for number in range(letters)
    ]
    with transaction.atomic():
        queue(news)


@pytest.mark.parametrize("amount", [1, MANY])
def test_queueing(acme: Acme, amount: int) -> None:
    with statements() as said:
        _queue(acme, amount)
    assert counts(said) == {"insert": 2} | WAKE


@pytest.mark.parametrize(("letters", "copies"), [(1, 1), (MANY, 1), (1, MANY)])
def test_claiming_and_choosing(acme: Acme, letters: int, copies: int) -> None:
    _queue(acme, letters, copies)
    with statements() as said:
        assert len(take(200)) == letters * copies
    assert counts(said) == {"update": 1, "select": 5, "insert": 1}  # copies, letters, last choices, keys, files


@pytest.mark.parametrize("amount", [1, MANY])
def test_beginning_and_recording(acme: Acme, amount: int) -> None:
    _queue(acme, amount)
    items = take(200)
    with statements() as said:
        begun = exchange([], [], items)
    assert counts(said) == {"update": 1, "insert": 1}
    _queue(acme, amount)
    following = take(200)
    with statements() as said:
        exchange([Result(item, TAKEN) for item in begun], [], following)
    assert counts(said) == {"update": 3, "insert": 2} | WAKE


@pytest.mark.parametrize("amount", [1, MANY])
def test_putting_off(acme: Acme, amount: int) -> None:
    _queue(acme, amount)
    items = take(200)
    with statements() as said:
        exchange([], [PutOff(items, SHUT)], [])
    assert counts(said) == {"update": 1, "insert": 2} | WAKE


def test_no_statement_reads_a_whole_table_that_grows(acme: Acme) -> None:
    _queue(acme, 3)
    with statements() as said:
        begun = exchange([], [], take(200))
        exchange([Result(item, TAKEN) for item in begun], [], [])
        due()
        next_due()
        expire()
    Delivery.objects.update(state="transmitting", lease_until=now())
    with statements() as more:
        expire()
    scans = {(table, sql) for sql in said + more for table in scanned(sql, GROWING)}
    assert not scans
