"""Limits of sending: all that are known, setting one, forgetting what was learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.directory.access import NO_COMPANY
from postroom.directory.profile import CannotSave
from postroom.outbound.models import PaceScope
from postroom.outbound.paces import services as paces
from postroom.outbound.paces.services import NoPace, Shown
from postroom.outbound.servers import services as servers
from postroom.web.pages.common import found, number, reader
from postroom.web.pages.settings.servers.common import may_manage

NOT_A_NUMBER = -1


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a select."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A pace and what it is of; `is_wire`: its name is a domain."""

    pace: Shown
    kind: str
    is_wire: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """A limit as it was typed."""

    scope: str = PaceScope.DESTINATION.value
    key: str = ""
    period: str = "minute"
    number: str = ""
    company: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


def _kinds() -> dict[str, str]:
    return {
        PaceScope.DESTINATION.value: _("Mail to a domain"),
        PaceScope.SENDER.value: _("Mail from a domain"),
        PaceScope.COMPANY.value: _("Company"),
        PaceScope.SERVER.value: _("Server"),
    }


def _options(words: Mapping[str, str]) -> list[Option]:
    return [Option(value, said) for value, said in words.items()]


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def pace_list(request: HttpRequest) -> HttpResponse:
    """All paces; POST sets a limit."""
    if request.method != "POST":
        return _page(request, Typed())
    typed = _typed(request)
    try:
        _set(request, typed)
    except NoPace:
        return found(None)
    except CannotSave as error:
        return _page(request, replace(typed, errors=error.problems), HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("Saved. What waits is looked at again within seconds."))
    return redirect("paces")


def _typed(request: HttpRequest) -> Typed:
    scope, key, period, amount, company = (
        request.POST.get(name, "").replace("\0", "")[:255] for name in ("scope", "key", "period", "number", "company")
    )
    return Typed(scope, key, period, amount, company)


def _set(request: HttpRequest, typed: Typed) -> None:
    company = number(typed.company) or NO_COMPANY
    amount = number(typed.number)
    own = {PaceScope.COMPANY.value: str(company), PaceScope.SERVER.value: str(DEFAULT_SERVER)}
    key = (company, typed.scope, own.get(typed.scope, typed.key))
    paces.set_limit(
        user=reader(request), key=key, period=typed.period, number=NOT_A_NUMBER if amount is None else amount
    )


@require_POST
@may_manage
def pace_forget(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget what was learnt of one."""
    try:
        paces.forget_learnt(user=reader(request), pace_id=pk)
    except NoPace:
        return found(None)
    messages.success(request, _("Forgotten: only the limits that people set count now."))
    return redirect("paces")


def _page(request: HttpRequest, typed: Typed, status: int = HTTPStatus.OK) -> HttpResponse:
    user, kinds = reader(request), _kinds()
    wire = {PaceScope.DESTINATION.value, PaceScope.SENDER.value}
    where = {str(key or NO_COMPANY): name or _("All companies") for key, name in servers.places(user).items()}
    shown = {
        "title": _("Limits of sending"),
        "here": "settings",
        "rows": [Row(one, kinds[one.scope], one.scope in wire) for one in paces.paces(user)],
        "kinds": _options(kinds if "0" in where else {key: one for key, one in kinds.items() if key != "server"}),
        "periods": _options({"minute": _("a minute"), "hour": _("an hour"), "day": _("24 hours")}),
        "owners": _options(where),
        "typed": typed,
    }
    return render(request, "web/paces/list.html", shown, status=status)
