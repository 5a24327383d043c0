"""Outgoing servers: the list, one server with its form, archiving, and which server a From would leave by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from postroom.directory.models import User
from postroom.infra.config import config
from postroom.outbound import choice
from postroom.outbound.models import OutgoingServer
from postroom.outbound.paces.services import Shown, pace_of_server
from postroom.outbound.servers import services as servers
from postroom.outbound.servers.services import CannotSave, NoServer
from postroom.outbound.servers.uses import CannotMove, InUse, Use, targets
from postroom.web.meanwhile import Meanwhile, laid_on
from postroom.web.pages.common import found, number, reader
from postroom.web.pages.settings.servers.choice import Simulation, dns, simulation
from postroom.web.pages.settings.servers.common import may_manage, with_secrets
from postroom.web.pages.settings.servers.form import Form, changed_meanwhile, empty_form, form_of, given_form
from postroom.web.pages.settings.servers.provider import filled_for
from postroom.web.pages.settings.servers.steps import StepShown, Tested, tested_of


@dataclass(frozen=True, slots=True)
class Row:
    """A server of the list. `sends_for` is its filter as entered; `shared`: of all companies, an operator's."""

    id: int
    name: str
    place: str
    url: str = ""
    sends_for: str = ""
    active: bool = True
    shared: bool = False
    owner: str = ""
    company: str = ""
    current: bool = False
    tested: datetime | None = None
    works: bool = False


@dataclass(frozen=True, slots=True)
class Needed:
    """Why a server can't be archived, and where all of that could go."""

    found: list[Use]
    targets: list[OutgoingServer]


@dataclass(frozen=True, slots=True)
class Default:
    """The default server of the configuration: where mail leaves by when there is no other."""

    host: str = ""
    port: int = 0
    folder: str = ""
    sends_for: str = ""
    url: str = ""
    current: bool = False
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """The page of servers. `one`: a server was asked for, so phones show it alone; without a `form` it is the default
    server.
    """

    rows: tuple[Row, ...]
    default: Default
    form: Form | None
    simulation: Simulation
    one: bool = False
    may_change: bool = True
    steps: tuple[StepShown, ...] = ()
    tested: Tested | None = None
    uses: Needed | None = None
    asked: str = ""
    pace: Shown | None = None


@may_manage
def server_list(request: HttpRequest) -> HttpResponse:
    """All servers; wide screens show the first beside them."""
    mine = servers.manageable(reader(request))
    first = servers.shown(reader(request)).filter(pk__in=mine.values("pk"), is_active=True).first()
    return _page(request, first.pk if first else 0, form_of(reader(request), first) if first else None, one=False)


@may_manage
def server_default(request: HttpRequest) -> HttpResponse:
    """What the default server is."""
    return _page(request, 0, None)


@with_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def server_new(request: HttpRequest) -> HttpResponse:
    """Add a server."""
    user = reader(request)
    if request.method != "POST":
        return _page(request, -1, empty_form(user, filled_for(request.GET)))
    form = given_form(user, request.POST)
    try:
        row = servers.create_server(user=user, fields=form.fields)
    except CannotSave as error:
        return _page(request, -1, form.with_errors(error.problems), HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("%(name)s is added. Mail may leave by it now.") % {"name": row.name})
    return redirect("server", row.pk)


@with_secrets
@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def server_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One server: its form, or what may be known of one that is managed by somebody else."""
    user = reader(request)
    row = found(servers.shown(user).filter(pk=pk).first())
    if not servers.manageable(user).filter(pk=pk).exists():
        found(None if request.method == "POST" else row)
        return _page(request, pk, form_of(user, row), may_change=False)
    if request.method != "POST":
        return _page(request, pk, form_of(user, row))
    form = given_form(user, request.POST, row)
    try:
        servers.update_server(user=user, server_id=pk, fields=laid_on(form.fields, form.shown))
    except CannotSave as error:
        return _page(request, pk, form.with_errors(error.problems), HTTPStatus.UNPROCESSABLE_ENTITY)
    except Meanwhile as other:
        return _page(request, pk, changed_meanwhile(user, row, form, other), HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("Saved."))
    return redirect("server", pk)


@require_POST
@may_manage
def server_archive(request: HttpRequest, pk: int) -> HttpResponse:
    """Let nothing more leave by a server."""
    try:
        row = servers.archive_server(user=reader(request), server_id=pk)
    except NoServer:
        return found(None)
    except InUse as error:
        return _needed(request, pk, error.uses)
    messages.success(request, _("%(name)s is archived. No mail leaves by it.") % {"name": row.name})
    return redirect("server", pk)


def _needed(request: HttpRequest, pk: int, uses: list[Use]) -> HttpResponse:
    user = reader(request)
    row = found(servers.shown(user).filter(pk=pk).first())
    return _page(request, pk, form_of(user, row), HTTPStatus.CONFLICT, uses=Needed(uses, targets(row)))


@require_POST
@may_manage
def server_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Let everything that needs a server use another, and archive it."""
    user = reader(request)
    try:
        row = servers.move_and_archive(user=user, server_id=pk, to=number(request.POST.get("to", "")) or 0)
    except NoServer:
        return found(None)
    except CannotMove as error:
        messages.error(request, str(error))
        return redirect("server", pk)
    messages.success(request, _("%(name)s is archived. No mail leaves by it.") % {"name": row.name})
    return redirect("server", pk)


@require_POST
@may_manage
def server_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Let mail leave by an archived server again."""
    try:
        row = servers.restore_server(user=reader(request), server_id=pk)
    except NoServer:
        return found(None)
    messages.success(request, _("%(name)s is restored. Mail may leave by it now.") % {"name": row.name})
    return redirect("server", pk)


@may_manage
def server_choice(request: HttpRequest) -> HttpResponse:
    """Which server a From would leave by; htmx asks for the answer alone."""
    user = reader(request)
    if request.headers.get("HX-Request"):
        return render(request, "web/servers/choice.html", {"sim": simulation(user, request.GET), "checks": None})
    return _page(request, 0, None, one=False)


@may_manage
def server_choice_dns(request: HttpRequest) -> HttpResponse:
    """What DNS says of the From at the server that it would leave by; htmx asks for that alone."""
    user = reader(request)
    shown = {"checks": dns(user, request.GET)}
    if request.headers.get("HX-Request"):
        return render(request, "web/servers/dns.html", shown)
    return _page(request, 0, None, one=False, more=shown)


def shown_page(
    request: HttpRequest, form: Form, steps: tuple[StepShown, ...] = (), tested: Tested | None = None, asked: str = ""
) -> HttpResponse:
    """The page of a server as it was typed, with the steps of its test or what it said when asked, where no script
    shows that.
    """
    return _page(request, form.pk or -1, form, steps=steps, tested=tested, asked=asked)


def _page(
    request: HttpRequest,
    current: int,
    form: Form | None,
    status: int = HTTPStatus.OK,
    *,
    one: bool = True,
    may_change: bool = True,
    steps: tuple[StepShown, ...] = (),
    tested: Tested | None = None,
    uses: Needed | None = None,
    asked: str = "",
    more: Mapping[str, object] | None = None,
) -> HttpResponse:
    """The page with one of its servers open: 0 is the default server, -1 a new one."""
    user = reader(request)
    listed = list(servers.shown(user))
    rows = tuple(_row(row, current) for row in listed)
    kept = next((row for row in listed if row.pk == current), None)
    page = Page(
        rows=rows,
        default=_default(user, current=current == 0, alone=not any(row.active for row in rows)),
        form=form,
        simulation=simulation(user, request.GET),
        one=one,
        may_change=may_change,
        steps=steps,
        tested=tested or (tested_of(kept) if kept and may_change and not steps else None),
        uses=uses,
        asked=asked,
        pace=pace_of_server(user, current) if may_change and current >= 0 else None,
    )
    title = (form.title if one and form else "") or _("Outgoing servers")
    shown = {"title": title, "here": "settings", "page": page, "form": form, "checks": None, **(more or {})}
    return render(request, "web/servers/page.html", shown, status=status)


def _row(row: OutgoingServer, current: int) -> Row:
    return Row(
        id=row.pk,
        name=row.name,
        place=_place(row),
        url=reverse("server", args=[row.pk]),
        sends_for=row.from_filter,
        active=row.is_active,
        shared=row.company_id is None,
        owner=row.owner.name if row.owner else "",
        company=row.company.name if row.company else "",
        current=row.pk == current,
        tested=row.tested_at,
        works=bool(row.test_worked),
    )


def _place(row: OutgoingServer) -> str:
    if row.authentication == servers.Authentication.DEFAULT:
        return _("By the default server")
    return f"{row.host}:{row.port}"


def _default(user: User, *, current: bool, alone: bool) -> Default:
    """The default server; where its folder stands is told to operators."""
    fact, own = choice.default_server(), config()
    return Default(
        host=own.outgoing_server,
        port=own.outgoing_port,
        folder="" if own.outgoing_server else str(own.var / "outbox") if user.is_operator else "outbox",
        sends_for=", ".join(fact.filter),
        url=reverse("server-default"),
        current=current,
        alone=alone,
    )
