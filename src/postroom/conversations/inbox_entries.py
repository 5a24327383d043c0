"""Keeping the entries of inboxes: one for each reader and conversation, brought up to date many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from postroom.conversations.models import InboxEntry
from postroom.infra.database.base import merge

ENTRY = ("user", "thread", "company", "newest", "unread", "mentioned", "starred", "snoozed_until", "done_at")


@dataclass(frozen=True, slots=True)
class Entering:
    """A notification that is for an inbox: whose, of which thread; `newest` is its id, `named` that it is a mention."""

    user: int
    thread: int
    company: int
    newest: int
    unread: int = 1
    named: bool = False


def enter(told: Iterable[Entering]) -> None:
    """Within a transaction: raise the entries of these unread notifications, one statement for all. What was done or
    asleep stands in the inbox again.
    """
    rows: dict[tuple[int, int], Entering] = {}
    for one in told:
        key = (one.user, one.thread)
        rows[key] = _together(rows[key], one) if key in rows else one
    merge(
        InboxEntry,
        ENTRY,
        (_row(rows[key]) for key in sorted(rows)),  # in one order, so that nobody waits in a circle
        unique=("user", "thread"),
        added=("unread",),
        greatest=("newest",),
        either=("mentioned",),
        replaced=("snoozed_until", "done_at"),
    )


def count_again(user: int, by_thread: Mapping[int, tuple[int, int]], sign: int) -> None:
    """Within a transaction: as many notifications of these threads are unread as before, and `sign` times the number
    given. Values are (company, number).
    """
    changes = ((thread, *by_thread[thread]) for thread in sorted(by_thread))
    rows = (Entering(user, thread, company, 0, sign * number) for thread, company, number in changes)
    merge(InboxEntry, ENTRY, map(_row, rows), unique=("user", "thread"), added=("unread",))


def uncount(told: Iterable[Entering]) -> None:
    """Within a transaction: so many notifications of these readers and threads are unread no more; one statement."""
    rows = sorted((one.user, one.thread, one.company, one.unread) for one in told)
    changes = (Entering(user, thread, company, 0, -number) for user, thread, company, number in rows)
    merge(InboxEntry, ENTRY, map(_row, changes), unique=("user", "thread"), added=("unread",))


def _together(first: Entering, second: Entering) -> Entering:
    return replace(
        first,
        newest=max(first.newest, second.newest),
        unread=first.unread + second.unread,
        named=first.named or second.named,
    )


def _row(one: Entering) -> tuple[object, ...]:
    return (one.user, one.thread, one.company, one.newest, one.unread, one.named, False, None, None)
