"""Home for those who look after a company or the installation; members go on to where they work."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from postroom.directory.access import may
from postroom.directory.attention import Attention, Weight, attention_of
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.web.number import Number, keep
from postroom.web.pages.common import for_those_who_may, for_users, reader, wants
from postroom.web.places import places_of

ICONS = {Weight.BAD: "circle-alert", Weight.WARNING: "triangle-alert", Weight.STEP: "circle"}


@dataclass(frozen=True, slots=True)
class Item:
    """Something to attend to, as the page shows it; `id` stays the same as long as it is the same thing."""

    id: str
    weight: str
    icon: str
    title: str
    text: str
    url: str
    action: Promise | str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Home:
    """What is wrong, and the steps of setting up that are left."""

    troubles: tuple[Item, ...] = ()
    steps: tuple[Item, ...] = ()


@require_safe
@for_users
def home(request: HttpRequest) -> HttpResponse:
    """What needs attention; for others the first place that they may go to."""
    user = reader(request)
    if not may(user, Permission.USERS_MANAGE):
        return _elsewhere(request, user)
    shown = _home(user)
    keep(request, len(shown.troubles))
    template = "web/home/items.html" if wants(request, "attention") else "web/home/page.html"
    needs = Number(len(shown.troubles), True)
    return render(request, template, {"title": _("Home"), "here": "home", "home": shown, "needs": needs})


@require_safe
@for_those_who_may(Permission.USERS_MANAGE)
def home_count(request: HttpRequest) -> HttpResponse:
    """The number in the rail; htmx asks for it."""
    count = sum(one.weight is not Weight.STEP for one in attention_of(reader(request)))
    keep(request, count)
    return render(request, "web/home/count.html", {"needs": Number(count, True)})


def _home(user: User) -> Home:
    found = attention_of(user)
    steps = tuple(_item(one) for one in found if one.weight is Weight.STEP)
    return Home(tuple(_item(one) for one in found if one.weight is not Weight.STEP), steps)


def _item(one: Attention) -> Item:
    url = address_of(one)
    mark = zlib.crc32(f"{one.weight} {url}".encode())
    return Item(f"need-{mark}", one.weight, ICONS[one.weight], one.title, one.text, url, one.action, one.since)


def address_of(one: Attention) -> str:
    """The address of the next step."""
    path = reverse(one.page, args=one.args)
    return f"{path}?{one.query}" if one.query else path


def _elsewhere(request: HttpRequest, user: User) -> HttpResponse:
    place = next((one for one in places_of(user) if not one.leads_to), None)  # nobody begins in the settings
    return redirect(place.name) if place else render(request, "web/no_companies.html", {"title": _("Welcome")})
