"""What is searched: each app says how its rows are read, and under which number their kind stands in the index.

The key of an entry is made of the row's own: newest rows have the greatest keys, whenever they were indexed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from postroom.infra.database.words import KINDS

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LONGEST_TEXT = 4000  # characters of a row's own words that are indexed


@dataclass(frozen=True, slots=True)
class Document:
    """A row as it is searched. `texts` are its title, people, words and ids; `about` is what several of a kind belong
    to (0: nothing).
    """

    id: int
    company: int
    texts: tuple[str, ...]
    about: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of row. `read` gives the documents of these ids, none of rows that are gone; `after` the ids that come
    after one, in order, at most so many.
    """

    kind: str
    number: int
    read: Callable[[Sequence[int]], list[Document]]
    after: Callable[[int, int], list[int]]

    def key(self, row: int) -> int:
        """The key of a row's entry."""
        return row * KINDS + self.number

    def scope(self, company: int) -> str:
        """What each word of this kind and company begins with in the index."""
        return scope(company, self.number)


def scope(company: int, number: int) -> str:
    """Six characters. Words of one company and kind stand together: none pays for another, none is found there."""
    digits = ""
    while company:
        company, digit = divmod(company, len(DIGITS))
        digits = DIGITS[digit] + digits
    return f"{digits:0>5}{DIGITS[number]}"


_known: dict[str, Source] = {}


def register(one: Source) -> None:
    """Let rows of a kind be found; each app does so when it is ready."""
    assert 0 <= one.number < KINDS
    _known[one.kind] = one


def source(kind: str) -> Source:
    """The source of a kind."""
    return _known[kind]


def sources() -> tuple[Source, ...]:
    """All of them."""
    return tuple(_known.values())
