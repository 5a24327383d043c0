"""Contacts as they are searched: by name, organisation, addresses and phone."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.core.search.words import Question
from postroom.directory.access import companies
from postroom.directory.models import Contact, ContactAddress, User
from postroom.directory.roles import Permission
from postroom.infra.paging import Page
from postroom.infra.search.finding import find
from postroom.infra.search.sources import Document, Source, register

KIND = "contact"
PAGE = 20


def found_contacts(user: User, asked: Question, *, before: int | None = None, limit: int = PAGE) -> Page[Contact]:
    """Contacts of the companies of `user`, the newest first."""
    mine = companies(user, Permission.RECORDS_READ)
    hits = find(KIND, mine, asked, before=before, limit=limit)
    rows = Contact.objects.filter(pk__in=[hit.id for hit in hits.rows]).select_related("company")
    known = {row.pk: row for row in rows if row.company_id in mine}
    return Page(tuple(known[hit.id] for hit in hits.rows if hit.id in known), hits.next)


def _read(ids: Sequence[int]) -> list[Document]:
    emails: dict[int, list[str]] = {}
    for contact, email in ContactAddress.objects.filter(contact__in=ids).order_by("pk").values_list("contact", "email"):
        emails.setdefault(contact, []).append(email)
    rows = Contact.objects.filter(pk__in=ids).values_list("pk", "company_id", "name", "organisation", "phone")
    return [
        Document(pk, company, (name, organisation, phone, *emails.get(pk, ())))
        for pk, company, name, organisation, phone in rows
    ]


def _after(after: int, limit: int) -> list[int]:
    return list(Contact.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit])


register(Source(KIND, 3, _read, _after))
