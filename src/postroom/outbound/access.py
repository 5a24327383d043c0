"""Which copies somebody may see in the Outbox, and which they may send again, cancel, hold or release.

Members read the copies of their conversations there, through the floor above.
"""

from __future__ import annotations

from django.db.models import QuerySet

from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.outbound.models import Delivery


def readable(user: User) -> QuerySet[Delivery]:
    """The copies that `user` may see with their source, attempts and choice of server."""
    return Delivery.objects.filter(company_id__in=companies(user, Permission.OUTBOUND_READ))


def manageable(user: User) -> QuerySet[Delivery]:
    """The copies about which `user` may decide."""
    return Delivery.objects.filter(company_id__in=companies(user, Permission.OUTBOUND_MANAGE))
