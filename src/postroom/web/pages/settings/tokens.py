"""API tokens: the reader's own, made with scopes and an end, shown once, revoked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from postroom.directory import tokens
from postroom.directory.models import ApiToken
from postroom.directory.people import tokens_of
from postroom.directory.profile import CannotSave
from postroom.directory.tokens import NoToken
from postroom.infra.clock import now
from postroom.web.pages.common import for_users, found, number, reader, shortened

LASTING: tuple[tuple[str, Promise], ...] = (
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("A year")),
    ("", gettext_lazy("For ever")),
)


@dataclass(frozen=True, slots=True)
class Given:
    """A new token as it was typed."""

    name: str = ""
    scopes: tuple[str, ...] = ("read", "write")
    days: str = "90"


@dataclass(frozen=True, slots=True)
class Row:
    """A token of the list."""

    token: ApiToken
    scopes: str
    is_over: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The page of tokens. `secret` is that of a token just made, shown this once."""

    rows: tuple[Row, ...]
    given: Given = Given()
    errors: Mapping[str, str] = field(default_factory=dict)
    made: str = ""
    secret: str = ""
    lasting: tuple[tuple[str, Promise], ...] = LASTING


@require_http_methods(["GET", "HEAD", "POST"])
@for_users
def token_list(request: HttpRequest) -> HttpResponse:
    """The reader's tokens, and a form for a new one."""
    if request.method != "POST":
        return _page(request, Given())
    given = Given(
        name=shortened(request.POST.get("name", ""), 400),
        scopes=tuple(request.POST.getlist("scopes")),
        days=request.POST.get("days", "")[:20],
    )
    days = number(given.days) if given.days else None
    try:
        wanted = -1 if given.days and days is None else days
        made = tokens.make_token(user=reader(request), name=given.name, scopes=given.scopes, days=wanted)
    except CannotSave as error:
        return _page(request, given, errors=error.problems)
    return _page(request, Given(), made=made.token.name, secret=made.secret)


@require_POST
@for_users
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a token useless."""
    try:
        name = tokens.revoke(user=reader(request), token_id=pk)
    except NoToken:
        return found(None)
    messages.success(request, _("Revoked. “%(name)s” does not work any more.") % {"name": name})
    return redirect("tokens")


def _page(
    request: HttpRequest, given: Given, *, errors: Mapping[str, str] | None = None, made: str = "", secret: str = ""
) -> HttpResponse:
    at = now()
    own = tokens_of(reader(request))
    rows = tuple(Row(one, _scopes(one), one.expires_at is not None and one.expires_at <= at) for one in own)
    page = Page(rows, given, errors or {}, made, secret)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    shown = {"title": _("API tokens"), "here": "settings", "page": page}
    return render(request, "web/settings/tokens.html", shown, status=status)


def _scopes(token: ApiToken) -> str:
    words = {"read": _("reads"), "write": _("changes")}
    return ", ".join(words.get(one, one) for one in token.scopes.split())
