"""Step 7: copies that were on the wire when whoever sent them ended: nobody knows, so they wait for a person."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now

from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.infra.clock import now
from postroom.infra.database.base import update_rows
from postroom.outbound.events import DeliveryNews
from postroom.outbound.models import Attempt, Delivery
from postroom.outbound.news import tell
from postroom.outbound.transports.protocol import Result

AT_ONCE = 500
WRITTEN = ("state", "words", "reason", "reply_class", "settled_at", "attempts", "lease_token", "lease_until")
WORDS = "The sender ended while this copy was on its way: it may have been sent and is not repeated."


def expire() -> int:
    """Mark as unknown what is in transmission under a lease that is over; returns how many.

    What was only claimed needs nothing: it can be claimed again.
    """
    gone = Delivery.objects.filter(state=DeliveryState.TRANSMITTING, lease_until__lt=Now())
    if not gone.exists():
        return 0
    with transaction.atomic():
        rows = list(gone.order_by("lease_until").select_for_update(skip_locked=True)[:AT_ONCE])
        for row in rows:
            row.state = DELIVERIES.advance(DeliveryState.TRANSMITTING, DeliveryEvent.LEASE_EXPIRED)
            row.words, row.settled_at, row.attempts = WORDS, now(), row.attempts + 1
            row.reason, row.reply_class = "", ""  # an earlier put-off tells nothing of this try
            row.lease_token, row.lease_until = "", None
        update_rows(Delivery, rows, WRITTEN)
        tries = Attempt.objects.filter(delivery__in=[row.pk for row in rows], ended_at=None)
        tries.update(ended_at=now(), outcome=Result.UNKNOWN, words=WORDS)
        tell([DeliveryNews(row.pk, row.company_id, row.state) for row in rows])
    return len(rows)
