"""Questions about companies and users."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from postroom.directory.access import companies
from postroom.directory.models import ApiToken, Company, User
from postroom.directory.roles import Permission
from postroom.directory.services import digest_of


def company_names(user: User) -> dict[int, str]:
    """The companies whose records `user` reads, by id."""
    mine = companies(user, Permission.RECORDS_READ)
    return dict(Company.objects.filter(pk__in=mine).order_by("name").values_list("pk", "name"))


def living_token(secret: str, at: datetime) -> ApiToken | None:
    """The token with this secret and its user, where it has not run out and the user may sign in."""
    lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    found = ApiToken.objects.filter(lasting, digest=digest_of(secret), user__is_active=True)
    return found.select_related("user").first()
