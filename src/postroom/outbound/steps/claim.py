"""Step 2: lease copies that are due, what somebody waits for first; renew the leases; give back what is not sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType

from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.core.sending.lanes import LANES
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database import base
from postroom.infra.database.shapes import link
from postroom.outbound.events import DeliveryNews
from postroom.outbound.models import Delivery, Letter
from postroom.outbound.news import tell

EVERY = MappingProxyType(dict.fromkeys(LANES, 10**6))  # as many of each lane as there is place for in a batch


def due(lanes: Iterable[int] = LANES) -> set[int]:
    """Those of these lanes of which something could be claimed now: a look, no lock."""
    return base.due_shares(Delivery, by="lane", numbers=sorted(lanes))


def next_due() -> datetime | None:
    """When the next copy is due that nobody has claimed; a look in each lane."""
    rows = Delivery.objects.filter(due__isnull=False, lease_until__isnull=True).order_by("due")
    firsts = (rows.filter(lane=lane).values_list("due", flat=True).first() for lane in LANES)
    return min(filter(None, firsts), default=None)


def claim(most: int, shares: Mapping[int, int] = EVERY) -> list[Delivery]:
    """Up to so many copies that are due, of each lane no more than its share, by lane, then oldest first, each with its
    letter; two queries more.
    """
    own = config()
    most = min(most, own.send_batch)
    token, keys = base.claim_shares(
        Delivery,
        most,
        own.send_lease_seconds,
        by="lane",
        shares={lane: min(share, most) for lane, share in shares.items()},
        state=DeliveryState.CLAIMED,
    )
    if not keys:
        return []
    rows = [row for row in base.load(Delivery, keys) if row.lease_token == token]
    letters = {letter.pk: letter for letter in base.load(Letter, {row.letter_id for row in rows})}
    for row in rows:
        link(row, "letter", letters[row.letter_id])
    return sorted(rows, key=attrgetter("lane", "due", "pk"))


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
        row.reason = row.reason if until else ""
    base.move(Delivery, rows, ("state", "due", "words", "reason"), before=DeliveryState.CLAIMED)


def call(ids: Sequence[int], reason: Reason) -> int:
    """These copies are due now, as far as they still wait for that reason and nobody holds them; returns how many."""
    rows = Delivery.objects.filter(pk__in=ids, state=DeliveryState.QUEUED, reason=reason, lease_until__isnull=True)
    return rows.update(due=now(), reason="", words="")


def spoil(row: Delivery, error: Exception) -> None:
    """Within a transaction: this copy can't even be made ready; a person may mend what it needs and send it again."""
    row.state = DELIVERIES.advance(DeliveryState.CLAIMED, DeliveryEvent.GIVE_UP)
    row.reason, row.due, row.settled_at = "", None, now()
    row.words = f"It can't be sent: {type(error).__name__}: {error}"
    if base.move(Delivery, [row], ("state", "reason", "due", "words", "settled_at"), before=DeliveryState.CLAIMED):
        tell([DeliveryNews(row.pk, row.company_id, row.state)])
