"""Contacts of people who write: found by their address, made where they are new."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from postroom.directory.models import Contact, ContactAddress
from postroom.infra.clock import now
from postroom.infra.database.base import insert, insert_values

Key = tuple[int, str]  # company, normalised address


def find_or_make(names: Mapping[Key, str]) -> dict[Key, int]:
    """Within a transaction: the contact of each (company, address), made with the given name where nobody has it."""
    found = _find(names)
    missing = {key: name for key, name in names.items() if key not in found}
    return found | _make(missing) if missing else found


def _find(keys: Collection[Key]) -> dict[Key, int]:
    rows = ContactAddress.objects.filter(email__in={email for _, email in keys})
    found = {(company, email): contact for company, email, contact in rows.values_list("company", "email", "contact")}
    return {key: found[key] for key in keys if key in found}


def _make(names: Mapping[Key, str]) -> dict[Key, int]:
    """Another process may make the same contact at the same time: the address's unique index decides, and the contact
    that lost goes again.
    """
    at = now()
    keys = sorted(names)  # in one order: two processes that make the same ones don't wait for each other in a circle
    contacts = insert(
        Contact(company_id=company, name=names[company, email] or email.partition("@")[0], created_at=at)
        for company, email in keys
    )
    made = {key: contact.pk for key, contact in zip(keys, contacts, strict=True)}
    addresses = [(*key, contact, True) for key, contact in made.items()]
    insert_values(ContactAddress, ("company", "email", "contact", "primary"), addresses, skip_known=True)
    won = _find(names)
    if lost := set(made.values()) - set(won.values()):
        Contact.objects.filter(pk__in=lost).delete()
    return won
