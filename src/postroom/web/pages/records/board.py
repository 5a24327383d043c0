"""The board: a column for each stage, and cards that are moved from one to another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records import lists, selectors, services
from postroom.records.models import Record, Stage
from postroom.web.pages.common import for_users, found, number, reader, shortened
from postroom.web.pages.records.asked import Asked, asked_of
from postroom.web.places import place_of_type, record_url
from postroom.web.views import Person

CARDS = 15  # of a column at a time


@dataclass(frozen=True, slots=True)
class Card:
    """A record on a board. `held` is true for those who may not move it."""

    id: int
    url: str
    number: str
    title: str
    who: str = ""
    owner: Person | None = None
    at: datetime | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A stage with its first cards; `count` in words, `more` is where the next ones are, empty where there are none."""

    name: str
    closes: bool = False
    count: str = ""
    cards: tuple[Card, ...] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """All the columns."""

    columns: tuple[Column, ...] = ()

    @property
    def empty(self) -> bool:
        return not any(column.cards for column in self.columns)


def board_of(user: User, asked: Asked) -> Board:
    """The board of a list's filter, whatever stage that names: a board shows them all."""
    whole = replace(asked.filter, stage="")
    return Board(
        tuple(
            _column(user, asked, one.name, one.listed, closes=one.closes, count=_counted(one.count))
            for one in lists.columns(user, whole, CARDS)
        )
    )


def _counted(number: int) -> str:
    return f"{lists.MOST_COUNTED - 1}+" if number >= lists.MOST_COUNTED else str(number)


def _column(
    user: User, asked: Asked, name: str, page: lists.Listed, *, closes: bool = False, count: str = ""
) -> Column:
    writable = companies(user, Permission.RECORDS_WRITE)
    more = asked.url("cards", stage=name, after=page.next) if page.next else ""
    return Column(
        name, closes, count, tuple(_card(row, held=row.company_id not in writable) for row in page.rows), more
    )


def _card(record: Record, *, held: bool) -> Card:
    owner = record.owner
    return Card(
        id=record.pk,
        url=record_url(record.type, record.pk),
        number=record.number,
        title=record.title or _("No subject"),
        who=record.contact.name if record.contact else "",
        owner=Person(owner.name, owner.email) if owner else None,
        at=record.active_at,
        held=held,
    )


@require_safe
@for_users
def cards(request: HttpRequest, type: str) -> HttpResponse:
    """Further cards of a column: of the stage that the address names."""
    asked = asked_of(request, place_of_type(type))
    user, after = reader(request), request.GET.get("after", "")[:2000]
    page = lists.records(user, asked.filter, after=after, limit=CARDS)
    column = _column(user, asked, asked.filter.stage, page)
    return render(request, "web/records/cards.html", {"column": column})


@require_POST
@for_users
def move(request: HttpRequest, type: str) -> HttpResponse:
    """Move a card to the stage of this name on its own desk; the answer says so in words, as JSON."""
    user, name = reader(request), shortened(request.POST.get("stage", ""))
    record = found(selectors.record(user, type, number(request.POST.get("record", "")) or 0))
    stage = Stage.objects.filter(desk=record.desk_id or 0, name=name).first()
    if stage is None:
        desk = record.desk.name if record.desk else _("no desk")
        said = _("%(number)s stays: %(desk)s has no stage “%(stage)s”.")
        words = said % {"number": record.number, "desk": desk, "stage": name}
        return JsonResponse({"said": words}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        services.move_to_stage(user=user, record_id=record.pk, stage_id=stage.pk)
    except services.CannotDo as problem:
        return JsonResponse({"said": str(problem)}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return JsonResponse({"said": _("Moved %(number)s to %(stage)s.") % {"number": record.number, "stage": name}})
