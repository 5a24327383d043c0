"""The settings: their sections as cards, a search that knows other words for them, the switch of developer mode."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.web.pages.common import for_those_who_may, for_users, reader, shortened, wants
from postroom.web.places import DEVELOPER, RAIL, SETTINGS, Place, places_of

COOKIE = "developer"
A_YEAR = 31_536_000  # seconds

# What people of other programs look for and do not find here: said so, and never shown as a link.
NOT_HERE: tuple[tuple[str, Promise], ...] = (
    ("Incoming Mail Servers Fetchmail IMAP POP", gettext_lazy("Mailboxes cannot be fetched yet.")),
    ("Blacklisted Email Addresses Blacklist Opt-out", gettext_lazy("There is no list of blocked receivers yet.")),
    ("Email Templates Canned Responses Snippets", gettext_lazy("There are no templates yet.")),
    ("Activity Types Activities Activity Plans", gettext_lazy("There are no activities yet.")),
    ("Email Marketing Mailings Mass Mailing", gettext_lazy("There is no mass mailing yet.")),
    ("DKIM SPF DMARC Authentication", gettext_lazy("What a mail's sender claims cannot be verified yet.")),
    ("OAuth Gmail Outlook Sign-in", gettext_lazy("Servers are signed in to by password only, as yet.")),
)


@dataclass(frozen=True, slots=True)
class Group:
    """Sections under a heading."""

    heading: Promise | str
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The sections, or those that a search found. `not_here` says what is looked for in vain, and what there is."""

    groups: tuple[Group, ...]
    text: str = ""
    not_here: tuple[tuple[str, Promise], ...] = ()
    may_switch: bool = False
    developer: bool = False


@for_users
def index(request: HttpRequest) -> HttpResponse:
    """All sections that the reader may open, or those that have to do with `q`."""
    user, text = reader(request), shortened(request.GET.get("q", ""))
    on = is_on(request)
    groups = _found(user, text) if text else _sections(user, developer=on)
    page = Page(
        groups=groups,
        text=text,
        not_here=() if groups or not text else _not_here(text),
        may_switch=may(user, Permission.SYSTEM_MANAGE),
        developer=on,
    )
    template = "web/settings/sections.html" if wants(request, "sections") else "web/settings/index.html"
    return render(request, template, {"title": _("Settings"), "here": "settings", "page": page})


def _sections(user: User, *, developer: bool) -> tuple[Group, ...]:
    groups = [Group("", tuple(places_of(user, SETTINGS)))]
    if developer:
        groups.append(Group(_("Developer"), tuple(places_of(user, DEVELOPER))))
    return tuple(group for group in groups if group.places)


def _found(user: User, text: str) -> tuple[Group, ...]:
    """Places of every group, developer mode or not: what the reader may open is found."""
    wanted = text.casefold().split()
    found = [
        place
        for place in places_of(user, SETTINGS, DEVELOPER, *RAIL)
        if place.name != "settings" and _says(wanted, f"{place.label} {place.about} {' '.join(place.words)}")
    ]
    return (Group(_("Found"), tuple(found)),) if found else ()


def _says(wanted: list[str], words: str) -> bool:
    """Whether every wanted word begins a word of these."""
    known = words.casefold().replace("-", " ").split() + words.casefold().split()
    return all(any(one.strip("(),.&").startswith(word) for one in known) for word in wanted if word != "&")


def _not_here(text: str) -> tuple[tuple[str, Promise], ...]:
    wanted = text.casefold().split()
    return tuple((words, said) for words, said in NOT_HERE if _says(wanted, words))


def is_on(request: HttpRequest) -> bool:
    """Whether the reader switched developer mode on, and may."""
    return request.COOKIES.get(COOKIE) == "on" and may(reader(request), Permission.SYSTEM_MANAGE)


@require_POST
@for_those_who_may(Permission.SYSTEM_MANAGE)
def developer_mode(request: HttpRequest) -> HttpResponse:
    """Switch developer mode on or off, for this browser. It shows pages; who may open them is asked there."""
    wanted = request.POST.get("mode")
    if wanted not in ("on", "off"):
        raise PermissionDenied
    response = redirect("settings")
    if wanted == "on":
        secure = bool(settings.SESSION_COOKIE_SECURE)
        response.set_cookie(COOKIE, "on", A_YEAR, httponly=True, samesite="Lax", secure=secure)
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response
