"""The record before and the one after another in a list: by key, within the list's filter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records.models import Record


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Ids of the records beside one in a list whose newest comes first; None at its ends."""

    previous: int | None = None
    next: int | None = None


def neighbours(user: User, record: Record, *, text: str = "", stage: str = "") -> Neighbours:
    """The records beside `record` among those of its type that `user` may read and that the filter leaves; each company
    is asked by itself, so that an index on (company, type, id) gives the answer.
    """
    found = Record.objects.filter(type=record.type)
    if text:
        found = found.filter(Q(title__icontains=text) | Q(contact__name__icontains=text))
    if stage:
        found = found.filter(stage__name=stage)
    before, after = [], []
    for company in companies(user, Permission.RECORDS_READ):
        mine = found.filter(company_id=company)
        before += _first(mine.filter(pk__gt=record.pk).order_by("pk"))
        after += _first(mine.filter(pk__lt=record.pk).order_by("-pk"))
    return Neighbours(min(before, default=None), max(after, default=None))


def _first(rows: QuerySet[Any, Any]) -> list[int]:
    return list(rows.values_list("pk", flat=True)[:1])
