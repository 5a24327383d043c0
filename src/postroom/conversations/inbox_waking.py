"""Conversations that were asleep come back by themselves, on top and unread."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from postroom.conversations.inbox_entries import Entering, enter
from postroom.conversations.models import InboxEntry, Notification
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import insert_numbered

MOST = 500  # entries of one transaction
EVERY_SECONDS = 15
KEPT = ("message", "company", "contact", "user", "email", "name", "channel", "delivery", "because", "mention")
ROW = (*KEPT, "read_at", "created_at")


def wake_due() -> str:
    """Wake every entry whose time has come, and tell the pages of their readers."""
    woken = 0
    while some := _wake_some():
        woken += some
    return f"{woken} conversations came back."


def _wake_some() -> int:
    with transaction.atomic():
        entries = _locked()
        if entries:
            _bring_back(entries)
            tell(sorted({(entry.company_id, "inbox", str(entry.user_id)) for entry in entries}))
    return len(entries)


def _locked() -> list[InboxEntry]:
    """Entries whose time has come, with their newest notifications: these first, as by whoever reads them."""
    due = InboxEntry.objects.filter(snoozed_until__lte=now()).order_by("snoozed_until")
    newest = Notification.objects.filter(pk__in=list(due.values_list("newest", flat=True)[:MOST]))
    there = set(newest.values_list("pk", flat=True))
    busy = there - set(newest.select_for_update(skip_locked=True).values_list("pk", flat=True))
    return list(due.exclude(newest__in=busy).select_for_update(skip_locked=True)[:MOST])


def _bring_back(entries: Sequence[InboxEntry]) -> None:
    """The newest notification of each is told anew: as a new one it raises the entry to the top. Nobody is told twice
    of a message, so the one before goes.
    """
    rows = {
        pk: (read_at, kept)
        for pk, read_at, *kept in Notification.objects.filter(pk__in=[entry.newest for entry in entries]).values_list(
            "pk", "read_at", *KEPT
        )
    }
    told = [entry for entry in entries if entry.newest in rows]
    at = now()
    keys = insert_numbered(Notification, ROW, [(*rows[entry.newest][1], None, at) for entry in told])
    Notification.objects.filter(pk__in=list(rows)).delete()
    InboxEntry.objects.filter(pk__in=[entry.pk for entry in entries]).update(snoozed_until=None)
    enter(
        Entering(entry.user_id, entry.thread_id, entry.company_id, key, int(rows[entry.newest][0] is not None))
        for entry, key in zip(told, keys, strict=True)
    )
