"""The verbs of the way out: queue letters; send copies again, cancel, hold, release, close them; send what is due."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from postroom.core.delivery.decisions import Order, Verb
from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.infra.database.base import update_rows, wake
from postroom.outbound.events import DeliveryNews
from postroom.outbound.models import Delivery, Lane
from postroom.outbound.news import tell
from postroom.outbound.queue import control
from postroom.outbound.steps.expand import NewLetter, Recipient, Wait, expand

__all__ = [
    "Lane", "NewLetter", "Recipient", "Wait", "cancel", "close_unknown", "hold", "put_off", "queue", "release",
    "send_again", "send_due", "send_now", "withdraw", "withdraw_all",
]  # fmt: skip

CHANGED = (
    "state", "words", "reason", "reply_class", "due", "attempts", "lease_token", "lease_until", "renewed_at",
    "settled_at",
)  # fmt: skip

SETTLED = DELIVERIES.final | {DeliveryState.ACCEPTED}
# What the last reply meant says nothing about a copy that is tried anew, or of which somebody knows what became.
NEW_START = (DeliveryEvent.SEND_AGAIN, DeliveryEvent.SETTLE_SENT, DeliveryEvent.SETTLE_UNSENT)


def queue(
    letters: Sequence[tuple[NewLetter, Sequence[Recipient]]], lane: Lane | Sequence[Lane] = Lane.NOTIFICATION
) -> list[list[int]]:
    """Within the caller's transaction: put letters into the queue; returns the ids of their deliveries, in order.

    A fixed number of statements. `lane` is one for all letters, or one for each.
    """
    return expand(letters, lane)


def send_again(user: User, ids: Sequence[int]) -> int:
    """Queue copies anew whose fate is unknown, or that failed, bounced or were cancelled. Returns how many."""
    return _decide(user, ids, Verb.SEND_AGAIN)


def cancel(user: User, ids: Sequence[int]) -> int:
    """Withdraw copies of which nothing was sent yet. Returns how many."""
    return _decide(user, ids, Verb.CANCEL)


def withdraw(ids: Sequence[int], because: str) -> int:
    """Within the caller's transaction: withdraw copies of which nothing was sent yet, for a reason of Postroom's own.
    Returns how many.
    """
    return lead_on(Delivery.objects.filter(pk__in=ids), DeliveryEvent.CANCEL, because)


def withdraw_all(ids: Sequence[int], because: str) -> list[Delivery]:
    """Within the caller's transaction: withdraw these copies, all of them or none. Returns those of which something was
    sent already, or is being sent now: then none was withdrawn. Whoever would claim or send one meanwhile waits for the
    transaction, and finds it withdrawn.
    """
    rows = list(Delivery.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk"))
    left = [row for row in rows if not DELIVERIES.allows(DeliveryState(row.state), DeliveryEvent.CANCEL)]
    gone = [row for row in left if row.state != DeliveryState.CANCELLED]
    if not gone:
        _led_on([row for row in rows if row not in left], DeliveryEvent.CANCEL, because)
    return gone


def put_off(ids: Sequence[int], wait: Wait | None) -> int:
    """Within the caller's transaction: let those of these copies that wait in the queue wait until then (None: they are
    due now), and count the days over which they are tried from then. Returns how many; one that was claimed is left as
    it is.
    """
    until, reason, words = (wait.until, wait.reason.value, wait.words) if wait else (now(), "", "")
    waiting = Delivery.objects.filter(pk__in=ids, state=DeliveryState.QUEUED)
    changed = waiting.update(due=until, renewed_at=until, reason=reason, words=words)
    wake()
    return changed


def hold(user: User, ids: Sequence[int]) -> int:
    """Keep copies of which nothing was sent yet until somebody releases them. Returns how many."""
    return _decide(user, ids, Verb.HOLD)


def release(user: User, ids: Sequence[int]) -> int:
    """Queue copies that were held. Returns how many."""
    return _decide(user, ids, Verb.RELEASE)


def send_now(user: User, ids: Sequence[int]) -> int:
    """Let copies leave that wait for their time or for the next try; limits still hold. Returns how many."""
    return _decide(user, ids, Verb.SEND_NOW)


def close_unknown(user: User, ids: Sequence[int], *, sent: bool) -> int:
    """Settle copies whose fate is unknown by what a person found out: that it arrived (`sent`), or that it did not.
    Nothing is sent. Returns how many.
    """
    return _decide(user, ids, Verb.ARRIVED if sent else Verb.LOST)


def send_due(most: int = 1000) -> int:
    """Send what is due, within this process: for tests and for commands. Returns how many copies were claimed."""
    from postroom.outbound.sender.worker import Sender  # noqa: PLC0415 only who sends needs the wire

    return Sender().drain(most)


def _decide(user: User, ids: Sequence[int], verb: Verb) -> int:
    """Lead those of the copies on that `user` may manage."""
    return len(control.decide(user, ids, Order(verb)).done)


def lead_on(copies: QuerySet[Delivery], event: DeliveryEvent, words: str) -> int:
    """Within a transaction: lead those of the copies on whose state knows the event; leases end."""
    found = copies.filter(state__in=DELIVERIES.sources(event)).order_by("pk")
    return _led_on(list(found.select_for_update(of=("self",))), event, words)


def _led_on(rows: Sequence[Delivery], event: DeliveryEvent, words: str) -> int:
    """These, which are locked."""
    for row in rows:
        _lead(row, event, words)
    update_rows(Delivery, rows, CHANGED)
    tell([DeliveryNews(row.pk, row.company_id, row.state) for row in rows])
    return len(rows)


def _lead(row: Delivery, event: DeliveryEvent, words: str) -> None:
    row.state = DELIVERIES.advance(DeliveryState(row.state), event)
    row.words, row.reason = words, ""
    row.reply_class = "" if event in NEW_START else row.reply_class
    row.lease_token, row.lease_until = "", None
    queued = row.state == DeliveryState.QUEUED
    row.due = row.renewed_at = now() if queued else None
    row.attempts = 0 if event is DeliveryEvent.SEND_AGAIN else row.attempts
    row.settled_at = now() if row.state in SETTLED else None
