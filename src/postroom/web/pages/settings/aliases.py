"""Aliases: the list with its filter, one alias with its form, its retired names, and deleting it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from postroom.core.routing.facts import Part
from postroom.directory.roles import Permission
from postroom.domains import access
from postroom.domains.managing import CannotSave, Change
from postroom.domains.models import Alias, RetiredAddress
from postroom.domains.selectors import alias_page as alias_page_of
from postroom.records import alias_editing
from postroom.records.alias_editing import NoAlias
from postroom.records.models import Desk
from postroom.records.record_types import record_types
from postroom.web.meanwhile import Meanwhile, laid_on
from postroom.web.pages.common import for_those_who_may, found, key, reader, shortened, wants
from postroom.web.pages.settings.alias_form import AliasForm, alias_form, changed_meanwhile, given_alias_form
from postroom.web.pages.settings.renaming import ask, confirmed
from postroom.web.trace import State

MOST_RETIRED = 50
may_manage = for_those_who_may(Permission.DOMAINS_MANAGE)


@dataclass(frozen=True, slots=True)
class Row:
    """An alias of the list."""

    id: int
    address: str
    url: str
    desk: str
    type: str
    health: State
    current: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """The page of aliases. `one`: an alias was asked for, so phones show it alone."""

    rows: tuple[Row, ...]
    next: str = ""
    newest: str = ""
    text: str = ""
    state: str = ""
    form: AliasForm | None = None
    alias: Alias | None = None
    health: State | None = None
    retired: tuple[RetiredAddress, ...] = ()
    one: bool = False
    ready: bool = True


@may_manage
def alias_list(request: HttpRequest) -> HttpResponse:
    """All aliases; wide screens show the newest beside them."""
    page = _listed(request, None)
    if wants(request, "alias-rows"):
        return render(request, "web/settings/alias_rows.html", {"page": page})
    first = access.aliases(reader(request)).filter(pk=page.rows[0].id).first() if page.rows else None
    return _page(request, first, alias_form(reader(request), first) if first else None, one=False)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def alias_new(request: HttpRequest) -> HttpResponse:
    """Add an alias."""
    user = reader(request)
    if request.method != "POST":
        return _page(request, None, alias_form(user, None))
    form = given_alias_form(user, request.POST, None)
    try:
        row = alias_editing.add_alias(user=user, fields=form.fields)
    except CannotSave as error:
        return _page(request, None, form.with_errors(error.problems), HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("%(address)s is added. Mail to it makes records now.") % {"address": row.address})
    return redirect("alias", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def alias_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One alias with its form."""
    user = reader(request)
    row = found(access.aliases(user).filter(pk=pk).first())
    if request.method != "POST":
        return _page(request, row, alias_form(user, row))
    form = given_alias_form(user, request.POST, row)
    if "back" in request.POST:
        return _page(request, row, form)
    try:
        return _kept(request, row, form)
    except CannotSave as error:
        return _page(request, row, form.with_errors(error.problems), HTTPStatus.UNPROCESSABLE_ENTITY)
    except Meanwhile as other:
        return _page(request, row, changed_meanwhile(user, row, form, other), HTTPStatus.UNPROCESSABLE_ENTITY)


def _kept(request: HttpRequest, row: Alias, form: AliasForm) -> HttpResponse:
    """The alias as it was sent; where its address would change, the question first."""
    user, address = reader(request), row.address
    edit = laid_on(form.fields, form.shown)
    entered = alias_editing.checked_name(user, row, edit)
    renamed = entered != row.local_part
    if renamed and not confirmed(request.POST):
        change = Change(address, f"{entered}@{row.domain.name}", Part.ALIAS)
        title = _("Give up %(address)s?") % {"address": address}
        return ask(request, here="settings", title=title, url=form.url, domain=row.domain, changes=[change])
    alias_editing.edit_alias(user=user, alias_id=row.pk, fields=edit)
    said = _("Saved. %(address)s goes on working.") % {"address": address} if renamed else _("Saved.")
    messages.success(request, said)
    return redirect("alias", row.pk)


@require_POST
@may_manage
def alias_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete an alias."""
    try:
        address = alias_editing.delete_alias(user=reader(request), alias_id=pk)
    except NoAlias:
        return found(None)
    said = _("%(address)s is deleted. Answers to it still reach their conversations.") % {"address": address}
    messages.success(request, said)
    return redirect("aliases")


def _page(
    request: HttpRequest, row: Alias | None, form: AliasForm | None, status: int = HTTPStatus.OK, *, one: bool = True
) -> HttpResponse:
    """The page with one of its aliases open; with a form but no row it is a new one."""
    listed = _listed(request, row)
    given_up = row.retired.order_by("-retired_at")[:MOST_RETIRED] if row else ()
    page = replace(
        listed,
        form=form,
        alias=row,
        health=_health(row) if row else None,
        retired=tuple(given_up),
        one=one,
        ready=access.readable(reader(request)).exists(),
    )
    title = (form.title if one and form else "") or _("Aliases")
    shown = {"title": title, "here": "settings", "page": page, "form": form}
    return render(request, "web/settings/aliases.html", shown, status=status)


def _listed(request: HttpRequest, current: Alias | None) -> Page:
    """The rows of the list as its filter has them."""
    user, text, state = reader(request), shortened(request.GET.get("q", "")), request.GET.get("state", "")
    before, state = key(request), state if state in Alias.Health.values else ""
    found_rows = alias_page_of(user, text=text, health=state, before=before, also=Q(desk__name__icontains=text))
    desks = dict(Desk.objects.filter(alias__in=[row.pk for row in found_rows.rows]).values_list("alias", "name"))
    kept = {name: value for name, value in (("q", text), ("state", state)) if value}
    place = reverse("aliases")
    return Page(
        rows=tuple(_row(row, desks.get(row.pk, ""), current) for row in found_rows.rows),
        next=f"{place}?{urlencode({**kept, 'before': found_rows.next})}" if found_rows.next else "",
        newest=(f"{place}?{urlencode(kept)}" if kept else place) if before is not None else "",
        text=text,
        state=state,
    )


def _row(row: Alias, desk: str, current: Alias | None) -> Row:
    types = record_types()
    return Row(
        id=row.pk,
        address=row.address,
        url=reverse("alias", args=[row.pk]),
        desk=desk,
        type=str(types[row.record_type].plural) if row.record_type in types else row.record_type,
        health=_health(row),
        current=current is not None and row.pk == current.pk,
    )


def _health(row: Alias) -> State:
    if row.health == Alias.Health.INVALID:
        return State(_("Broken"), "circle-alert", "bad")
    if row.health == Alias.Health.VALID:
        return State(_("Working"), "circle-check", "ok")
    return State(_("Not tried yet"), "circle-dashed", "")
