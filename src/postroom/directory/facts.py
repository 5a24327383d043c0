"""What routing asks of the directory: whom a sender's address belongs to."""

from __future__ import annotations

from collections.abc import Collection

from postroom.directory.models import ContactAddress, Membership


def contacts_by_email(emails: Collection[str]) -> dict[str, list[tuple[int, int]]]:
    """For each address the (company, contact) pairs that have it."""
    found: dict[str, list[tuple[int, int]]] = {}
    rows = ContactAddress.objects.filter(email__in=emails).values_list("email", "company_id", "contact_id")
    for email, company, contact in rows:
        found.setdefault(email, []).append((company, contact))
    return found


def members_by_email(emails: Collection[str]) -> dict[str, list[int]]:
    """For each address the companies of which an active user with that address is a member."""
    found: dict[str, list[int]] = {}
    rows = Membership.objects.filter(user__email__in=emails, user__is_active=True)
    for email, company in rows.values_list("user__email", "company_id"):
        found.setdefault(email, []).append(company)
    return found
