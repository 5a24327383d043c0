"""Questions about conversations: the newest message of each, the messages of one, its people, its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    Max,
    Prefetch,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Substr

from postroom.conversations.access import readable, readable_attachments
from postroom.conversations.models import Attachment, Follower, Message, Notification, Participant, Telling, Thread
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.database.prepared import prepared
from postroom.infra.paging import END, Page, page_of
from postroom.records.models import Record

PAGE = 30
ABOVE = 10  # newer messages that stand above the one that a link leads to
SHOWN = 100_000  # characters of a plain body that a page shows; the rest is a link away
SNIPPET = 160
PEOPLE = 100  # of a conversation that a page names: one mail may bring tens of thousands


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest message of a record's conversation, as a list shows it; `files`: some message has attachments."""

    author: str = ""
    snippet: str = ""
    at: datetime | None = None
    files: bool = False


def latest(user: User, record_ids: Sequence[int]) -> dict[int, Latest]:
    """The newest message of each record, in three queries however many there are."""
    mine = sorted(companies(user, Permission.RECORDS_READ))
    with_files = set(_having_files(mine, record_ids))
    return {
        record: Latest(name or email, " ".join((start or whole).split())[:SNIPPET], at, record in with_files)
        for record, name, email, start, whole, at in _beginnings(_newest(mine, record_ids))
    }


@prepared
def _newest(companies: Sequence[int], records: Sequence[int]) -> QuerySet[Message, int]:
    each = Message.objects.filter(company__in=companies, thread__record__in=records).values("thread_id")
    return each.annotate(newest=Max("pk")).values_list("newest", flat=True)


@prepared
def _having_files(companies: Sequence[int], records: Sequence[int]) -> QuerySet[Attachment, int]:
    found = Attachment.objects.filter(
        message__company__in=companies, message__thread__record__in=records, inline=False, aside=""
    )
    return found.values_list("message__thread__record_id", flat=True).distinct()


@prepared
def _beginnings(messages: Sequence[int]) -> QuerySet[Message, tuple[Any, ...]]:
    started = Message.objects.filter(pk__in=messages).annotate(
        start=Substr("own_text", 1, SNIPPET * 3), whole=Substr("text", 1, SNIPPET * 3)
    )
    return started.values_list("thread__record_id", "author_name", "author_email", "start", "whole", "received_at")


def messages(user: User, record: Record, *, before: int | None = None, after: int | None = None) -> Page[Message]:
    """Messages of a record, newest first, as its page shows them; three queries.

    Bodies stay in the database: `shown` and `shown_quote` are plain text where there is no HTML, and where one of our
    people wrote it here (at most `SHOWN` characters); `has_html`, `has_quote`, `has_remote` tell what the HTML holds.
    `files` are its attachments and `told` its tellings, as lists.
    """
    below, above = END if before is None else min(before, END), -1 if after is None else min(after, END)
    thread = thread_key(record)
    rows: list[Any] = _messages(sorted(companies(user, Permission.RECORDS_READ)), thread, thread, below, above)
    keys = [row.pk for row in rows]
    files, told = _by_message(_files(keys)), _by_message(_tellings(keys))
    for row in rows:
        row.files, row.told = files.get(row.pk, []), told.get(row.pk, [])
    return page_of(rows, keys, PAGE)


def thread_key(record: Record) -> int:
    """The id of a record's conversation, 0 where there is none; read once for each record object."""
    known: int = record.__dict__.get("_thread_key", 0) or next(iter(_threads(record.pk)), 0)
    record.__dict__["_thread_key"] = known
    return known


@prepared
def _threads(record: int) -> QuerySet[Thread, int]:
    return Thread.objects.filter(record=record).values_list("pk", flat=True)


@prepared
def _messages(companies: Sequence[int], first: int, last: int, below: int, above: int) -> QuerySet[Message]:
    """Of the threads from `first` to `last`, which is one: as a range, ordered as the index is, since PostgreSQL would
    read a long conversation as a whole, thinking that it is as short as most.
    """
    found = Message.objects.filter(thread__gte=first, thread__lte=last, pk__lt=below, pk__gt=above)
    plain = Q(html="") | Q(user__isnull=False)
    shown = (
        found.filter(company__in=companies)
        .annotate(
            has_html=_flag(~plain),
            has_quote=_flag(Q(html__contains="pr-quote")),
            has_remote=_flag(Q(html__contains='src="http') | Q(html__contains='src="//')),
            shown=_when(plain, "own_text"),
            shown_quote=_when(plain, "quoted_text"),
        )
        .defer("html", "text", "own_text", "quoted_text")
    )
    return shown.select_related("author").order_by("thread", "-pk")[: PAGE + 1]


@prepared
def _files(messages: Sequence[int]) -> QuerySet[Attachment]:
    return Attachment.objects.filter(message__in=messages).select_related("file").order_by("position")


@prepared
def _tellings(messages: Sequence[int]) -> QuerySet[Telling]:
    return Telling.objects.filter(message__in=messages)


def _by_message(rows: Sequence[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    return found


def around(user: User, record_id: int, pk: int) -> int | None:
    """The id before which the page of a message begins, with some newer ones above it; None where it is among the
    newest, or not there.
    """
    mine = readable(user).filter(thread__record_id=record_id)
    newer = list(mine.filter(pk__gt=pk).order_by("pk").values_list("pk", flat=True)[:PAGE])
    if len(newer) < PAGE or not mine.filter(pk=pk).exists():
        return None
    return newer[ABOVE]


def later(user: User, record_id: int, before: int) -> int | None:
    """The id before which the page that comes after the one before `before` begins; None where it is the newest."""
    mine = readable(user).filter(thread__record_id=record_id, pk__gte=before)
    return mine.order_by("pk").values_list("pk", flat=True)[PAGE : PAGE + 1].first()


def whole_messages(user: User, record_id: int, *, before: int | None = None, limit: int = PAGE) -> Page[Message]:
    """Messages of a record, newest first, with their bodies and files."""
    found = readable(user).filter(thread__record_id=record_id).select_related("author", "leaving")
    if before is not None:
        found = found.filter(pk__lt=before)
    files = Prefetch("attachments", Attachment.objects.select_related("file").order_by("position"))
    rows = list(found.prefetch_related(files, "tellings").order_by("-pk")[: limit + 1])
    return page_of(rows, [row.pk for row in rows], limit)


def _flag(condition: Q) -> ExpressionWrapper[Q]:
    return ExpressionWrapper(condition, output_field=BooleanField())


def _when(condition: Q, field: str) -> Case:
    return Case(When(condition, then=Substr(field, 1, SHOWN + 1)), default=Value(""), output_field=TextField())


def message(user: User, pk: int) -> Message | None:
    """One message with its bodies, or None where it isn't there for `user`."""
    return readable(user).filter(pk=pk).select_related("leaving").first()


def newest(user: User, record_id: int) -> Message | None:
    """The newest message of a conversation, or None where there is none for `user`."""
    return readable(user).filter(thread__record_id=record_id).order_by("-pk").first()


def received_at(record_id: int, pk: int) -> datetime | None:
    """When a message of a record that the caller may read came; None where it isn't there."""
    return Message.objects.filter(pk=pk, thread__record_id=record_id).values_list("received_at", flat=True).first()


def mentioned_in(message_ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of those whom messages mention, for messages that the caller may read; one query."""
    found: dict[int, list[str]] = {}
    for message_, name in _mentions(message_ids):
        if name:
            found.setdefault(message_, []).append(name)
    return found


@prepared
def _mentions(messages: Sequence[int]) -> QuerySet[Notification, tuple[int, str]]:
    rows = Notification.objects.filter(message__in=messages, mention=True).order_by("pk")
    return rows.values_list("message_id", "name")


def attachment(user: User, pk: int) -> Attachment | None:
    """One attachment with its file and blob, or None where it isn't there for `user`."""
    return readable_attachments(user).select_related("file__blob").filter(pk=pk).first()


def inline_images(user: User, message_id: int) -> dict[str, Attachment]:
    """The attachments of a message that its HTML may name, by content id."""
    rows = readable_attachments(user).filter(message_id=message_id).exclude(content_id="").select_related("file")
    return {row.content_id: row for row in rows.order_by("-position")}


def participants(record_id: int) -> tuple[list[Participant], int]:
    """The first `PEOPLE` addresses of a conversation, in the order in which they came, and how many more there are. For
    a record that the caller may read.
    """
    first = _participants(record_id)
    if len(first) <= PEOPLE:
        return first, 0
    return first[:PEOPLE], Participant.objects.filter(thread__record=record_id).count() - PEOPLE


@prepared
def _participants(record: int) -> QuerySet[Participant]:
    return Participant.objects.filter(thread__record=record).order_by("pk")[: PEOPLE + 1]


def followers(record_id: int) -> list[Follower]:
    """Who hears of a conversation. For a record that the caller may read."""
    return list(Follower.objects.filter(thread__record_id=record_id).select_related("contact").order_by("pk"))
