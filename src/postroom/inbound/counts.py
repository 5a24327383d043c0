"""How many arrivals are not settled, for operators: the whole installation, by state."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Min

from postroom.core.delivery.states import ArrivalState
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.inbound.models import ORDINARY, InboundMail, Route
from postroom.infra.database.literals import words

_S = ArrivalState
OPEN_ROUTES = ("failed", "held", "retrying")


def open_arrivals(user: User) -> list[tuple[str, int, datetime | None]]:
    """State, number, and when the first of them came: those that wait for a worker, and those with a route that is held
    or failed. Three queries; nothing for those who are no operators.
    """
    if not may(user, Permission.SYSTEM_MANAGE):
        return []
    waiting = InboundMail.objects.filter(due__isnull=False).values("state").order_by()
    open_ = Route.objects.exclude(state__in=words(ORDINARY)).filter(state__in=OPEN_ROUTES)
    stuck = open_.values("state").order_by()
    found = {row["state"]: (row["count"], row["first"]) for row in waiting.annotate(count=Count("pk"), first=Min("pk"))}
    for row in stuck.annotate(count=Count("arrival", distinct=True), first=Min("arrival")):
        found.setdefault(row["state"], (row["count"], row["first"]))
    came = InboundMail.objects.filter(pk__in=[first for _, first in found.values()])
    at = dict(came.values_list("pk", "received_at"))
    return [(str(s), found[s][0], at.get(found[s][1])) for s in ArrivalState if s in found]
