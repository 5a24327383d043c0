"""Step 3b: copies that can't leave now go back into the queue, each with what it waits for and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from postroom.core.delivery.retry import give_up
from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import claim_of, move
from postroom.outbound.events import DeliveryNews
from postroom.outbound.models import Delivery, Lane
from postroom.outbound.news import tell
from postroom.outbound.work import Item

WRITTEN = ("state", "reason", "words", "due", "dispatch", "settled_at")


@dataclass(frozen=True, slots=True)
class Wait:
    """A claimed copy, what it waits for, until when, and that in words."""

    item: Item
    reason: Reason
    until: datetime
    words: str


def wait(waits: Sequence[Wait]) -> None:
    """Within a transaction: put these off, as far as they are still ours; one statement. Nobody tried to send them, so
    it is no try; one that was tried for days before is given up.

    News is told of those that are given up, and of those that wait for a server that is down, but not of bulk, of which
    nobody watches each.
    """
    at, days, heard = now(), config().send_days, list[Delivery]()
    for one in waits:
        row = one.item.row
        if one.reason is Reason.SERVER_DOWN and row.lane != Lane.BULK and row.reason != one.reason:
            heard.append(row)
        row.state, row.reason, row.words, row.due = DeliveryState.QUEUED.value, one.reason.value, one.words, one.until
        if one.reason is Reason.SERVER_DOWN and give_up(row.renewed_at or row.created_at, at, days):
            row.state = DELIVERIES.advance(DeliveryState.QUEUED, DeliveryEvent.GIVE_UP)
            row.reason, row.due, row.settled_at = "", None, at
            row.words = f"Given up after {days:g} days. {one.words}"
            heard.append(row)
    ours = move(Delivery, [one.item.row for one in waits], WRITTEN, before=DeliveryState.CLAIMED)
    told = {row.pk: row for row in heard if claim_of(row) in ours}
    tell([DeliveryNews(row.pk, row.company_id, row.state) for row in told.values()])
