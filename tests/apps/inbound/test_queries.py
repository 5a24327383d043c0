"""What a batch costs the database: as many queries for fifty mails as for one, and none that reads a whole table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from postroom.core.addresses import Address
from postroom.core.message.understood import understand
from postroom.inbound.models import InboundMail
from postroom.inbound.services import accept
from postroom.inbound.steps.collect import gather
from postroom.inbound.work import Read, read_from
from postroom.infra import parameters
from postroom.infra.instance import instance_id
from tests.support.acme import Acme, arrival, letter, line, make_acme, take_in
from tests.support.queries import ON_POSTGRES, counts, scanned, statements

MANY = 50
# One statement more wakes those who wait; SQLite begins and ends its transactions in words of its own.
ACCEPT = {"insert": 2, "notify": 1 * ON_POSTGRES}
GATHER = {"select": 13}
SETTLE_NEW = {"select": 23, "insert": 17, "update": 4, "notify": 2 * ON_POSTGRES}
SETTLE_ANSWERS = {"select": 24, "insert": 11, "update": 4, "notify": 2 * ON_POSTGRES}
GROWING = (
    "inbound_inboundmail", "inbound_rawmail", "inbound_route", "conversations_thread", "conversations_message",
    "conversations_messageid", "conversations_participant", "conversations_follower", "records_record",
    "directory_contact", "directory_contactaddress", "infra_counter", "infra_blob", "infra_file",
)  # fmt: skip


@pytest.fixture
def acme(db: None) -> Acme:
    parameters.forget()
    made = make_acme()
    take_in(arrival(letter()))  # whatever is read once is read now
    parameters.values()
    instance_id()
    return made


def _new(number: int) -> bytes:
    return letter(author=Address(f"new{number}@firm{number}.example", "New"), message_id=f"new{number}@firm.example")


def _answer(number: int) -> bytes:
    return letter(
        author=Address(f"old{number}@firm.example", "Old"),
        message_id=f"answer{number}@firm.example",
        in_reply_to=(f"begin{number}@firm.example",),
    )


def _begin(numbers: Sequence[int]) -> None:
    for number in numbers:
        author = Address(f"old{number}@firm.example", "Old")
        take_in(arrival(letter(author=author, message_id=f"begin{number}@firm.example"), sender=author.email))


def _accept(write: Callable[[int], bytes], numbers: Sequence[int]) -> list[str]:
    arrivals = [arrival(write(number)) for number in numbers]
    with statements() as said:
        accept(arrivals)
    return said


def _settle() -> list[str]:
    with statements() as said:
        assert line().settle_some(ahead=False)
    assert not InboundMail.objects.exclude(state="routed").exists()
    return said


def _nothing(numbers: Sequence[int]) -> None:
    pass


@pytest.mark.parametrize("amount", [1, MANY])
def test_accepting(acme: Acme, amount: int) -> None:
    assert counts(_accept(_new, range(amount))) == {k: n for k, n in ACCEPT.items() if n} | {"select": 1}


@pytest.mark.parametrize("amount", [1, MANY])
def test_gathering(acme: Acme, amount: int) -> None:
    _begin(range(amount))
    reads: list[Read] = []
    for number in range(amount):
        row = InboundMail(sender="a@firm.example", recipients=["sales@acme.example"])
        reads.append(read_from(row, understand(_answer(number))))
    with statements() as said:
        gather(reads)
    assert counts(said) == GATHER


@pytest.mark.parametrize("amount", [1, MANY])
@pytest.mark.parametrize(
    ("write", "prepare", "expected"), [(_new, _nothing, SETTLE_NEW), (_answer, _begin, SETTLE_ANSWERS)]
)
def test_settling(
    acme: Acme,
    amount: int,
    write: Callable[[int], bytes],
    prepare: Callable[[Sequence[int]], None],
    expected: dict[str, int],
) -> None:
    prepare(range(amount))
    _accept(write, range(amount))
    assert counts(_settle()) == {verb: number for verb, number in expected.items() if number}


@pytest.mark.parametrize(("write", "prepare"), [(_new, _nothing), (_answer, _begin)])
def test_no_statement_reads_a_whole_table_that_grows(
    acme: Acme, write: Callable[[int], bytes], prepare: Callable[[Sequence[int]], None]
) -> None:
    prepare(range(3))
    said = _accept(write, range(3))
    said += _settle()
    scans = {(table, sql) for sql in said for table in scanned(sql, GROWING)}
    assert not scans
