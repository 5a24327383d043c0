"""What routing asks of the directory: whom a sender's address belongs to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber

from postroom.directory.models import ContactAddress, Membership
from postroom.infra.database.prepared import prepared

MOST_COLLEAGUES = 5000  # memberships of a company that are read, the oldest first


@dataclass(frozen=True, slots=True)
class Colleagues:
    """The members of a company: their names, and the domains of their addresses."""

    names: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()


NO_COLLEAGUES = Colleagues()


@dataclass(slots=True)
class Owner:
    """A contact who has an address; `is_colleague`: they are a member of that company, by this address or another.
    `addresses` are all that they have, this one too.
    """

    company: int
    contact: int
    is_colleague: bool
    addresses: set[str] = field(default_factory=set)


def contacts_by_email(emails: Collection[str]) -> dict[str, list[Owner]]:
    """For each address the contacts that have it, one a company at most; one query."""
    of_company = Membership.objects.filter(
        user=OuterRef("contact__user"), company=OuterRef("company"), user__is_active=True
    )
    rows = ContactAddress.objects.filter(email__in=emails).annotate(ours=Exists(of_company))
    columns = ("email", "company_id", "contact_id", "ours", "contact__addresses__email")
    found: dict[str, dict[int, Owner]] = {}
    for email, company, contact, ours, other in rows.values_list(*columns):
        owner = found.setdefault(email, {}).setdefault(company, Owner(company, contact, ours))
        owner.addresses.add(other)
    return {email: list(owners.values()) for email, owners in found.items()}


def members_by_email(emails: Collection[str]) -> dict[str, list[int]]:
    """For each address the companies of which an active user with that address is a member."""
    found: dict[str, list[int]] = {}
    rows = Membership.objects.filter(user__email__in=emails, user__is_active=True)
    for email, company in rows.values_list("user__email", "company_id"):
        found.setdefault(email, []).append(company)
    return found


def colleagues(companies: Sequence[int]) -> dict[int, Colleagues]:
    """The active members of each of these companies, of a very large one those who joined first; one query."""
    names: dict[int, set[str]] = {}
    domains: dict[int, set[str]] = {}
    for company, name, email in _members(companies) if companies else ():
        names.setdefault(company, set()).add(name)
        domains.setdefault(company, set()).add(email.rpartition("@")[2])
    return {one: Colleagues(frozenset(names[one]), frozenset(domains[one])) for one in names}


@prepared
def _members(companies: Sequence[int]) -> QuerySet[Membership, tuple[int, str, str]]:
    rows = Membership.objects.filter(company__in=companies, user__is_active=True)
    place = Window(RowNumber(), partition_by="company", order_by="pk")
    return (
        rows.alias(place=place)
        .filter(place__lte=MOST_COLLEAGUES)
        .values_list("company_id", "user__name", "user__email")
    )
