"""The verbs of the way out: queue letters; send copies again, cancel, hold and release them; send what is due."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.infra.database.base import update_rows
from postroom.outbound.access import manageable
from postroom.outbound.events import DeliveryNews
from postroom.outbound.models import Delivery, Lane
from postroom.outbound.news import tell
from postroom.outbound.steps.expand import NewLetter, Recipient, expand

__all__ = ["Lane", "NewLetter", "Recipient", "cancel", "hold", "queue", "release", "send_again", "send_due", "withdraw"]

CHANGED = (
    "state", "words", "due", "attempts", "lease_token", "lease_until", "renewed_at", "settled_at",
)  # fmt: skip


def queue(
    letters: Sequence[tuple[NewLetter, Sequence[Recipient]]], lane: Lane | Sequence[Lane] = Lane.NOTIFICATION
) -> list[list[int]]:
    """Within the caller's transaction: put letters into the queue; returns the ids of their deliveries, in order.

    A fixed number of statements. `lane` is one for all letters, or one for each.
    """
    return expand(letters, lane)


def send_again(user: User, ids: Sequence[int]) -> int:
    """Queue copies anew whose fate is unknown, or that failed, bounced or were cancelled. Returns how many."""
    return _apply(user, ids, DeliveryEvent.SEND_AGAIN, f"Sent again by {user.name}.")


def cancel(user: User, ids: Sequence[int]) -> int:
    """Withdraw copies of which nothing was sent yet. Returns how many."""
    return _apply(user, ids, DeliveryEvent.CANCEL, f"Withdrawn by {user.name}.")


def withdraw(ids: Sequence[int], because: str) -> int:
    """Within the caller's transaction: withdraw copies of which nothing was sent yet, for a reason of Postroom's own.
    Returns how many.
    """
    return lead_on(Delivery.objects.filter(pk__in=ids), DeliveryEvent.CANCEL, because)


def hold(user: User, ids: Sequence[int]) -> int:
    """Keep copies of which nothing was sent yet until somebody releases them. Returns how many."""
    return _apply(user, ids, DeliveryEvent.HOLD, f"Held by {user.name}.")


def release(user: User, ids: Sequence[int]) -> int:
    """Queue copies that were held. Returns how many."""
    return _apply(user, ids, DeliveryEvent.RELEASE, f"Released by {user.name}.")


def send_due(most: int = 1000) -> int:
    """Send what is due, within this process: for tests and for commands. Returns how many copies were claimed."""
    from postroom.outbound.worker import Sender  # noqa: PLC0415 only who sends needs the wire

    return Sender().drain(most)


def _apply(user: User, ids: Sequence[int], event: DeliveryEvent, words: str) -> int:
    """Lead those of the copies on that `user` may manage."""
    with transaction.atomic():
        return lead_on(manageable(user).filter(pk__in=ids), event, words)


def lead_on(copies: QuerySet[Delivery], event: DeliveryEvent, words: str) -> int:
    """Within a transaction: lead those of the copies on whose state knows the event; leases end."""
    found = copies.filter(state__in=DELIVERIES.sources(event)).order_by("pk")
    rows = list(found.select_for_update(of=("self",)))
    for row in rows:
        _lead(row, event, words)
    update_rows(Delivery, rows, CHANGED)
    tell([DeliveryNews(row.pk, row.company_id, row.state) for row in rows])
    return len(rows)


def _lead(row: Delivery, event: DeliveryEvent, words: str) -> None:
    row.state = DELIVERIES.advance(DeliveryState(row.state), event)
    row.words = words
    row.lease_token, row.lease_until = "", None
    queued = row.state == DeliveryState.QUEUED
    row.due = row.renewed_at = now() if queued else None
    row.attempts = 0 if event is DeliveryEvent.SEND_AGAIN else row.attempts
    row.settled_at = now() if row.state == DeliveryState.CANCELLED else None
