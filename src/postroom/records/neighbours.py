"""The record before and the one after another in a list, with all that narrows and sorts it."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.directory.models import User
from postroom.records.lists import Filter, nearest
from postroom.records.models import Record


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Ids of the records beside one in a list; None at its ends."""

    previous: int | None = None
    next: int | None = None


def neighbours(user: User, record: Record, asked: Filter) -> Neighbours:
    """The records beside `record` in the list that `user` asked for, along the index that the list itself has."""
    return Neighbours(nearest(user, asked, record, back=True), nearest(user, asked, record))
