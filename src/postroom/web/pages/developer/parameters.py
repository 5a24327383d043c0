"""System parameters: every known one with its meaning, those that somebody added, and setting one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from postroom.directory import system
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.directory.system import Setting
from postroom.infra.parameters import Kind
from postroom.web.pages.common import for_those_who_may, found, reader
from postroom.web.places import all_places

LONGEST = 5000  # characters of a value that are read
KINDS = {
    Kind.NUMBER: gettext_lazy("a whole number"),
    Kind.ADDRESS: gettext_lazy("a mail address"),
    Kind.SENDER: gettext_lazy("a mail address, or its local part"),
    Kind.FILTER: gettext_lazy("addresses and domains, by commas"),
    Kind.DOMAIN: gettext_lazy("a domain"),
    Kind.LOCAL_PART: gettext_lazy("a local part, before the @"),
    Kind.TEXT: gettext_lazy("text"),
}
operators = for_those_who_may(Permission.SYSTEM_MANAGE)


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter of the list."""

    setting: Setting
    url: str
    kind: str
    form_url: str = ""
    form: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The page of parameters. `row` None with `one`: a new one."""

    rows: tuple[Row, ...]
    row: Row | None = None
    key: str = ""
    value: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    one: bool = False


@operators
def parameter_list(request: HttpRequest) -> HttpResponse:
    """All parameters; wide screens show the first beside them."""
    return _page(request, "", one=False)


@require_http_methods(["GET", "HEAD", "POST"])
@operators
def parameter_new(request: HttpRequest) -> HttpResponse:
    """Add one that we do not know."""
    if request.method != "POST":
        return _page(request, None)
    key, value = request.POST.get("key", "")[:200], request.POST.get("value", "")[:LONGEST]
    try:
        system.set_parameter(user=reader(request), key=key, value=value)
    except CannotSave as error:
        return _page(request, None, key=key, value=value, errors=error.problems)
    messages.success(request, _("Saved."))
    return redirect("parameter", key.strip().lower())


@require_http_methods(["GET", "HEAD", "POST"])
@operators
def parameter_page(request: HttpRequest, key: str) -> HttpResponse:
    """One parameter, to be set."""
    found(system.setting(reader(request), key))
    if request.method != "POST":
        return _page(request, key)
    value = request.POST.get("value", "")[:LONGEST]
    try:
        system.set_parameter(user=reader(request), key=key, value=value)
    except CannotSave as error:
        return _page(request, key, value=value, errors=error.problems)
    messages.success(request, _("Saved. It holds everywhere within five seconds."))
    return redirect("parameter", key)


@require_POST
@operators
def parameter_reset(request: HttpRequest, key: str) -> HttpResponse:
    """Forget what was set; an unknown one is gone then."""
    row = found(system.setting(reader(request), key))
    system.reset_parameter(user=reader(request), key=key)
    messages.success(request, _("The default holds again.") if row.is_known else _("Removed."))
    return redirect("parameter", key) if row.is_known else redirect("parameters")


def _page(
    request: HttpRequest,
    current: str | None,
    *,
    key: str = "",
    value: str | None = None,
    errors: Mapping[str, str] | None = None,
    one: bool = True,
) -> HttpResponse:
    """`current` None: a new one, empty: the first of all."""
    all_ = system.settings(reader(request))
    wanted = all_[0].key if current == "" else current
    rows = tuple(_row(setting, wanted) for setting in all_)
    row = next((row for row in rows if row.setting.key == wanted), None)
    shown = value if value is not None else row.setting.value if row else ""
    page = Page(rows, row, key or (row.setting.key if row else ""), shown, errors or {}, one)
    title = _("System parameters") if not one else row.setting.key if row else _("New parameter")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    named = {"title": title, "here": "settings", "page": page}
    return render(request, "web/developer/parameters.html", named, status=status)


def _row(setting: Setting, current: str | None) -> Row:
    label = next((str(place.label) for place in all_places() if place.name == setting.form), "")
    return Row(
        setting,
        reverse("parameter", args=[setting.key]),
        str(KINDS[setting.kind]),
        reverse(setting.form) if setting.form else "",
        label or (str(_("Default server")) if setting.form else ""),
        setting.key == current,
    )
