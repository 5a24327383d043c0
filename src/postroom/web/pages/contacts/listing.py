"""The list of contacts: by name, with a filter, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.conversations.contacts import Last, last_conversations
from postroom.directory import contacts_lists
from postroom.directory.access import companies, may
from postroom.directory.models import Contact, ContactAddress
from postroom.directory.roles import Permission
from postroom.web.pages.common import for_those_who_may, reader, shortened, wants
from postroom.web.places import record_url
from postroom.web.views import Person

LONGEST_KEY = 2000


@dataclass(frozen=True, slots=True)
class Row:
    """A contact as the list shows it; `last` is the title of the conversation that began last."""

    id: int
    url: str
    who: Person
    organisation: str = ""
    company: str = ""
    more: int = 0
    ours: bool = False
    last: str = ""
    last_url: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of contacts. `next` and `first` are addresses, empty where they lead nowhere."""

    rows: tuple[Row, ...] = ()
    text: str = ""
    next: str = ""
    first: str = ""
    url: str = ""
    writes: bool = False


@for_those_who_may(Permission.RECORDS_READ)
def contact_list(request: HttpRequest) -> HttpResponse:
    """The contacts of the reader's companies; htmx asks for the rows alone."""
    user, text, after = reader(request), shortened(request.GET.get("q", "")), request.GET.get("after", "")[:LONGEST_KEY]
    page = contacts_lists.contacts(user, text=text, after=after)
    keys = [row.pk for row in page.rows]
    addresses, last = contacts_lists.addresses_of(keys), last_conversations(keys)
    several = len(companies(user, Permission.RECORDS_READ)) > 1
    listing = Listing(
        rows=tuple(_row(one, addresses.get(one.pk, []), last, several=several) for one in page.rows),
        text=text,
        next=_url(q=text, after=page.next) if page.next else "",
        first=_url(q=text) if after else "",
        url=_url(q=text),
        writes=may(user, Permission.RECORDS_WRITE),
    )
    shown = {"title": _("Contacts"), "here": "contacts", "list": listing}
    return render(request, "web/contacts/rows.html" if wants(request, "rows") else "web/contacts/list.html", shown)


def _url(**asked: str) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('contacts')}?{query}" if query else reverse("contacts")


def _row(contact: Contact, addresses: list[ContactAddress], known: Mapping[int, Last], *, several: bool) -> Row:
    last = known.get(contact.pk)
    return Row(
        id=contact.pk,
        url=reverse("contact", args=[contact.pk]),
        who=Person(contact.name, addresses[0].email if addresses else ""),
        organisation=contact.organisation,
        company=contact.company.name if several else "",
        more=max(len(addresses) - 1, 0),
        ours=contact.user_id is not None,
        last=(last.title or _("No subject")) if last else "",
        last_url=record_url(last.type, last.record) if last else "",
        at=last.at if last else None,
    )
