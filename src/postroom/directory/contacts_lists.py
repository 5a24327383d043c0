"""Questions about contacts: the list by name, one of them, who has an address, what became of a merged one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from postroom.core.addresses import normalise
from postroom.directory.access import companies
from postroom.directory.models import SORTED_NAME, Contact, ContactAddress, Membership, MergedContact, User
from postroom.directory.roles import Permission
from postroom.infra import keys
from postroom.infra.database.literals import Number
from postroom.infra.database.prepared import prepared

PAGE = 50
SEARCHED = 3_000  # the newest contacts of a company among which words are looked for
MOST_ADDRESSES = 200  # of one text's addresses that a list is narrowed to
LAST = "\U0010ffff"  # stands behind every letter


@dataclass(frozen=True, slots=True)
class Listed:
    """Contacts of a list, and where to go on: `next` is empty at the end."""

    rows: tuple[Contact, ...] = ()
    next: str = ""


def readable(user: User) -> QuerySet[Contact]:
    """The contacts that `user` may read."""
    return Contact.objects.filter(company_id__in=companies(user, Permission.RECORDS_READ))


def contacts(user: User, *, text: str = "", after: str = "", limit: int = PAGE) -> Listed:
    """A page of the contacts that `user` may read, by name: what comes after the place `after`.

    `text` begins a name or an address; among the newest `SEARCHED` contacts of a company also any word of the name or
    the organisation. The search knows all words of all.
    """
    key = keys.read_key(after)
    found: set[int] = set()
    for company in sorted(companies(user, Permission.RECORDS_READ)):
        for rows in _sources(company, text):
            found.update(_after(rows, key).order_by(SORTED_NAME, "pk").values_list("pk", flat=True)[: limit + 1])
    page = _listed(sorted(found), most=limit + 1)
    return Listed(tuple(page[:limit]), _key(page[limit - 1]) if len(page) > limit else "")


@prepared
def _listed(ids: Sequence[int], *, most: int) -> QuerySet[Contact]:
    listed = Contact.objects.filter(pk__in=ids).select_related("user", "company").annotate(sorted_name=SORTED_NAME)
    return listed.order_by(SORTED_NAME, "pk")[:most]


def contact(user: User, pk: int) -> Contact | None:
    """One contact with its company and user, or None where it isn't there for `user`."""
    return readable(user).select_related("company", "user").filter(pk=pk).first()


def became(user: User, pk: int) -> int | None:
    """The contact of which a merged one is part now; None where nothing was merged, or not for `user`."""
    found = MergedContact.objects.filter(former=pk, contact__in=readable(user).values("pk"))
    return found.values_list("contact_id", flat=True).first()


def living(contact: int) -> int | None:
    """A contact, or the one of which it became part; None where it is no more. For those who knew it."""
    if Contact.objects.filter(pk=contact).exists():
        return contact
    return MergedContact.objects.filter(former=contact).values_list("contact_id", flat=True).first()


def addresses_of(contacts: Collection[int]) -> dict[int, list[ContactAddress]]:
    """The addresses of contacts that the caller may read, the primary one first; one query."""
    found: dict[int, list[ContactAddress]] = {}
    for row in _addresses(list(contacts)):
        found.setdefault(row.contact_id, []).append(row)
    return found


@prepared
def _addresses(contacts: Sequence[int]) -> QuerySet[ContactAddress]:
    return ContactAddress.objects.filter(contact__in=contacts).order_by("-primary", "pk")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose an address is: `contact` 0 where nobody is known by it, `inside` where it is one of our own people, or one
    who was.
    """

    contact: int = 0
    name: str = ""
    inside: bool = False


def holders(company: int, emails: Collection[str]) -> dict[str, Holder]:
    """Whose these (normalised) addresses are within a company; two queries. For those who may read its records."""
    members = {email: Holder(0, name, inside=True) for email, name in _members_at([company], list(emails))}
    contacts = _held([company], list(emails))
    return members | {
        email: Holder(contact, name, inside=user is not None or email in members)
        for email, contact, name, user in contacts
    }


@prepared
def _held(companies: Sequence[int], emails: Sequence[str]) -> QuerySet[ContactAddress, tuple[Any, ...]]:
    rows = ContactAddress.objects.filter(company__in=companies, email__in=emails)
    return rows.values_list("email", "contact", "contact__name", "contact__user")


@prepared
def _members_at(companies: Sequence[int], emails: Sequence[str]) -> QuerySet[Membership, tuple[Any, ...]]:
    """Our own people, whom no contact may stand for yet."""
    rows = Membership.objects.filter(company__in=companies, user__email__in=emails)
    return rows.values_list("user__email", "user__name")


def _sources(company: int, text: str) -> Iterator[QuerySet[Contact]]:
    """The contacts of a list, in parts of which each lies together in an index, or is small."""
    rows = Contact.objects.filter(company=company)
    if not text:
        yield rows
        return
    start = text.lower()
    names = rows.alias(begun=SORTED_NAME).filter(begun__gte=start, begun__lt=start + LAST)
    yield names.filter(name__istartswith=text)
    newest = rows.order_by("-pk").values_list("pk", flat=True)[SEARCHED : SEARCHED + 1]
    near = rows.filter(pk__gte=next(iter(newest), 0))
    words = Q(name__icontains=f" {text}") | Q(organisation__istartswith=text) | Q(organisation__icontains=f" {text}")
    yield Contact.objects.filter(pk__in=near.filter(words).order_by().values("pk"))
    if " " not in text:
        begun = normalise(text) or start
        # as a sum, so that the index by address is taken and not the one by company
        emails = ContactAddress.objects.alias(own=F("company") + Number(0)).filter(own=company)
        emails = emails.filter(email__gte=begun, email__lt=begun + LAST, email__startswith=begun).order_by("email")
        yield Contact.objects.filter(pk__in=list(emails.values_list("contact_id", flat=True)[:MOST_ADDRESSES]))


def _after(rows: QuerySet[Contact], key: tuple[str, int] | None) -> QuerySet[Contact]:
    """What comes after a key; the first condition is the one that an index goes by."""
    if key is None:
        return rows
    name, pk = key
    named = rows.alias(sorted_name=SORTED_NAME).filter(sorted_name__gte=name)
    return named.filter(Q(sorted_name__gt=name) | Q(pk__gt=pk))


def _key(contact: Contact) -> str:
    return keys.write_key(contact.__dict__["sorted_name"], contact.pk)
