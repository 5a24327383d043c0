"""Records as they are searched: by title, number and notes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.db.models.functions import Substr

from postroom.core.search.words import question
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.paging import Page
from postroom.infra.search.finding import find
from postroom.infra.search.sources import LONGEST_TEXT, Document, Source, register
from postroom.records.access import readable
from postroom.records.models import Record

KIND = "record"
PAGE = 20
_NUMBER = re.compile(r"(?:([A-Za-z]{1,40})[-:#])?#?([0-9]{1,18})")


def found_records(user: User, text: str, *, before: int | None = None, limit: int = PAGE) -> Page[Record]:
    """Records that `user` may read, the newest first; one whose number was typed comes before all."""
    mine = companies(user, Permission.RECORDS_READ)
    hits = find(KIND, mine, question(text), before=before, limit=limit)
    named = _named(user, text) if before is None else None
    keys = [hit.id for hit in hits.rows if named is None or hit.id != named.pk]
    rows = Record.objects.filter(pk__in=keys).select_related("contact", "stage").defer("notes")
    known = {row.pk: row for row in rows if row.company_id in mine}  # asked for by id alone, as the index of ids has it
    found = [known[key] for key in keys if key in known]
    return Page(tuple([named, *found] if named else found), hits.next)


def _named(user: User, text: str) -> Record | None:
    """The record that `LEAD-12`, `lead:12`, `#12` and `12` name."""
    number = _NUMBER.fullmatch(text.strip())
    if number is None:
        return None
    rows = readable(user).filter(pk=int(number[2])).select_related("contact", "stage")
    return (rows.filter(type=number[1].lower()) if number[1] else rows).first()


def _read(ids: Sequence[int]) -> list[Document]:
    rows = Record.objects.filter(pk__in=ids).annotate(words=Substr("notes", 1, LONGEST_TEXT))
    return [
        Document(pk, company, (title, f"{type}-{pk}", words))
        for pk, company, type, title, words in rows.values_list("pk", "company_id", "type", "title", "words")
    ]


def _after(after: int, limit: int) -> list[int]:
    return list(Record.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit])


register(Source(KIND, 2, _read, _after))
