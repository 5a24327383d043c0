"""Next and previous record: within the list that the reader came from, as its address said."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from django.http import HttpRequest

from postroom.directory.models import User
from postroom.records.models import Record
from postroom.records.neighbours import neighbours
from postroom.web.pages.common import shortened
from postroom.web.places import Place, place_of_type, record_url

FILTERS = ("q", "stage")
LIST = "list"  # the parameter that carries the filter from record to record
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Beside:
    """Addresses of the records beside this one, empty at the ends of the list, and of the list itself."""

    previous: str = ""
    next: str = ""
    back: str = ""
    filtered: bool = False


def beside(request: HttpRequest, user: User, record: Record) -> Beside:
    """Beside a record in its list: with the filter that the address carries, else that of the list one came from."""
    place = place_of_type(record.type)
    asked = _filter(request, place)
    found = neighbours(user, record, text=asked.get("q", ""), stage=asked.get("stage", ""))
    carried = f"?{urlencode({LIST: urlencode(asked)})}" if asked else ""
    at = {
        name: f"{record_url(record.type, pk)}{carried}" if pk else ""
        for name, pk in (("previous", found.previous), ("next", found.next))
    }
    back = f"{place.url}?{urlencode(asked)}" if asked else place.url
    return Beside(at["previous"], at["next"], back, filtered=bool(asked))


def _filter(request: HttpRequest, place: Place) -> dict[str, str]:
    if LIST in request.GET:
        query = request.GET[LIST]
    else:
        came_from = urlsplit(request.headers.get("Referer", ""))
        here = came_from.netloc == request.get_host() and came_from.path == place.url
        query = came_from.query if here else ""
    given = parse_qs(query[:LONGEST], errors="replace")
    return {name: text for name in FILTERS if name in given and (text := shortened(given[name][0]))}
