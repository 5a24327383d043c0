"""Which arrivals and refusals somebody may see, and which they may route again."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.inbound.models import InboundMail, Route


def readable(user: User) -> QuerySet[InboundMail]:
    """Arrivals of the user's companies, and those of several companies that have a route to one of them."""
    mine = companies(user, Permission.ARRIVALS_READ)
    routed = Route.objects.filter(arrival=OuterRef("pk"), company_id__in=mine)
    return InboundMail.objects.filter(Q(company_id__in=mine) | Exists(routed))


def readable_routes(user: User) -> QuerySet[Route]:
    """The routes that lead into the user's companies."""
    return Route.objects.filter(company_id__in=companies(user, Permission.ARRIVALS_READ))


def owned(user: User, arrival: InboundMail) -> bool:
    """Whether the whole arrival is the user's to see: else only what concerns their own companies."""
    return arrival.company_id in companies(user, Permission.ARRIVALS_READ)


def may_replay(user: User, arrival: InboundMail) -> bool:
    """Whether `user` may route this arrival again; not where it is other companies' as well."""
    return arrival.company_id in companies(user, Permission.ARRIVALS_REPLAY)
