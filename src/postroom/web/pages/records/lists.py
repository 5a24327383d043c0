"""The lists of leads and tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from postroom.conversations import selectors as talk
from postroom.conversations.selectors import Latest
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records import selectors
from postroom.records.models import Record
from postroom.web.pages.common import for_users, key, reader, wants
from postroom.web.places import Place, place_of_type, record_url
from postroom.web.views import Person

LONGEST_FILTER = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A record as a list shows it."""

    id: int
    url: str
    number: str
    title: str
    who: Person
    organisation: str = ""
    desk: str = ""
    stage: str = ""
    closed: bool = False
    owner: Person | None = None
    snippet: str = ""
    at: datetime | None = None
    files: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of rows with the filter that made it. `next` and `newest` are addresses, empty where they lead nowhere."""

    place: Place
    rows: tuple[Row, ...] = ()
    stages: tuple[str, ...] = ()
    text: str = ""
    stage: str = ""
    next: str = ""
    newest: str = ""

    @property
    def filtered(self) -> bool:
        return bool(self.text or self.stage)

    @property
    def url(self) -> str:
        """This list from its beginning, with its filter."""
        return _address(self.place, self.text, self.stage)


def _address(place: Place, text: str, stage: str, before: int | None = None) -> str:
    asked = {name: value for name, value in (("q", text), ("stage", stage), ("before", before)) if value}
    return f"{place.url}?{urlencode(asked)}" if asked else place.url


@for_users
def record_list(request: HttpRequest, type: str) -> HttpResponse:
    """The records of a type; htmx asks for the rows alone."""
    user, place = reader(request), place_of_type(type)
    if not may(user, Permission.RECORDS_READ):
        return render(request, "web/no_companies.html", {"title": place.label})
    listing = _listing(request, user, place)
    template = "web/records/rows.html" if wants(request, "rows") else "web/records/list.html"
    return render(request, template, {"title": place.label, "here": place.name, "list": listing})


def _listing(request: HttpRequest, user: User, place: Place) -> Listing:
    text = request.GET.get("q", "").strip()[:LONGEST_FILTER].replace("\0", "")
    stage = request.GET.get("stage", "")[:LONGEST_FILTER].replace("\0", "")
    before = key(request)
    page = selectors.records(user, type=place.type, text=text, stage=stage, before=before)
    newest = talk.latest(user, [record.pk for record in page.rows])
    return Listing(
        place=place,
        rows=tuple(_row(record, newest.get(record.pk, Latest())) for record in page.rows),
        stages=tuple(selectors.stage_names(user, place.type)),
        text=text,
        stage=stage,
        next=_address(place, text, stage, page.next) if page.next else "",
        newest=_address(place, text, stage) if before else "",
    )


def _row(record: Record, newest: Latest) -> Row:
    contact, owner = record.contact, record.owner
    return Row(
        id=record.pk,
        url=record_url(record.type, record.pk),
        number=record.number,
        title=record.title or _("No subject"),
        who=Person(contact.name) if contact else Person(newest.author),
        organisation=contact.organisation if contact else "",
        desk=record.desk.name if record.desk else "",
        stage=record.stage.name if record.stage else "",
        closed=record.closed_at is not None,
        owner=Person(owner.name, owner.email) if owner else None,
        snippet=newest.snippet,
        at=newest.at or record.created_at,
        files=newest.files,
    )
