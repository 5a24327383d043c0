"""One sender's answers: together where they go to different conversations, one after the other within one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from postroom.conversations.models import Message
from postroom.core.message.understood import understand
from postroom.inbound.models import InboundMail, Route
from postroom.inbound.ties import in_waves
from postroom.inbound.work import Read, read_from
from postroom.infra import parameters
from tests.support.acme import Acme, arrival, letter, make_acme, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    made = make_acme()
    take_in(*(arrival(letter(message_id=f"begin{n}@x.example")) for n in range(4)))
    return made


def _read(number: int, *references: str, to: str = "sales@acme.example") -> Read:
    raw = letter(message_id=f"answer{number}@x.example", text=f"Answer {number}", references=references)
    return read_from(InboundMail(pk=number, recipients=[to], sender="hanna@customer.example"), understand(raw))


def _numbers(split: Sequence[Sequence[Read]]) -> list[list[int]]:
    return [[read.arrival.pk for read in wave] for wave in split]


def test_answers_to_different_conversations_share_a_wave(acme: Acme) -> None:
    reads = [_read(n, f"begin{n}@x.example", f"unknown{n}@x.example") for n in range(4)]
    assert _numbers(in_waves(reads)) == [[0, 1, 2, 3]]


def test_answers_to_one_conversation_do_not(acme: Acme) -> None:
    """Also where they name it by different ids."""
    take_in(arrival(letter(message_id="later@x.example", references=("begin0@x.example",))))
    reads = [_read(1, "begin0@x.example"), _read(2, "later@x.example"), _read(3, "begin1@x.example")]
    assert _numbers(in_waves(reads)) == [[1, 3], [2]]


@pytest.mark.parametrize(
    "last",
    [
        _read(9, "answer1@x.example"),
        _read(9, "nobody.knows@x.example"),
        _read(9, "begin3@x.example", to=f"sales+{'a' * 24}@acme.example"),
    ],
    ids=["an answer within the batch", "an unknown reference", "perhaps a token"],
)
def test_where_the_conversation_is_not_sure_all_of_the_sender_wait(acme: Acme, last: Read) -> None:
    reads = [_read(1, "begin1@x.example"), _read(2, "begin2@x.example"), last]
    assert _numbers(in_waves(reads)) == [[1], [2], [9]]


def test_echoes_do_not_share_a_wave(acme: Acme) -> None:
    raws = [letter(message_id=f"e{n}@x.example", text="The same", references=(f"begin{n}@x.example",)) for n in (1, 2)]
    rows = [InboundMail(pk=n, recipients=["catchall@acme.example"], sender="hanna@customer.example") for n in (1, 2)]
    assert _numbers(in_waves([read_from(row, understand(raw)) for row, raw in zip(rows, raws, strict=True)])) == [
        [1],
        [2],
    ]


def test_the_loop_limit_of_a_conversation_holds_within_a_batch(acme: Acme) -> None:
    raws = [letter(message_id=f"l{n}@x.example", text=f"{n}", references=("begin1@x.example",)) for n in range(25)]
    take_in(*map(arrival, raws))
    assert Message.objects.filter(text__in=[str(n) for n in range(25)]).count() == 20
    assert Route.objects.filter(state="held").count() == 5
