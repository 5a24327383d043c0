"""Contacts whose addresses look like those of another: offered as perhaps the same person, never joined by themselves.

Where one of two stands for a user nothing is offered: whoever chose such an address would become one of our own people
by a click.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from postroom.core.alike import alike, like_domains, plain_local
from postroom.directory.access import companies
from postroom.directory.models import DOMAIN, PLAIN_LOCAL, Contact, ContactAddress, User
from postroom.directory.roles import Permission
from postroom.infra.database.prepared import prepared

OFFERED = 3  # contacts that a page offers
MANY = 10  # as many are not one person, but people behind one mailbox
MOST_COMPARED = 10  # of a contact's addresses
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Alike:
    """A contact that may be the same person: its address `email` looks like `like`, one of the contact in question."""

    contact: int
    name: str
    email: str
    like: str


def contacts_alike(user: User, contact: Contact, emails: Sequence[str]) -> tuple[Alike, ...]:
    """Contacts of the same company that may be the same person as one with these addresses; one query, none for those
    who could not join them.
    """
    compared = [email for email in emails[:MOST_COMPARED] if plain_local(email)]
    if not compared or contact.user_id or contact.company_id not in companies(user, Permission.RECORDS_WRITE):
        return ()
    found: dict[int, Alike] = {}
    for pk, name, email in sorted(_candidates(contact.company_id, compared)):
        if pk != contact.pk and (like := next((own for own in compared if alike(own, email)), "")):
            found.setdefault(pk, Alike(pk, name, email, like))
    return tuple(found.values())[:OFFERED] if len(found) < MANY else ()


def _candidates(company: int, emails: Sequence[str]) -> list[tuple[int, str, str]]:
    """Contact, name and address of whoever has one of these names at one of these domains."""
    domains = {f"@{domain}" for email in emails for domain in like_domains(email)}
    return _at([company], sorted({plain_local(email) for email in emails}), sorted(domains))


@prepared
def _at(
    companies: Sequence[int], locals_: Sequence[str], domains: Sequence[str]
) -> QuerySet[ContactAddress, tuple[int, str, str]]:
    """In no order: for one, SQLite would leave the index and go through the whole company."""
    rows = ContactAddress.objects.alias(plain=PLAIN_LOCAL, at=DOMAIN)
    found = rows.filter(company__in=companies, plain__in=locals_, at__in=domains, contact__user=None)
    return found.order_by().values_list("contact", "contact__name", "email")[:MOST_ROWS]
