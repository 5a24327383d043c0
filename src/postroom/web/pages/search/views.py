"""The page of results, and the list of the palette."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from postroom.core.search.words import LONGEST_QUESTION, question
from postroom.directory.models import User
from postroom.infra.search.index import is_behind
from postroom.web.pages.common import for_users, key, reader, shortened, wants
from postroom.web.pages.search.results import LABELS, Row, pages, rows_of
from postroom.web.places import Place

PAGE = 20
FIRST = 5  # rows of each kind where all are shown
IN_PALETTE = {"conversations": 3, "records": 3, "contacts": 2}
PAGES_IN_PALETTE = 4


@dataclass(frozen=True, slots=True)
class Tab:
    """A kind to which results are narrowed, or all."""

    label: Promise | str
    url: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of a kind; `more` is the address of all of them, empty where these are."""

    kind: str
    label: Promise | str
    rows: tuple[Row, ...] = ()
    places: tuple[Place, ...] = ()
    more: str = ""


@dataclass(frozen=True, slots=True)
class Results:
    """What was found. `next` and `newest` are addresses, empty where they lead nowhere; `too_short` says that nothing
    was looked for yet, `behind` that not everything is indexed.
    """

    text: str = ""
    kind: str = ""
    tabs: tuple[Tab, ...] = ()
    groups: tuple[Group, ...] = ()
    next: str = ""
    newest: str = ""
    too_short: bool = False
    behind: bool = False


@require_safe
@for_users
def search(request: HttpRequest) -> HttpResponse:
    """Results for `q`, of all kinds or of one; htmx asks for them alone."""
    user, text, kind = reader(request), asked_for(request), request.GET.get("kind", "")
    kind = kind if kind in LABELS else ""
    before = key(request) if kind else None
    groups, following = _one(user, kind, text, before) if kind else (_all(user, text), None)
    found = Results(
        text=text,
        kind=kind,
        tabs=_tabs(text, kind),
        groups=groups,
        next=_url(q=text, kind=kind, before=str(following)) if following is not None else "",
        newest=_url(q=text, kind=kind) if before is not None else "",
        too_short=not groups and not question(text) and any(map(str.isalnum, text)),
        behind=is_behind(),
    )
    shown = {"title": _("Search"), "here": "search", "found": found}
    return render(request, "web/search/found.html" if wants(request, "found") else "web/search/page.html", shown)


@require_safe
@for_users
def palette(request: HttpRequest) -> HttpResponse:
    """The first results for `q` as options of a list, with the pages that are called so."""
    user, text = reader(request), asked_for(request)
    groups = [
        Group(kind, label, rows_of(user, kind, text, limit=IN_PALETTE[kind]).rows)
        for kind, (label, _icon) in LABELS.items()
    ]
    called = Group("pages", _("Pages"), places=tuple(pages(user, text)[:PAGES_IN_PALETTE]))
    shown = {
        "text": text.strip(),
        "groups": [group for group in (called, *groups) if group.rows or group.places],
        "all_url": _url(q=text.strip()),
    }
    return render(request, "web/search/options.html", shown)


def asked_for(request: HttpRequest) -> str:
    """What was typed; a space at its end says that the last word is whole."""
    typed = request.GET.get("q", "")[:LONGEST_QUESTION]
    plain = shortened(typed, LONGEST_QUESTION)
    return f"{plain} " if plain and typed[-1:].isspace() else plain


def _all(user: User, text: str) -> tuple[Group, ...]:
    groups = []
    for kind, (label, _icon) in LABELS.items():
        page = rows_of(user, kind, text, limit=FIRST)
        more = _url(q=text, kind=kind) if page.next is not None else ""
        groups.append(Group(kind, label, page.rows, more=more))
    called = Group("pages", _("Pages"), places=tuple(pages(user, text)))
    return tuple(group for group in (*groups, called) if group.rows or group.places)


def _one(user: User, kind: str, text: str, before: int | None) -> tuple[tuple[Group, ...], int | None]:
    page = rows_of(user, kind, text, before=before, limit=PAGE)
    return ((Group(kind, LABELS[kind][0], page.rows),) if page.rows else ()), page.next


def _tabs(text: str, kind: str) -> tuple[Tab, ...]:
    kinds: list[tuple[str, Promise | str]] = [("", _("All")), *((one, label) for one, (label, _icon) in LABELS.items())]
    return tuple(Tab(label, _url(q=text, kind=one), one == kind) for one, label in kinds)


def _url(**asked: str) -> str:
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('search')}?{query}" if query else reverse("search")
