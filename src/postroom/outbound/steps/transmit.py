"""Step 5: just before bytes are written: these copies are on the wire from now on, each with the row of its try."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import claim_of, insert, move
from postroom.infra.database.shapes import new
from postroom.outbound.models import Attempt, Delivery
from postroom.outbound.work import Item


def transmit(items: Sequence[Item]) -> list[Item]:
    """Within a transaction: those of the items that are still ours, with their attempts; two statements.

    The others were taken back meanwhile: cancelled, held, or claimed by somebody else after their lease.
    """
    if not items:
        return []
    rows = [item.row for item in items]
    for row in rows:
        row.state = DELIVERIES.advance(DeliveryState.CLAIMED, DeliveryEvent.TRANSMIT)
        row.due, row.reason = None, ""
    ours = move(
        Delivery,
        rows,
        ("state", "due", "reason", "dispatch"),
        before=DeliveryState.CLAIMED,
        lease_seconds=config().send_lease_seconds,
    )
    begun = [item for item in items if claim_of(item.row) in ours]
    at = now()
    for item, attempt in zip(begun, insert([begin(item, at) for item in begun]), strict=True):
        item.attempt = attempt
    return begun


def begin(item: Item, at: datetime) -> Attempt:
    """The row of a try that begins now."""
    row = item.row
    assert row.dispatch_id is not None
    return new(Attempt, delivery_id=row.id, dispatch_id=row.dispatch_id, number=row.attempts + 1, began_at=at)
