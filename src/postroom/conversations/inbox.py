"""The inbox: conversations that somebody was told of, by how far they are with each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, NullIf, Substr

from postroom.conversations.models import ASLEEP, HERE, Attachment, InboxEntry, Message, Notification, Thread
from postroom.conversations.selectors import SNIPPET
from postroom.core.delivery.states import DeliveryState
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.database.prepared import prepared
from postroom.infra.paging import END, Page, page_of
from postroom.records.models import Record

PAGE = 50
RECENT = 6  # newest messages of a conversation by which its line says who writes, and whether there are files
MOST_COUNTED = 1000  # unread conversations; nobody reads a larger number
NOT_ARRIVED = (DeliveryState.FAILED.value, DeliveryState.BOUNCED.value)


class Tab(StrEnum):
    """The lists of the inbox."""

    UNREAD = "unread"
    MENTIONS = "mentions"
    STARRED = "starred"
    ALL = "all"
    DONE = "done"
    SNOOZED = "snoozed"


_LISTED: Mapping[Tab, Q] = {
    Tab.UNREAD: HERE & Q(unread__gt=0),
    Tab.MENTIONS: HERE & Q(mentioned=True),
    Tab.STARRED: Q(starred=True),
    Tab.ALL: HERE,
    Tab.DONE: Q(done_at__isnull=False),
    Tab.SNOOZED: ASLEEP,
}


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who wrote; `me` is the reader. `standing`, `level` and `marks` are the message's: how far the name is to
    be believed.
    """

    name: str
    email: str
    me: bool = False
    standing: str = ""
    level: str = ""
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """A conversation as a list shows it: `key` is its place, `message` the newest with its `snippet` and time, `people`
    wrote the last ones, newest first. `files`: these have some; `failed`: a copy of what the reader wrote did not
    arrive. `unread` is how many notifications are, `deleted` that the newest message is.
    """

    key: int
    record: Record
    message: int = 0
    people: tuple[Author, ...] = ()
    snippet: str = ""
    at: datetime | None = None
    unread: int = 0
    internal: bool = False
    deleted: bool = False
    files: bool = False
    failed: bool = False
    mentioned: bool = False
    starred: bool = False
    snoozed_until: datetime | None = None
    done_at: datetime | None = None


def listed(user: User, tab: Tab, *, before: int | None = None, limit: int = PAGE) -> Page[Listed]:
    """The conversations of a list, newest first, those before the key `before`; at most five queries."""
    mine = sorted(companies(user, Permission.RECORDS_READ))
    rows = _entries(user.pk, mine, END if before is None else min(before, END), tab=tab, most=limit + 1)
    return page_of(_lines(user, rows), [row.newest for row in rows], limit)


@prepared
def _entries(user: int, companies: Sequence[int], below: int, *, tab: Tab, most: int) -> QuerySet[InboxEntry]:
    found = InboxEntry.objects.filter(_LISTED[tab], user=user, company__in=companies, newest__lt=below)
    return found.select_related("thread__record").order_by("-newest")[:most]


def listed_one(user: User, record_id: int) -> Listed | None:
    """The line of one conversation, wherever it stands; None where nothing of it is in the inbox of `user`."""
    rows = list(entries_of(user).filter(thread__record=record_id).select_related("thread__record"))
    return next(iter(_lines(user, rows)), None)


def entry_of(user: User, record_id: int) -> InboxEntry | None:
    """How far `user` is with a conversation; None where nothing of it is in their inbox. One query."""
    return entries_of(user).filter(thread__record=record_id).first()


def unread_count(user: User) -> int:
    """How many conversations wait to be read, at most `MOST_COUNTED`; one query."""
    return in_tab(user, Tab.UNREAD).order_by()[:MOST_COUNTED].count()


def entries_of(user: User) -> QuerySet[InboxEntry]:
    """What is in the inbox of `user`, of conversations that they may read."""
    return InboxEntry.objects.filter(user=user, company_id__in=companies(user, Permission.RECORDS_READ))


def in_tab(user: User, tab: Tab) -> QuerySet[InboxEntry]:
    """The entries of a list, by the index that it has."""
    return entries_of(user).filter(_LISTED[tab])


def unread_of(user: User) -> QuerySet[Notification]:
    """What stands unread in the inbox of `user`, of conversations that they may read."""
    mine = companies(user, Permission.RECORDS_READ)
    inbox = Notification.Channel.INBOX
    return Notification.objects.filter(user=user, channel=inbox, read_at=None, company_id__in=mine)


@dataclass(frozen=True, slots=True)
class _Said:
    """A message as far as lines need it."""

    pk: int
    author: Author
    snippet: str
    at: datetime
    internal: bool
    deleted: bool


def _lines(user: User, rows: Sequence[InboxEntry]) -> list[Listed]:
    recent = _recent([row.thread_id for row in rows])
    newest = {messages[0] for messages in recent.values() if messages}
    every = [message for messages in recent.values() for message in messages]
    said = _said(user, every, newest)
    files = _with_files(every)
    failed = _not_arrived([message for message in every if message in said and said[message].author.me])
    return [
        _line(row, [said[message] for message in recent.get(row.thread_id, ()) if message in said], files, failed)
        for row in rows
    ]


def _line(row: InboxEntry, said: Sequence[_Said], files: Collection[int], failed: Collection[int]) -> Listed:
    last = said[0] if said else None
    return Listed(
        key=row.newest,
        record=row.thread.record,
        message=last.pk if last else 0,
        people=_each_once([one.author for one in said]),
        snippet=last.snippet if last else "",
        at=last.at if last else None,
        unread=row.unread,
        internal=last.internal if last else False,
        deleted=last.deleted if last else False,
        files=any(one.pk in files for one in said),
        failed=any(one.pk in failed for one in said),
        mentioned=row.mentioned,
        starred=row.starred,
        snoozed_until=row.snoozed_until,
        done_at=row.done_at,
    )


def _each_once(authors: Sequence[Author]) -> tuple[Author, ...]:
    found: dict[str, Author] = {}
    for author in authors:
        found.setdefault(author.email or author.name, author)
    return tuple(found.values())


def _recent(threads: Sequence[int]) -> dict[int, list[int]]:
    """The newest messages of each thread, newest first, however many it has; one query."""
    return {thread: [pk for pk in found if pk is not None] for thread, *found in _newest_of(threads)}


@prepared
def _newest_of(threads: Sequence[int]) -> QuerySet[Thread, tuple[Any, ...]]:
    messages = Message.objects.filter(thread=OuterRef("pk")).order_by("-pk").values("pk")
    steps = {f"m{place}": Subquery(messages[place : place + 1]) for place in range(RECENT)}
    return Thread.objects.filter(pk__in=threads).annotate(**steps).values_list("pk", *steps)


def _said(user: User, messages: Collection[int], newest: Collection[int]) -> dict[int, _Said]:
    """These messages, the newest ones with their beginning; one query."""
    return {
        pk: _Said(
            pk,
            Author(name or email, email, author == user.pk, standing, level, tuple(map(str, marks))),
            " ".join(words.split())[:SNIPPET],
            at,
            seen == Message.Visibility.INTERNAL,
            gone is not None,
        )
        for pk, author, name, email, words, at, seen, gone, standing, level, marks in _words(
            list(messages), list(newest)
        )
    }


@prepared
def _words(messages: Sequence[int], newest: Sequence[int]) -> QuerySet[Message, tuple[Any, ...]]:
    own = NullIf(Substr("own_text", 1, SNIPPET * 3), Value(""))
    start: Any = Coalesce(own, Substr("text", 1, SNIPPET * 3), output_field=TextField())
    beginning = Case(When(pk__in=newest, then=start), default=Value(""), output_field=TextField())
    return Message.objects.filter(pk__in=messages).values_list(
        "pk", "user_id", "author_name", "author_email", beginning, "received_at", "visibility", "deleted_at",
        "standing", "level", "marks",
    )  # fmt: skip


def _with_files(messages: Collection[int]) -> set[int]:
    return set(_having_files(list(messages)))


@prepared
def _having_files(messages: Sequence[int]) -> QuerySet[Attachment, int]:
    listed = Attachment.objects.filter(message__in=messages, inline=False, aside="")
    return listed.values_list("message_id", flat=True).distinct()


def _not_arrived(messages: Collection[int]) -> set[int]:
    """Which of these messages did not reach somebody; of each as few copies are looked at as can be."""
    return set(_with_failed_copies(list(messages)))


@prepared
def _with_failed_copies(messages: Sequence[int]) -> QuerySet[Message, int]:
    failed = Notification.objects.filter(message=OuterRef("pk"), delivery__state__in=NOT_ARRIVED)
    return Message.objects.filter(Exists(failed), pk__in=messages).values_list("pk", flat=True)
