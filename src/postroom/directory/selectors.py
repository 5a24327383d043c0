"""Questions about companies and users."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from postroom.directory.access import companies
from postroom.directory.models import ApiToken, Company, ContactAddress, User
from postroom.directory.roles import Permission
from postroom.directory.services import digest_of
from postroom.infra.database.prepared import prepared


def company_names(user: User) -> dict[int, str]:
    """The companies whose records `user` reads, by id."""
    return dict(_names(sorted(companies(user, Permission.RECORDS_READ))))


@prepared
def _names(companies: Sequence[int]) -> QuerySet[Company, tuple[int, str]]:
    return Company.objects.filter(pk__in=companies).order_by("name").values_list("pk", "name")


def living_token(secret: str, at: datetime) -> ApiToken | None:
    """The token with this secret and its user, where it has not run out and the user may sign in."""
    lasting = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    found = ApiToken.objects.filter(lasting, digest=digest_of(secret), user__is_active=True)
    return found.select_related("user").first()


def contact_at(company: int, email: str) -> int | None:
    """The contact of a company that has this (normalised) address."""
    found = ContactAddress.objects.filter(company=company, email=email).values_list("contact", flat=True).first()
    return int(found) if found is not None else None


def contacts_like(company: int, text: str, limit: int = 10) -> list[tuple[int, str, str]]:
    """Id, name and address of contacts outside whose name has a word, or whose address begins, with `text`; one query.

    For those who may read records of the company.
    """
    starts = Q(contact__name__istartswith=text) | Q(contact__name__icontains=f" {text}") | Q(email__istartswith=text)
    rows = ContactAddress.objects.filter(starts, company=company, contact__user=None).order_by("contact__name", "email")
    return list(rows.values_list("contact", "contact__name", "email")[:limit])
