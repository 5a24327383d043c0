"""The page of one contact: what is known of them, and every conversation with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from postroom.conversations import selectors as talk
from postroom.conversations.contacts import history
from postroom.conversations.selectors import Latest
from postroom.directory import contacts_lists
from postroom.directory.access import companies
from postroom.directory.contacts_alike import Alike, contacts_alike
from postroom.directory.contacts_editing import AddressTaken, ContactFields, change_contact, fields_of, why_not
from postroom.directory.models import Contact, User
from postroom.directory.profile import LANGUAGES, CannotSave, time_zones
from postroom.directory.roles import Permission
from postroom.web.meanwhile import FIELD, Meanwhile, laid_on, shown
from postroom.web.pages.common import for_those_who_may, found, key, reader
from postroom.web.pages.records.lists import Row, row_of
from postroom.web.views import Person

ANOTHER = "another"  # the parameter that carries an address which was refused


@dataclass(frozen=True, slots=True)
class Address:
    """An address of a contact. `fixed`: it is the one by which a user signs in, so it stays."""

    email: str
    primary: bool = False
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """Whose a refused address is, and where both can be merged."""

    name: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A contact that may be the same person: its address `email` looks like `like`. `compare` shows what would move."""

    id: int
    who: Person
    email: str
    like: str
    compare: str


@dataclass(frozen=True, slots=True)
class ContactPage:
    """A contact with everything that its page shows. `user` is the name of the user whom it stands for; such a contact
    says its name, language and clock in its own profile. `typed` is an address that was refused.
    """

    id: int
    who: Person
    fields: ContactFields
    addresses: tuple[Address, ...] = ()
    user: str = ""
    company: str = ""
    writes: bool = False
    rows: tuple[Row, ...] = ()
    next: str = ""
    newest: str = ""
    write_to: str = ""
    alike: tuple[Lookalike, ...] = ()
    typed: str = ""
    taken: Taken = field(default_factory=Taken)
    errors: Mapping[str, str] = field(default_factory=dict)
    shown: str = ""

    @property
    def languages(self) -> list[tuple[str, str]]:
        return languages(self.fields.language)

    @property
    def time_zones(self) -> tuple[str, ...]:
        return zones(self.fields.time_zone)


def languages(own: str) -> list[tuple[str, str]]:
    """The languages of the list, and the one that is kept."""
    known = dict(LANGUAGES)
    if own:
        known.setdefault(own, own)
    return sorted(known.items(), key=lambda one: one[1])


def zones(own: str) -> tuple[str, ...]:
    """The time zones of the list, and the one that is kept."""
    return time_zones() if not own or own in time_zones() else (own, *time_zones())


def fields_given(sent: Mapping[str, str]) -> ContactFields:
    """What a form says of a contact; no longer than anybody writes."""
    given = {name: sent.get(name, "").replace("\0", "")[:1000] for name in ContactFields.__dataclass_fields__}
    return ContactFields(**given)


@require_http_methods(["GET", "HEAD", "POST"])
@for_those_who_may(Permission.RECORDS_READ)
def contact_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One contact, and saying something else of them; a merged one leads to what it became."""
    user = reader(request)
    contact = contacts_lists.contact(user, pk)
    if contact is None:
        return redirect("contact", found(contacts_lists.became(user, pk)))
    if request.method != "POST":
        return _with_refused(request, contact)
    if not _writes(user, contact):
        raise PermissionDenied
    given, first = fields_given({**_kept(contact), **request.POST.dict()}), request.POST.get(FIELD, "")
    try:
        change_contact(user=user, contact_id=pk, fields=laid_on(given, first, request.POST))
    except CannotSave as error:
        return show_contact(request, contact, fields=given, errors=error.problems, first=first)
    except Meanwhile as other:
        fields, errors = replace(given, **other.values), other.errors({"language": LANGUAGES})
        return show_contact(request, contact, fields=fields, errors=errors, first=other.shown)
    messages.success(request, _("Saved."))
    return redirect("contact", pk)


def _with_refused(request: HttpRequest, contact: Contact) -> HttpResponse:
    """The page, where an address was refused with it in its field and what is wrong with it, as long as that is so."""
    typed = request.GET.get(ANOTHER, "").replace("\0", "")[:400]
    error = why_not(contact, typed) if ANOTHER in request.GET and _writes(reader(request), contact) else None
    if error is None:
        return show_contact(request, contact)
    words, taken = error.problems["email"], Taken()
    if isinstance(error, AddressTaken):
        words = _("This address belongs to %(name)s: merge them?") % {"name": error.name}
        taken = Taken(error.name, f"{reverse('contact-merge', args=[contact.pk])}?other={error.contact}")
    return show_contact(request, contact, errors={"email": words}, typed=typed, taken=taken)


def _kept(contact: Contact) -> dict[str, str]:
    """What a form leaves out stays as it is."""
    known = fields_of(contact)
    return {name: getattr(known, name) for name in ContactFields.__dataclass_fields__}


def show_contact(
    request: HttpRequest,
    contact: Contact,
    *,
    fields: ContactFields | None = None,
    errors: Mapping[str, str] | None = None,
    typed: str = "",
    taken: Taken | None = None,
    first: str = "",
) -> HttpResponse:
    """The whole page, with what is wrong beside its fields."""
    user, before = reader(request), key(request)
    addresses = contacts_lists.addresses_of([contact.pk]).get(contact.pk, [])
    listed = history(user, contact, before=before)
    newest = talk.latest(user, [record.pk for record in listed.rows])
    here = reverse("contact", args=[contact.pk])
    main = addresses[0].email if addresses else ""
    signs_in = contact.user.email if contact.user else ""
    page = ContactPage(
        id=contact.pk,
        who=Person(contact.name, main),
        fields=fields or fields_of(contact),
        addresses=tuple(Address(one.email, one.primary, one.email == signs_in) for one in addresses),
        user=contact.user.username if contact.user else "",
        company=contact.company.name if len(companies(user, Permission.RECORDS_READ)) > 1 else "",
        writes=_writes(user, contact),
        rows=tuple(row_of(record, newest.get(record.pk, Latest())) for record in listed.rows),
        next=f"{here}?before={listed.next}" if listed.next else "",
        newest=here if before is not None else "",
        write_to=f"{reverse('inbox-new')}?{urlencode({'to': _written(contact.name, main)})}" if main else "",
        alike=tuple(
            _lookalike(contact, one) for one in contacts_alike(user, contact, [one.email for one in addresses])
        ),
        typed=typed,
        taken=taken or Taken(),
        errors=errors or {},
        shown=first or shown(fields_of(contact)),
    )
    context = {"title": contact.name or main, "here": "contacts", "page": page}
    refused = errors and request.method == "POST"
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "web/contacts/page.html", context, status=status)


def _lookalike(contact: Contact, one: Alike) -> Lookalike:
    compare = f"{reverse('contact-merge', args=[contact.pk])}?other={one.contact}"
    who = Person(one.name, one.email, reverse("contact", args=[one.contact]))
    return Lookalike(one.contact, who, one.email, one.like, compare)


def _written(name: str, email: str) -> str:
    """Name and address as one types them; a name with characters of its own meaning in quotes (RFC 5322 §3.2.4)."""
    plain = name.replace(chr(34), "").replace(chr(92), "")
    return f'"{plain}" <{email}>'


def _writes(user: User, contact: Contact) -> bool:
    return contact.company_id in companies(user, Permission.RECORDS_WRITE)
