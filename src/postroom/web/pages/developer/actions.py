"""Scheduled actions: what comes round, how often, what it said, and running one now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from postroom.directory import system
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.directory.system import NotYours
from postroom.inbound.actions import ACTIONS
from postroom.infra.models import ScheduledAction
from postroom.infra.schedule import FAILED, LONGEST, SHORTEST
from postroom.web.pages.common import for_those_who_may, found, number, reader

operators = for_those_who_may(Permission.SYSTEM_MANAGE)


@dataclass(frozen=True, slots=True)
class Row:
    """An action as its page shows it. `every` is what stands in the field."""

    row: ScheduledAction
    label: Promise | str
    about: Promise | str
    every: str
    failed: bool = False
    error: str = ""


@operators
def action_list(request: HttpRequest) -> HttpResponse:
    """All scheduled actions."""
    return _page(request)


@require_POST
@operators
def action_change(request: HttpRequest, key: str) -> HttpResponse:
    """Change the interval (seconds), or let an action rest or come round."""
    typed, state = request.POST.get("every_seconds"), request.POST.get("state")
    every = None if typed is None else number(typed.strip()[:12]) or 0
    active = {"on": True, "off": False}.get(state or "")
    try:
        system.change_action(user=reader(request), key=key, known=ACTIONS, every_seconds=every, is_active=active)
    except NotYours:
        return found(None)
    except CannotSave as error:
        return _page(request, {key: (typed or "", error.problems["every_seconds"])})
    messages.success(request, _("Saved."))
    return redirect("actions")


@require_POST
@operators
def action_run(request: HttpRequest, key: str) -> HttpResponse:
    """Run an action now, and say what it said."""
    try:
        said = system.run_action(user=reader(request), key=key, known=ACTIONS)
    except NotYours:
        return found(None)
    label = ACTIONS[key].label
    messages.success(request, _("%(label)s has run: %(said)s") % {"label": label, "said": said or _("nothing to do.")})
    return redirect("actions")


def _page(request: HttpRequest, wrong: Mapping[str, tuple[str, str]] | None = None) -> HttpResponse:
    rows = [_row(one, (wrong or {}).get(one.key)) for one in system.actions(reader(request), ACTIONS)]
    shown = {
        "title": _("Scheduled actions"),
        "here": "settings",
        "rows": rows,
        "shortest": SHORTEST,
        "longest": LONGEST,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return render(request, "web/developer/actions.html", shown, status=status)


def _row(row: ScheduledAction, wrong: tuple[str, str] | None) -> Row:
    action = ACTIONS[row.key]
    typed, error = wrong or (str(row.every_seconds), "")
    return Row(row, action.label, action.about, typed, row.last_result.startswith(FAILED), error)
