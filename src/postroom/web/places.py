"""The places of the navigation: what each is called, where it leads, who sees it. Each area of pages brings its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from django.http import Http404
from django.urls import reverse
from django.utils.functional import Promise

from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission

AREAS = ("home", "inbox", "records", "contacts", "search", "arrivals", "outbox", "settings", "hosting", "developer")
"""The packages of `web.pages` whose `places.PLACES` are shown, in this order."""

WORK, RECORDS, MAIL, SETTINGS, DEVELOPER = "work", "records", "mail", "settings", "developer"
RAIL = (WORK, RECORDS, MAIL)


@dataclass(frozen=True, slots=True)
class Place:
    """A destination. `name` is that of its address, `key` follows `g` on the keyboard, `type` is the record type that
    is listed there, if any. `group` says where it stands: in the rail, among the settings, or in developer mode.
    `words` are what people also call it, for the search of settings; `about` says in a line what one does there.
    Without a `permission` everybody goes there; with `leads_to`, whoever may go to a place of one of these groups.
    `only_if` says whether this installation has it.
    """

    name: str
    label: Promise | str
    icon: str
    key: str
    permission: Permission | None
    type: str = ""
    empty: Promise | str = ""
    group: str = WORK
    words: tuple[str, ...] = ()
    about: Promise | str = ""
    leads_to: tuple[str, ...] = ()
    only_if: Callable[[], bool] | None = None

    @property
    def url(self) -> str:
        return reverse(self.name)


@cache
def all_places() -> tuple[Place, ...]:
    """Every place of every area."""
    found: list[Place] = []
    for area in AREAS:
        found += import_module(f"postroom.web.pages.{area}.places").PLACES
    return tuple(found)


def places_of(user: User, *groups: str) -> Iterator[Place]:
    """The places that `user` may go to; those of the rail where no groups are named."""
    wanted = groups or RAIL
    return (place for place in all_places() if place.group in wanted and is_open(place, user))


def is_open(place: Place, user: User) -> bool:
    """Whether `user` may go to a place."""
    if place.only_if is not None and not place.only_if():
        return False
    if place.leads_to:
        return any(places_of(user, *place.leads_to))
    return place.permission is None or may(user, place.permission)


def place_of_type(type: str) -> Place:
    """The place where records of a type are listed; 404 where there is none."""
    for place in all_places():
        if place.type and place.type == type:
            return place
    raise Http404


def message_url(type: str, record: int, message: int) -> str:
    """A message in its place on the page of its record, however old it is."""
    return f"{record_url(type, record)}?at={message}#m{message}"


def record_url(type: str, pk: int) -> str:
    """The page of a record; empty where its type has no page."""
    return next((reverse(f"{place.name}-page", args=[pk]) for place in all_places() if place.type == type), "")
