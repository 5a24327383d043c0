"""Pages of a list that are found by key, so that the thousandth costs no more than the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list and the key to go on from: the next page is what comes after `next` (None: nothing)."""

    rows: tuple[Row, ...] = ()
    next: int | None = None


def page_of(rows: Sequence[Row], keys: Sequence[int], limit: int) -> Page[Row]:
    """A page of `limit` rows, given one row more than that where there are more."""
    return Page(tuple(rows[:limit]), keys[limit - 1] if len(rows) > limit else None)
