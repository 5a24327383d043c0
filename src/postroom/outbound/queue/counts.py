"""How many copies are not settled, for operators: the whole installation, by state."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Min

from postroom.core.delivery.states import DeliveryState
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.database.literals import words
from postroom.outbound.models import ENDED_WELL, Delivery

_S = DeliveryState
OPEN = (_S.QUEUED, _S.CLAIMED, _S.TRANSMITTING, _S.HELD, _S.UNKNOWN)


def open_copies(user: User) -> list[tuple[str, int, datetime | None]]:
    """State, number, and when the first of them was made; two queries. Nothing for those who are no operators."""
    if not may(user, Permission.SYSTEM_MANAGE):
        return []
    rows = Delivery.objects.exclude(state__in=words(ENDED_WELL)).filter(state__in=OPEN).values("state").order_by()
    counted = {row["state"]: (row["count"], row["first"]) for row in rows.annotate(count=Count("pk"), first=Min("pk"))}
    made = Delivery.objects.filter(pk__in=[first for _, first in counted.values()])
    at = dict(made.values_list("pk", "created_at"))
    return [(str(s), counted[s][0], at.get(counted[s][1])) for s in OPEN if s in counted]
