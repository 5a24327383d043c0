"""Questions about conversations: the newest message of each, the messages of one, its people, its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    Max,
    Prefetch,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Substr

from postroom.conversations.access import readable, readable_attachments
from postroom.conversations.models import Attachment, Follower, Message, Notification, Participant
from postroom.directory.models import User
from postroom.infra.paging import Page, page_of

PAGE = 50
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
    mine = readable(user).filter(thread__record_id__in=record_ids)
    newest = mine.values("thread_id").annotate(newest=Max("pk")).values_list("newest", flat=True)
    with_files = set(
        readable_attachments(user)
        .filter(message__thread__record_id__in=record_ids, inline=False)
        .values_list("message__thread__record_id", flat=True)
        .distinct()
    )
    rows = (
        readable(user)
        .filter(pk__in=list(newest))
        .annotate(start=Substr("own_text", 1, SNIPPET * 3), whole=Substr("text", 1, SNIPPET * 3))
        .values_list("thread__record_id", "author_name", "author_email", "start", "whole", "received_at")
    )
    return {
        record: Latest(name or email, " ".join((start or whole).split())[:SNIPPET], at, record in with_files)
        for record, name, email, start, whole, at in rows
    }


def messages(
    user: User, record_id: int, *, before: int | None = None, after: int | None = None, limit: int = PAGE
) -> Page[Message]:
    """Messages of a record, newest first, as its page shows them.

    Bodies stay in the database: `shown` and `shown_quote` are plain text where there is no HTML, and where one of our
    people wrote it here (at most `SHOWN` characters); `has_html`, `has_quote`, `has_remote` tell what the HTML holds.
    `files` are its attachments and `told` its tellings, as lists.
    """
    found = readable(user).filter(thread__record_id=record_id).select_related("author")
    if before is not None:
        found = found.filter(pk__lt=before)
    if after is not None:
        found = found.filter(pk__gt=after)
    plain = Q(html="") | Q(user__isnull=False)
    found = found.annotate(
        has_html=_flag(~plain),
        has_quote=_flag(Q(html__contains="pr-quote")),
        has_remote=_flag(Q(html__contains='src="http') | Q(html__contains='src="//')),
        shown=_when(plain, "own_text"),
        shown_quote=_when(plain, "quoted_text"),
    ).defer("html", "text", "own_text", "quoted_text")
    files = Prefetch("attachments", Attachment.objects.select_related("file").order_by("position"), to_attr="files")
    told = Prefetch("tellings", to_attr="told")
    rows = list(found.prefetch_related(files, told).order_by("-pk")[: limit + 1])
    return page_of(rows, [row.pk for row in rows], limit)


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
    found = readable(user).filter(thread__record_id=record_id).select_related("author")
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
    return readable(user).filter(pk=pk).first()


def newest(user: User, record_id: int) -> Message | None:
    """The newest message of a conversation, or None where there is none for `user`."""
    return readable(user).filter(thread__record_id=record_id).order_by("-pk").first()


def received_at(record_id: int, pk: int) -> datetime | None:
    """When a message of a record that the caller may read came; None where it isn't there."""
    return Message.objects.filter(pk=pk, thread__record_id=record_id).values_list("received_at", flat=True).first()


def mentioned_in(message_ids: Sequence[int]) -> dict[int, list[str]]:
    """The names of those whom messages mention, for messages that the caller may read; one query."""
    rows = Notification.objects.filter(message__in=message_ids, mention=True).order_by("pk")
    found: dict[int, list[str]] = {}
    for message_, name in rows.values_list("message_id", "name"):
        if name:
            found.setdefault(message_, []).append(name)
    return found


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
    rows = Participant.objects.filter(thread__record_id=record_id).order_by("pk")
    first = list(rows[: PEOPLE + 1])
    return first[:PEOPLE], rows.count() - PEOPLE if len(first) > PEOPLE else 0


def followers(record_id: int) -> list[Follower]:
    """Who hears of a conversation. For a record that the caller may read."""
    return list(Follower.objects.filter(thread__record_id=record_id).select_related("contact").order_by("pk"))
