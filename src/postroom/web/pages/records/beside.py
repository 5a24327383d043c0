"""Next and previous record: within the list or the column of the board that the reader came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, QueryDict

from postroom.directory.models import User
from postroom.records.models import Record
from postroom.records.neighbours import neighbours
from postroom.web.pages.records.asked import VIEWS, Asked, asked_of
from postroom.web.places import Place, place_of_type, record_url

LIST = "list"  # the parameter that carries what the list asked for from record to record
BOARD = VIEWS[1]
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Beside:
    """Addresses of the records beside this one, empty at the ends of the list, and of the list itself."""

    previous: str = ""
    next: str = ""
    back: str = ""
    filtered: bool = False


def beside(request: HttpRequest, user: User, record: Record) -> Beside:
    """Beside a record in its list: the one that the address carries, else the one that the reader came from. On a
    board the records of its stage are beside it.
    """
    place = place_of_type(record.type)
    query = _query(request, place)
    asked = asked_of(request, place, QueryDict(query or ""))
    if query is None:
        asked = Asked(place, asked.filter)  # not from a list: whatever was chosen there last
    elif asked.view == BOARD and not asked.filter.stage and record.stage:
        asked = replace(asked, filter=replace(asked.filter, stage=record.stage.name))
    found = neighbours(user, record, asked.filter)
    carried = _carried(asked) if query is not None else ""
    at = {
        name: f"{record_url(record.type, pk)}{carried}" if pk else ""
        for name, pk in (("previous", found.previous), ("next", found.next))
    }
    return Beside(at["previous"], at["next"], _back(asked), filtered=asked.filter.narrows)


def _query(request: HttpRequest, place: Place) -> str | None:
    """What the list asked for, as its address said; None where the reader comes from elsewhere."""
    if LIST in request.GET:
        return f"view={VIEWS[0]}&{request.GET[LIST][:LONGEST]}"  # the last one counts: what it says itself
    try:
        came_from = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # no address
        return None
    here = came_from.netloc == request.get_host() and came_from.path == place.url
    return came_from.query[:LONGEST] if here else None


def _carried(asked: Asked) -> str:
    query = urlsplit(asked.url(view=BOARD if asked.view == BOARD else "")).query
    return f"?{urlencode({LIST: query})}" if query else ""


def _back(asked: Asked) -> str:
    """A board shows all its stages."""
    return asked.url(stage="", view=BOARD) if asked.view == BOARD else asked.url()
