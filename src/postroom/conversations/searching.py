"""Conversations as they are searched: each message with its subject, people, own words, files and ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, TextField, When
from django.db.models.functions import Substr

from postroom.conversations.models import Attachment, Message
from postroom.core.search.excerpts import Piece, excerpt
from postroom.core.search.words import Question
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.paging import Page
from postroom.infra.search.finding import find_each
from postroom.infra.search.sources import LONGEST_TEXT, Document, Source, register
from postroom.records.models import Record

KIND = "message"
PAGE = 20
MOST_PEOPLE = 50  # recipients by whom a message is found
LONGEST_NAME = 300  # characters of a name, an address or a subject
MOST_FILES = 50
LONGEST_TITLE = 120  # characters shown
BODIES = ("html", "text", "own_text", "quoted_text", "thread__references", "thread__record__notes")
WORDS = Case(  # what an author wrote; where nothing else stands, what they quote
    When(own_text="", then=Substr("text", 1, LONGEST_TEXT)),
    default=Substr("own_text", 1, LONGEST_TEXT),
    output_field=TextField(),
)
COLUMNS = ("pk", "company_id", "thread__record_id", "subject", "author_name", "author_email", "to", "cc", "message_id")


@dataclass(frozen=True, slots=True)
class FoundConversation:
    """A conversation, and its newest message that was found; what was asked for is marked in both."""

    record: Record
    message: int
    author: str
    title: tuple[Piece, ...]
    excerpt: tuple[Piece, ...]
    at: datetime
    internal: bool = False


def found_conversations(
    user: User, asked: Question, *, before: int | None = None, limit: int = PAGE
) -> Page[FoundConversation]:
    """Conversations with a message that `user` may read and that holds what was asked for, by the newest of these."""
    mine = companies(user, Permission.RECORDS_READ)
    hits = find_each(KIND, mine, asked, before=before, limit=limit)
    rows = _shown([hit.id for hit in hits.rows])
    shown = [rows[hit.id] for hit in hits.rows if hit.id in rows and rows[hit.id].company_id in mine]
    return Page(tuple(_found(row, asked) for row in shown), hits.next)


def _shown(ids: Sequence[int]) -> dict[int, Any]:
    """By id, with as much of their words as is indexed."""
    listed = Message.objects.filter(pk__in=ids).select_related("thread__record").defer(*BODIES).annotate(words=WORDS)
    return {row.pk: row for row in listed}


def _found(row: Any, asked: Question) -> FoundConversation:
    return FoundConversation(
        record=row.thread.record,
        message=row.pk,
        author=row.author_name or row.author_email,
        title=excerpt(row.thread.record.title, asked, length=LONGEST_TITLE),
        excerpt=excerpt(row.words, asked),
        at=row.received_at,
        internal=row.visibility == Message.Visibility.INTERNAL,
    )


def _read(ids: Sequence[int]) -> list[Document]:
    files: dict[int, list[str]] = {}
    named = Attachment.objects.filter(message__in=ids).order_by("pk").values_list("message_id", "file__name")
    for message, name in named:
        files.setdefault(message, []).append(name)
    rows = Message.objects.filter(pk__in=ids, deleted_at=None).values_list(*COLUMNS, WORDS)
    return [
        Document(
            pk,
            company,
            (
                subject[:LONGEST_NAME],
                name[:LONGEST_NAME],
                email,
                *_people(to),
                *_people(cc),
                text,
                message_id,
                *files.get(pk, ())[:MOST_FILES],
            ),
            record,
        )
        for pk, company, record, subject, name, email, to, cc, message_id, text in rows
    ]


def _people(written: Sequence[Sequence[str]]) -> list[str]:
    return [text[:LONGEST_NAME] for one in written[:MOST_PEOPLE] for text in one]


def _after(after: int, limit: int) -> list[int]:
    return list(Message.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit])


register(Source(KIND, 1, _read, _after))
