"""The places of the navigation: what each is called, where it leads, who sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import Http404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission


@dataclass(frozen=True, slots=True)
class Place:
    """A destination: `key` follows `g` on the keyboard, `type` is the record type that is listed there, if any."""

    name: str
    label: Promise | str
    icon: str
    key: str
    permission: Permission
    type: str = ""
    empty: Promise | str = ""

    @property
    def url(self) -> str:
        return reverse(self.name)


PLACES = (
    Place("inbox", _("Inbox"), "inbox", "i", Permission.RECORDS_READ),
    Place(
        "leads",
        _("Leads"),
        "handshake",
        "r",
        Permission.RECORDS_READ,
        type="lead",
        empty=_("No leads yet. A mail to one of your sales addresses becomes a lead here by itself."),
    ),
    Place(
        "tickets",
        _("Tickets"),
        "ticket",
        "t",
        Permission.RECORDS_READ,
        type="ticket",
        empty=_("No tickets yet. A mail to one of your support addresses becomes a ticket here by itself."),
    ),
    Place("arrivals", _("Arrivals"), "mails", "a", Permission.ARRIVALS_READ),
    Place("outbound", _("Outbox"), "send", "o", Permission.OUTBOUND_READ),
    Place("settings", _("Settings"), "settings", "s", Permission.SERVERS_MANAGE),
)


def places_of(user: User) -> Iterator[Place]:
    """The places that `user` may go to."""
    return (place for place in PLACES if may(user, place.permission))


def place_of_type(type: str) -> Place:
    """The place where records of a type are listed; 404 where there is none."""
    for place in PLACES:
        if place.type and place.type == type:
            return place
    raise Http404


def record_url(type: str, pk: int) -> str:
    """The page of a record; empty where its type has no page."""
    return next((reverse(f"{place.name}-page", args=[pk]) for place in PLACES if place.type == type), "")
