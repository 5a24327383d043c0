"""The verbs of an inbox: read, done, starred, asleep, and their opposites. Each says what undoes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from postroom.conversations.access import readable
from postroom.conversations.checks import CannotPost, writable
from postroom.conversations.inbox import entries_of, unread_of
from postroom.conversations.inbox_entries import Entering, count_again, enter
from postroom.conversations.models import InboxEntry, Message, Notification
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.records.models import Record

LONGEST_SLEEP = timedelta(days=366 * 5)
CHUNK = 5000  # rows of one statement
STATES = ("starred", "snoozed_until", "done_at")


@dataclass(frozen=True, slots=True)
class Handled:
    """What a verb did, and so what undoes it. `count` notifications of so many `conversations` became read at
    `read_at`, which no other act has; `before` are the values that it changed in the entry. `record` 0: of all
    conversations.
    """

    record: int = 0
    count: int = 0
    conversations: int = 0
    read_at: datetime | None = None
    before: tuple[tuple[str, Any], ...] = ()


def mark_read(*, user: User, record_id: int) -> Handled:
    """What `user` was told of a conversation in the inbox is read.

    Raises:
        CannotPost: the record is not there for `user`.

    """
    record = writable(user, record_id)
    with transaction.atomic():
        done = _read(user, unread_of(user).filter(message__thread__record=record))
        if done.count:
            _tell(user, [record.company_id])
    return replace(done, record=record.pk)


def mark_all_read(*, user: User) -> Handled:
    """Everything that stands unread in the inbox of `user` is read, of conversations that they may write in."""
    mine = companies(user, Permission.RECORDS_WRITE)
    with transaction.atomic():
        waiting = entries_of(user).filter(company_id__in=mine, unread__gt=0, snoozed_until=None)
        threads = waiting.values("thread_id")
        done = _read(user, unread_of(user).filter(company_id__in=mine, message__thread__in=threads))
        if done.count:
            _tell(user, mine)
    return done


def mark_unread(*, user: User, message_id: int) -> None:
    """A message stands unread in the inbox of `user`, whether or not they were told of it before.

    Raises:
        CannotPost: the message is not there for `user`.

    """
    message = readable(user).filter(pk=message_id).first()
    if message is None:
        raise CannotPost(f"There is no message {message_id}.")
    record = writable(user, message.thread.record_id)
    with transaction.atomic():
        known = _told(user).filter(message=message).order_by("-pk").first()
        if known is None:
            known = _notification(user, message, "marked it as unread")
            fresh = True
        else:
            fresh = bool(Notification.objects.filter(pk=known.pk, read_at__isnull=False).update(read_at=None))
        enter([Entering(user.pk, message.thread_id, message.company_id, known.pk, unread=int(fresh))])
        _tell(user, [record.company_id])


def done(*, user: User, record_id: int) -> Handled:
    """A conversation is read and leaves the inbox until somebody writes again.

    Raises:
        CannotPost: the record is not there for `user`, or nothing of it is in their inbox.

    """
    record = writable(user, record_id)
    with transaction.atomic():
        read = _read(user, unread_of(user).filter(message__thread__record=record))
        entry = _entry(user, record)
        before = _write(user, entry, done_at=now(), snoozed_until=None)
    return replace(read, record=record.pk, before=before)


def undone(*, user: User, record_id: int) -> Handled:
    """A conversation that was done stands in the inbox again.

    Raises:
        CannotPost: the record is not there for `user`, or nothing of it is in their inbox.

    """
    return _set(user, record_id, done_at=None)


def star(*, user: User, record_id: int) -> Handled:
    """A conversation is kept among the starred ones, whether or not `user` was told of it.

    Raises:
        CannotPost: the record is not there for `user`, or nobody has written in it.

    """
    return _set(user, record_id, because="starred it", starred=True)


def unstar(*, user: User, record_id: int) -> Handled:
    """The opposite of `star`.

    Raises:
        CannotPost: the record is not there for `user`, or nothing of it is in their inbox.

    """
    return _set(user, record_id, starred=False)


def snooze(*, user: User, record_id: int, until: datetime) -> Handled:
    """A conversation leaves the inbox and comes back unread at a time, or when somebody writes.

    Raises:
        CannotPost: the record is not there for `user`, nobody has written in it, or the time has passed.

    """
    if until <= now():
        raise CannotPost("That time has passed: choose one that is to come.")
    if until > now() + LONGEST_SLEEP:
        raise CannotPost("That is too far away: choose a time within five years.")
    return _set(user, record_id, because="asked to see it later", snoozed_until=until, done_at=None)


def wake(*, user: User, record_id: int) -> Handled:
    """A conversation that was asleep stands in the inbox again, where it stood.

    Raises:
        CannotPost: the record is not there for `user`, or nothing of it is in their inbox.

    """
    return _set(user, record_id, snoozed_until=None)


def undo(*, user: User, what: Handled) -> None:
    """Take back what a verb did: the values that it changed, and as unread exactly what it made read.

    Raises:
        CannotPost: the record is not there for `user`.

    """
    record = writable(user, what.record) if what.record else None
    with transaction.atomic():
        if what.read_at is not None:
            _unread_again(user, what.read_at, record)
        if record is not None and what.before:
            _write(user, _entry(user, record), **{name: value for name, value in what.before if name in STATES})
        _tell(user, [record.company_id] if record else companies(user, Permission.RECORDS_WRITE))


def _set(user: User, record_id: int, *, because: str = "", **values: Any) -> Handled:
    record = writable(user, record_id)
    with transaction.atomic():
        return Handled(record.pk, before=_write(user, _entry(user, record, because), **values))


def _write(user: User, entry: InboxEntry, **values: Any) -> tuple[tuple[str, Any], ...]:
    """Give the entry these values; returns those that it had where they were others."""
    before = {name: getattr(entry, name) for name in values}
    changed = {name: value for name, value in values.items() if before[name] != value}
    if changed:
        InboxEntry.objects.filter(pk=entry.pk).update(**changed)
        _tell(user, [entry.company_id])
    return tuple((name, before[name]) for name in changed)


def _entry(user: User, record: Record, because: str = "") -> InboxEntry:
    """Within a transaction: the entry of a conversation, locked; with `because`, made where there is none.

    Raises:
        CannotPost: there is none, or nothing that one could be made of.

    """
    mine = InboxEntry.objects.select_for_update().filter(user=user, thread__record=record)
    found = mine.first()
    if found is None and because:
        message = Message.objects.filter(thread__record=record).order_by("-pk").first()
        if message is None:
            raise CannotPost(f"Nobody has written in {record.number} yet.")
        told = _notification(user, message, because, read=True)
        enter([Entering(user.pk, message.thread_id, record.company_id, told.pk, unread=0)])
        found = mine.first()
    if found is None:
        raise CannotPost(f"Nothing of {record.number} is in your inbox.")
    return found


def _told(user: User) -> QuerySet[Notification]:
    return Notification.objects.filter(user=user, channel=Notification.Channel.INBOX)


def _notification(user: User, message: Message, because: str, *, read: bool = False) -> Notification:
    return Notification.objects.create(
        message=message,
        company_id=message.company_id,
        user=user,
        email=user.email,
        name=user.name,
        channel=Notification.Channel.INBOX,
        because=because,
        read_at=now() if read else None,
        created_at=now(),
    )


def _read(user: User, told: QuerySet[Notification]) -> Handled:
    """Within a transaction: these are read now."""
    at = now()
    threads = _change(user, told, None, at)
    return Handled(count=threads.total(), conversations=len(threads), read_at=at)


def _unread_again(user: User, at: datetime, record: Record | None) -> None:
    """Within a transaction: what became read at that very moment is unread again."""
    told = _told(user).filter(read_at=at, company_id__in=companies(user, Permission.RECORDS_WRITE))
    _change(user, told.filter(message__thread__record=record) if record else told, at, None)


def _change(
    user: User, told: QuerySet[Notification], before: datetime | None, after: datetime | None
) -> Counter[tuple[int, int]]:
    """Write `read_at` of these, `before` now, in batches of two statements, and count the entries anew; how many they
    are of each thread, by (thread, company).
    """
    threads: Counter[tuple[int, int]] = Counter()
    last, rows = 0, _batch(told, before, 0)
    while rows:
        keys = [pk for pk, _, _ in rows]
        Notification.objects.filter(pk__in=keys).update(read_at=after)
        threads.update((thread, company) for _, thread, company in rows)
        last = keys[-1]
        rows = _batch(told, before, last) if len(rows) == CHUNK else []
    sign = +1 if after is None else -1
    counted = [(thread, (company, number)) for (thread, company), number in sorted(threads.items())]
    for start in range(0, len(counted), CHUNK):
        count_again(user.pk, dict(counted[start : start + CHUNK]), sign)
    return threads


def _batch(told: QuerySet[Notification], before: datetime | None, after: int) -> list[tuple[int, int, int]]:
    """The next of these by id, locked: id, thread and company. `before` is asked again of rows that others held."""
    keys = told.filter(pk__gt=after).order_by("pk").values("pk")[:CHUNK]
    thread = Message.objects.filter(pk=OuterRef("message")).values("thread")
    rows = Notification.objects.filter(pk__in=keys, read_at=before).annotate(thread=Subquery(thread))
    return list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", "thread", "company_id"))


def _tell(user: User, of: Iterable[int]) -> None:
    tell([(company, "inbox", str(user.pk)) for company in sorted(of)])
