"""Step 2: lease copies that are due, what somebody waits for first; renew the leases; give back what is not sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database import base
from postroom.outbound.events import DeliveryNews
from postroom.outbound.models import Delivery, Letter
from postroom.outbound.news import tell


def due(at: datetime) -> bool:
    """Whether something could be claimed at this time: a look, no lock."""
    rows = Delivery.objects.filter(due__lte=at)
    return (rows.filter(lease_until__isnull=True) | rows.filter(lease_until__lt=at)).exists()


def next_due() -> datetime | None:
    """When the next copy is due that nobody has claimed."""
    rows = Delivery.objects.filter(due__isnull=False, lease_until__isnull=True)
    return rows.order_by("lane", "due").values_list("due", flat=True).first()


def claim(most: int) -> list[Delivery]:
    """Up to so many copies that are due, by lane, then oldest first, each with its letter; two queries more."""
    own = config()
    token, keys = base.claim(
        Delivery,
        min(most, own.send_batch),
        own.send_lease_seconds,
        leading=("lane",),
        state=DeliveryState.CLAIMED,
    )
    if not keys:
        return []
    rows = list(Delivery.objects.filter(pk__in=keys, lease_token=token).order_by("lane", "due", "pk"))
    letters = Letter.objects.in_bulk({row.letter_id for row in rows})
    for row in rows:
        row.letter = letters[row.letter_id]
    return rows


def renew(rows: Iterable[Delivery]) -> None:
    """Hold these for a whole lease from now, as far as they are still ours; a query for each batch they came in."""
    by_token: dict[str, list[int]] = {}
    for row in rows:
        by_token.setdefault(row.lease_token, []).append(row.pk)
    for token, keys in by_token.items():
        base.renew(Delivery, token, sorted(keys), config().send_lease_seconds)


def give_back(rows: Sequence[Delivery], until: datetime | None = None, words: str | None = None) -> None:
    """Within a transaction: let copies that were claimed and not sent wait again, where told until then and why."""
    for row in rows:
        row.state = DeliveryState.QUEUED
        row.due = until or row.due or now()
        row.words = row.words if words is None else words
    base.move(Delivery, rows, ("state", "due", "words"), before=DeliveryState.CLAIMED)


def spoil(row: Delivery, error: Exception) -> None:
    """Within a transaction: this copy can't even be made ready; a person may mend what it needs and send it again."""
    row.state = DELIVERIES.advance(DeliveryState.CLAIMED, DeliveryEvent.GIVE_UP)
    row.due, row.settled_at = None, now()
    row.words = f"It can't be sent: {type(error).__name__}: {error}"
    if base.move(Delivery, [row], ("state", "due", "words", "settled_at"), before=DeliveryState.CLAIMED):
        tell([DeliveryNews(row.pk, row.company_id, row.state)])
