"""What the address of a list asks for: its filter, its order, list or board, and addresses that ask for the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse

from postroom.records.lists import MINE, NEWEST, NOBODY, SORTS, STATES, Filter
from postroom.web.pages.common import number, shortened
from postroom.web.places import Place

VIEWS = ("list", "board")
YEAR = 365 * 24 * 3600  # seconds


@dataclass(frozen=True, slots=True)
class Asked:
    """A list as its address asks for it. `view` is list or board."""

    place: Place
    filter: Filter
    view: str = "list"

    def url(self, name: str = "", **changes: Any) -> str:
        """The address of this list, or of `name` (`board`, `export`), with the same filter but for these changes."""
        here = reverse(f"{self.place.name}-{name}") if name else self.place.url
        one = self.filter
        asked = {"q": one.text, "stage": one.stage, "owner": one.owner, "desk": one.desk, "state": one.state}
        asked |= {"sort": one.sort if one.sort != NEWEST else "", **changes}
        query = urlencode({key: value for key, value in asked.items() if value})
        return f"{here}?{query}" if query else here


def asked_of(request: HttpRequest, place: Place, given: QueryDict | None = None) -> Asked:
    """What an address asks for, or another one's fields that are `given`; whatever they say that means nothing is left
    out.
    """
    given = request.GET if given is None else given
    owner, state, sort = given.get("owner", ""), given.get("state", ""), given.get("sort", "")
    one = Filter(
        type=place.type,
        text=shortened(given.get("q", "")),
        stage=shortened(given.get("stage", "")),
        owner=owner if owner in (MINE, NOBODY) or number(owner) else "",
        desk=number(given.get("desk", "")),
        state=state if state in STATES else "",
        sort=sort if sort in SORTS else NEWEST,
    )
    return Asked(place, one, _view(request, place, given))


def _view(request: HttpRequest, place: Place, given: QueryDict) -> str:
    """List or board: what the address says, else what was chosen the last time."""
    for said in (given.get("view", ""), request.COOKIES.get(f"view-{place.name}", "")):
        if said in VIEWS:
            return said
    return VIEWS[0]


def remember_view(request: HttpRequest, response: HttpResponse, asked: Asked) -> None:
    """Show it the same way the next time."""
    if request.GET.get("view") in VIEWS:
        name = f"view-{asked.place.name}"
        response.set_cookie(name, asked.view, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure())
