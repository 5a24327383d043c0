"""Reading in other processes: results in order, and a mail that ends its reader harms nobody else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postroom.core.message.understood import Understood, understand
from postroom.inbound.steps import parse
from postroom.inbound.steps.parse import Reader, Unreadable
from tests.support import deadly
from tests.support.acme import letter


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Two processes, in which some mails are deadly."""
    monkeypatch.setattr(parse, "understand_all", deadly.understand_all)
    monkeypatch.setattr(parse, "understand", deadly.understand)
    made = Reader(2, 1.0)
    yield made
    made.close()


def test_two_batches_are_read_at_once_and_each_keeps_its_order(reader: Reader) -> None:
    first, second = ([letter(subject=f"{name} {n}") for n in range(5)] for name in ("a", "b"))
    readings = [reader.start(first), reader.start(second)]
    for raws, reading in zip((first, second), readings, strict=True):
        assert [one.mail.size for one in _fine(reader.finish(reading))] == [len(raw) for raw in raws]
        assert [one.mail.subject for one in _fine(reader.finish(reading))] == [understand(r).mail.subject for r in raws]


@pytest.mark.parametrize(
    ("bad_one", "words"),
    [
        (deadly.KILLER, "ended the process"),
        (deadly.STALLER, "longer than 1 seconds"),
        (deadly.UPSETTER, "failed (ZeroDivisionError)"),
    ],
)
def test_a_deadly_mail_is_named_and_the_others_are_read(reader: Reader, bad_one: bytes, words: str) -> None:
    good = letter()
    bad, beside = reader.start([good, bad_one, good]), reader.start([good, good])
    first, dead, last = reader.finish(bad)
    assert isinstance(dead, Unreadable)
    assert words in str(dead)
    assert len(_fine([first, last])) == 2
    assert len(_fine(reader.finish(beside))) == 2


def test_within_this_process_a_mail_that_upsets_the_reading_harms_no_other_either(
    reader: Reader,
) -> None:
    here = Reader(0, 0.0)
    first, upset, last = here.finish(here.start([letter(), deadly.UPSETTER, letter()]))
    assert isinstance(upset, Unreadable)
    assert len(_fine([first, last])) == 2
    with pytest.raises(Unreadable, match="ZeroDivisionError"):
        parse.read_now(deadly.UPSETTER)


def test_the_lease_is_renewed_before_each_mail_that_is_read_by_itself(reader: Reader) -> None:
    calls: list[bool] = []
    reader.finish(reader.start([letter(), deadly.KILLER, letter()]), lambda: calls.append(True))
    assert len(calls) == 3
    calls.clear()
    reader.finish(reader.start([letter(), letter()]), lambda: calls.append(True))
    assert not calls


def _fine(results: list[Understood | Unreadable]) -> list[Understood]:
    assert all(isinstance(one, Understood) for one in results)
    return [one for one in results if isinstance(one, Understood)]
