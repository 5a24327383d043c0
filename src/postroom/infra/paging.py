"""Pages of a list that are found by key, so that the thousandth costs no more than the first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

Row = TypeVar("Row")
END = 2**63 - 1  # the key that nothing reaches: where a list begins that goes down


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list and the key to go on from: the next page is what comes after `next` (None: nothing)."""

    rows: tuple[Row, ...] = ()
    next: int | None = None


def page_of(rows: Sequence[Row], keys: Sequence[int], limit: int) -> Page[Row]:
    """A page of `limit` rows, given one row more than that where there are more."""
    return Page(tuple(rows[:limit]), keys[limit - 1] if len(rows) > limit else None)


def newest(rows: QuerySet[Any, Any], companies: Collection[int], key: str, limit: int) -> list[int]:
    """The `limit` greatest values of `key` among rows of these companies, greatest first.

    Each company is asked by itself, so that an index on (company, key) gives the answer; asked for several at once, a
    database would read all their rows and sort them.
    """
    found: set[int] = set()
    for company in companies:
        values = rows.filter(company_id=company).order_by(f"-{key}").values_list(key, flat=True)
        found.update(values.distinct()[:limit])
    return sorted(found, reverse=True)[:limit]
