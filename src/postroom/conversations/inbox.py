"""The inbox: conversations of which somebody has not read everything that they were told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, QuerySet
from django.db.models.functions import Substr

from postroom.conversations.models import Message, Notification
from postroom.conversations.selectors import SNIPPET
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.paging import Page, page_of
from postroom.records.models import Record

PAGE = 50


@dataclass(frozen=True, slots=True)
class Unread:
    """A conversation with unread messages. `key` is its newest unread notification; `message` the newest unread message
    with `author`, `snippet` and `at`; `people` wrote the unread ones, newest first.
    """

    key: int
    record: Record
    message: int
    author: str
    snippet: str
    at: datetime
    people: tuple[str, ...]
    count: int
    internal: bool


def unread(user: User, *, before: int | None = None, limit: int = PAGE) -> Page[Unread]:
    """Conversations with unread messages, newest first, those before the key `before`; three queries."""
    threads = unread_of(user).order_by().values_list("message__thread_id").annotate(key=Max("pk"), count=Count("pk"))
    if before is not None:
        threads = threads.filter(key__lt=before)
    found = list(threads.order_by("-key")[: limit + 1])
    records = Record.objects.select_related("contact", "desk", "owner", "stage", "thread")
    by_thread = {record.thread.pk: record for record in records.filter(thread__in=[thread for thread, _, _ in found])}
    said = _unread_messages(user, list(by_thread))
    there = [one for one in found if one[0] in said]  # somebody may be reading them just now
    rows = [_row(key, by_thread[thread], said[thread], count) for thread, key, count in there]
    return page_of(rows, [key for _, key, _ in there], limit)


def opened(user: User, record_id: int) -> Unread | None:
    """The conversation of a record as `unread` shows it, whether or not anything in it is unread: `count` 0 says that
    nothing is. None where `user` was told of nothing in the inbox; three queries.
    """
    told = Notification.objects.filter(
        user=user,
        channel=Notification.Channel.INBOX,
        company_id__in=companies(user, Permission.RECORDS_READ),
        message__thread__record_id=record_id,
    )
    newest = told.order_by("-pk").select_related("message").first()
    if newest is None:
        return None
    count = told.filter(read_at=None).count()
    records = Record.objects.select_related("contact", "desk", "owner", "stage")
    said = newest.message
    author = said.author_name or said.author_email
    snippet = " ".join((said.own_text or said.text).split())[:SNIPPET]
    internal = said.visibility == Message.Visibility.INTERNAL
    record = records.get(pk=record_id)
    return Unread(newest.pk, record, said.pk, author, snippet, said.received_at, (author,), count, internal)


def unread_count(user: User) -> int:
    """How many conversations have unread messages; one query."""
    counted: int = unread_of(user).aggregate(count=Count("message__thread_id", distinct=True))["count"]
    return counted


def unread_of(user: User) -> QuerySet[Notification]:
    """What stands unread in the inbox of `user`, in conversations that they may read."""
    mine = companies(user, Permission.RECORDS_READ)
    inbox = Notification.Channel.INBOX
    return Notification.objects.filter(user=user, channel=inbox, read_at=None, company_id__in=mine)


Said = tuple[int, str, str, datetime, bool]


def _unread_messages(user: User, threads: Collection[int]) -> dict[int, list[Said]]:
    """The unread messages of each thread, newest first: id, author, beginning, time, whether internal."""
    rows = (
        unread_of(user)
        .filter(message__thread__in=threads)
        .annotate(start=Substr("message__own_text", 1, SNIPPET * 3), whole=Substr("message__text", 1, SNIPPET * 3))
        .order_by("-pk")
        .values_list(
            "message__thread_id",
            "message_id",
            "message__author_name",
            "message__author_email",
            "start",
            "whole",
            "message__received_at",
            "message__visibility",
        )
    )
    found: dict[int, list[Said]] = {}
    for thread, message, name, email, start, whole, at, visibility in rows:
        snippet = " ".join((start or whole).split())[:SNIPPET]
        internal = visibility == Message.Visibility.INTERNAL
        found.setdefault(thread, []).append((message, name or email, snippet, at, internal))
    return found


def _row(key: int, record: Record, said: list[Said], count: int) -> Unread:
    message, author, snippet, at, internal = said[0]
    people = tuple(dict.fromkeys(name for _, name, _, _, _ in said))
    return Unread(key, record, message, author, snippet, at, people, count, internal)
