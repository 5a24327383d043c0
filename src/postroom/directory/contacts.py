"""Contacts of people who write: found by their address, made where they are new."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q

from postroom.directory.models import Contact, ContactAddress
from postroom.infra.clock import now

Key = tuple[int, str]  # company, normalised address


def find_or_make(names: Mapping[Key, str]) -> dict[Key, int]:
    """Within a transaction: the contact of each (company, address), made with the given name where nobody has it."""
    found = _find(names)
    missing = [key for key in names if key not in found]
    if missing:
        _make({key: names[key] for key in missing})
        found |= _find(missing)
    return found


def _find(keys: Mapping[Key, str] | list[Key]) -> dict[Key, int]:
    emails: dict[int, list[str]] = {}
    for company, email in keys:
        emails.setdefault(company, []).append(email)
    where = Q(pk__in=[])
    for company, listed in emails.items():
        where |= Q(company=company, email__in=listed)
    rows = ContactAddress.objects.filter(where).values_list("company_id", "email", "contact_id")
    return {(company, email): contact for company, email, contact in rows}


def _make(names: Mapping[Key, str]) -> None:
    """Another process may make the same contact at the same time: the address's unique index decides, and the contact
    that lost goes again."""
    at = now()
    contacts = [
        Contact(company_id=company, name=name or email.partition("@")[0], created_at=at)
        for (company, email), name in names.items()
    ]
    Contact.objects.bulk_create(contacts)
    ContactAddress.objects.bulk_create(
        [
            ContactAddress(company_id=company, email=email, contact=contact)
            for (company, email), contact in zip(names, contacts, strict=True)
        ],
        ignore_conflicts=True,
    )
    if not _all_won(contacts):
        made = [contact.pk for contact in contacts]
        Contact.objects.filter(pk__in=made, addresses__isnull=True).delete()


def _all_won(contacts: list[Contact]) -> bool:
    return ContactAddress.objects.filter(contact__in=contacts).count() == len(contacts)
