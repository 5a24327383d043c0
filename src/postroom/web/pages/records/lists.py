"""The lists of leads and tickets: rows with a filter and an order, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.conversations import selectors as talk
from postroom.conversations.selectors import Latest
from postroom.directory.access import companies, may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records import lists
from postroom.records.models import Record
from postroom.records.record_types import record_type
from postroom.web.pages.common import for_users, key, reader, wants
from postroom.web.pages.records.asked import Asked, asked_of, remember_view
from postroom.web.pages.records.board import board_of
from postroom.web.places import Place, place_of_type, record_url
from postroom.web.views import Person


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
class Choice:
    """An option of a filter."""

    value: str
    words: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Picks:
    """What a list may be narrowed to and sorted by; `chosen` is how many of them are in force."""

    stages: tuple[Choice, ...] = ()
    owners: tuple[Choice, ...] = ()
    desks: tuple[Choice, ...] = ()
    states: tuple[Choice, ...] = ()
    sorts: tuple[Choice, ...] = ()
    chosen: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of rows with what made it. `next` and `newest` are addresses, empty where they lead nowhere.

    `people` are those to whom rows can be given (id, name); none for those who may only read. `within` is how many
    records words are looked for in.
    """

    place: Place
    asked: Asked
    picks: Picks
    rows: tuple[Row, ...] = ()
    people: tuple[tuple[int, str], ...] = ()
    next: str = ""
    newest: str = ""
    within: int = lists.SEARCHED
    writes: bool = False

    @property
    def kind(self) -> str:
        """A record of the list in the singular, within a sentence."""
        return record_type(self.place.type).name.lower()

    @property
    def new_name(self) -> str:
        return f"{self.place.name}-new"

    @property
    def assign_url(self) -> str:
        return reverse(f"{self.place.name}-assign")

    @property
    def write_url(self) -> str:
        return reverse(f"{self.place.name}-write")

    @property
    def move_url(self) -> str:
        return reverse(f"{self.place.name}-move")

    @property
    def sorted(self) -> str:
        """The order, for those who don't see it."""
        sorts = {lists.NEWEST: _("newest first"), lists.ACTIVE: _("recent activity first"), lists.TITLE: _("by title")}
        return sorts[self.asked.filter.sort]

    @property
    def text(self) -> str:
        return self.asked.filter.text

    @property
    def stage(self) -> str:
        return self.asked.filter.stage

    @property
    def filtered(self) -> bool:
        return self.asked.filter.narrows

    @property
    def url(self) -> str:
        """This list from its beginning, with its filter."""
        return self.asked.url()

    @property
    def export(self) -> str:
        return self.asked.url("export")

    @property
    def list_url(self) -> str:
        return self.asked.url(view="list")

    @property
    def board_url(self) -> str:
        return self.asked.url(view="board")


@for_users
def record_list(request: HttpRequest, type: str) -> HttpResponse:
    """The records of a type as rows or as a board; htmx asks for those alone."""
    user, place = reader(request), place_of_type(type)
    if not may(user, Permission.RECORDS_READ):
        return render(request, "web/no_companies.html", {"title": place.label})
    asked = asked_of(request, place)
    shown: dict[str, object] = {"title": place.label, "here": place.name, "list": listing(request, user, asked)}
    if asked.view == "board":
        shown["board"] = board_of(user, asked)
    part = "web/records/board.html" if asked.view == "board" else "web/records/rows.html"
    response = render(request, part if wants(request, "rows") else "web/records/list.html", {**shown, "part": part})
    remember_view(request, response, asked)
    if wants(request, "rows") and _is_narrowed_anew(request, asked):
        response["HX-Push-Url"] = asked.url()
    return response


def _is_narrowed_anew(request: HttpRequest, asked: Asked) -> bool:
    """Whether the browser shows another filter; then its address follows, without the fields that say nothing."""
    shown = urlsplit(cast("Any", request).htmx.current_url or "")
    return "after" not in request.GET and f"{shown.path}?{shown.query}".rstrip("?") != asked.url()


def listing(request: HttpRequest, user: User, asked: Asked) -> Listing:
    """The page of a list; a board brings its own records."""
    writes = may(user, Permission.RECORDS_WRITE)
    people = lists.owners(user)
    picks = _picks(user, asked, people)
    if asked.view == "board":
        return Listing(asked.place, asked, picks, people=tuple(people), writes=writes)
    before, after = key(request), request.GET.get("after", "")[:2000]
    page = lists.records(user, asked.filter, after=after, before=before)
    newest = talk.latest(user, [record.pk for record in page.rows])
    return Listing(
        place=asked.place,
        asked=asked,
        picks=picks,
        rows=tuple(row_of(record, newest.get(record.pk, Latest())) for record in page.rows),
        people=tuple(people) if writes else (),
        next=asked.url(after=page.next) if page.next else "",
        newest=asked.url() if before or after else "",
        writes=writes,
    )


def _picks(user: User, asked: Asked, people: Sequence[tuple[int, str]]) -> Picks:
    now = asked.filter
    desks = lists.desks(user, now.type)
    several = len(companies(user, Permission.RECORDS_READ)) > 1
    named = [(str(desk.pk), f"{desk.name} · {desk.company.name}" if several else desk.name) for desk in desks]
    owners = [(lists.MINE, _("Mine")), (lists.NOBODY, _("Nobody's")), *((str(pk), name) for pk, name in people)]
    stages = [] if asked.view == "board" else [(name, name) for name in lists.stage_names(user, now.type)]
    sorts = [(lists.NEWEST, _("Newest")), (lists.ACTIVE, _("Recent activity")), (lists.TITLE, _("Title"))]
    in_force = (now.stage and asked.view == "list", now.owner, now.desk, now.state)
    return Picks(
        stages=_choices(stages, now.stage),
        owners=_choices(owners, now.owner),
        desks=_choices(named, str(now.desk or "")) if len(named) > 1 or now.desk else (),
        states=_choices([(lists.OPEN, _("Open")), (lists.CLOSED, _("Closed"))], now.state),
        sorts=_choices(sorts, now.sort),
        chosen=sum(map(bool, in_force)),
    )


def _choices(options: Sequence[tuple[str, str]], chosen: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, words, value == chosen) for value, words in options)


def row_of(record: Record, newest: Latest) -> Row:
    """A record with the newest message of its conversation."""
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
