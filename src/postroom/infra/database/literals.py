"""Words and numbers that stand in a statement themselves. SQLite uses a partial index only where it can read the
condition of the index in the statement, and an index on an expression only where it can read that; what is sent beside
a statement as a parameter cannot be read there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import CharField, Expression, IntegerField

_WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_SIGNS = re.compile(r"[@+.]{0,2}")


class Word(Expression):
    """A word of ours, such as a state: never what somebody entered."""

    def __init__(self, word: str) -> None:
        if not _WORD.fullmatch(word):
            raise ValueError(f"{word!r} is no word of ours")
        super().__init__(output_field=CharField())
        self.word = str(word)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"'{self.word}'", ()


def words(some: Iterable[str]) -> list[Word]:
    """These words, for the `__in` of a partial index's own condition."""
    return [Word(one) for one in some]


class Number(Expression):
    """A number of ours, such as a length: never what somebody entered."""

    def __init__(self, number: int) -> None:
        super().__init__(output_field=IntegerField())
        self.number = int(number)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return str(self.number), ()


class Signs(Expression):
    """What parts an address from its rest, such as an at sign: never what somebody entered."""

    def __init__(self, signs: str) -> None:
        if not _SIGNS.fullmatch(signs):
            raise ValueError(f"{signs!r} are no signs of ours")
        super().__init__(output_field=CharField())
        self.signs = str(signs)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        return f"'{self.signs}'", ()
