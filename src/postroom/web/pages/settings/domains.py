"""Alias domains: the list in its order, one domain with its form, who uses it, and the addresses mail leaves under."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from postroom.directory.models import Company, User
from postroom.directory.roles import Permission
from postroom.domains import managing
from postroom.domains.access import changeable, readable, shareable
from postroom.domains.managing import CannotSave, NoDomain
from postroom.domains.models import AliasDomain, CompanyDomain
from postroom.domains.services import CannotDo
from postroom.outbound.our_addresses import Sender, senders_at
from postroom.web.meanwhile import Meanwhile, laid_on
from postroom.web.pages.common import for_those_who_may, found, number, reader
from postroom.web.pages.settings.domain_form import DomainForm, changed_meanwhile, domain_form, given_domain_form
from postroom.web.pages.settings.proof import Verdict, last_verdict, why_not
from postroom.web.pages.settings.renaming import ask, confirmed

may_manage = for_those_who_may(Permission.DOMAINS_MANAGE)


@dataclass(frozen=True, slots=True)
class Row:
    """A domain of the list. `moved`: the button, up or down, that has just been pressed."""

    id: int
    name: str
    url: str
    place: str
    companies: str
    is_first: bool = False
    is_last: bool = False
    unproved: bool = False
    current: bool = False
    moved: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The page of domains. `one`: a domain was asked for, so phones show it alone."""

    rows: tuple[Row, ...]
    form: DomainForm | None
    one: bool = False
    may_change: bool = True
    may_order: bool = False
    companies: tuple[Company, ...] = ()
    others: tuple[Company, ...] = ()
    senders: tuple[Sender, ...] = ()
    problem: str = ""
    proof: Verdict | None = None
    nothing_leaves: str = ""


@may_manage
def domain_list(request: HttpRequest) -> HttpResponse:
    """All domains; wide screens show the first beside them."""
    first = readable(reader(request)).first()
    return _page(request, first, domain_form(reader(request), first) if first else None, one=False)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def domain_new(request: HttpRequest) -> HttpResponse:
    """Add a domain."""
    user = reader(request)
    if request.method != "POST":
        return _page(request, None, domain_form(user, None))
    form = given_domain_form(user, request.POST, None)
    try:
        row = managing.add_domain(user=user, fields=form.fields, companies=form.chosen)
    except CannotSave as error:
        return _page(request, None, form.with_errors(error.problems), HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("%(name)s is added. Mail to it is taken now.") % {"name": row.name})
    return redirect("domain", row.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def domain_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One domain: its form, or what may be known of one that others share."""
    user = reader(request)
    row = found(readable(user).filter(pk=pk).first())
    if request.method != "POST":
        return _page(request, row, domain_form(user, row))
    found(changeable(user).filter(pk=pk).first())
    form = given_domain_form(user, request.POST, row)
    if "back" in request.POST:
        return _page(request, row, form)
    try:
        return _kept(request, user, row, form)
    except CannotSave as error:
        return _page(request, row, form.with_errors(error.problems), HTTPStatus.UNPROCESSABLE_ENTITY)
    except Meanwhile as other:
        return _page(request, row, changed_meanwhile(user, row, form, other), HTTPStatus.UNPROCESSABLE_ENTITY)


def _kept(request: HttpRequest, user: User, row: AliasDomain, form: DomainForm) -> HttpResponse:
    """The domain as it was sent; where an address would be given up, the question first."""
    edit = laid_on(form.fields, form.shown)
    given_up = managing.changes(row, managing.checked(edit(managing.fields_of(row))))
    if given_up and not confirmed(request.POST):
        title = _("Give up these addresses?")
        return ask(request, here="settings", title=title, url=form.url, domain=row, changes=given_up)
    managing.edit_domain(user=user, domain_id=row.pk, fields=edit)
    messages.success(request, _("Saved. The old addresses go on working.") if given_up else _("Saved."))
    return redirect("domain", row.pk)


@require_POST
@may_manage
def domain_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a domain change places with its neighbour."""
    way = "up" if request.POST.get("way") == "up" else "down"

    def move() -> str:
        managing.move_domain(user=reader(request), domain_id=pk, up=way == "up")
        return ""

    return _done(request, pk, move, f"?moved={way}")


@require_POST
@may_manage
def domain_share(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a company use a domain."""

    def share() -> str:
        company = managing.share(user=reader(request), domain_id=pk, company_id=_company(request))
        return _("%(company)s uses it now.") % {"company": company.name}

    return _done(request, pk, share)


@require_POST
@may_manage
def domain_unshare(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a company use a domain no longer."""

    def unshare() -> str:
        company = managing.unshare(user=reader(request), domain_id=pk, company_id=_company(request))
        return _("%(company)s uses it no longer.") % {"company": company.name}

    return _done(request, pk, unshare)


@require_POST
@may_manage
def domain_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a domain on which nothing depends."""
    user = reader(request)
    try:
        name = managing.remove_domain(user=user, domain_id=pk)
    except NoDomain:
        return found(None)
    except CannotDo as error:
        return _refused(request, pk, str(error))
    messages.success(request, _("%(name)s is removed.") % {"name": name})
    return redirect("domains")


def _company(request: HttpRequest) -> int:
    return number(request.POST.get("company", "")) or 0


def _done(request: HttpRequest, pk: int, do: Callable[[], str], after: str = "") -> HttpResponse:
    """The page again after a verb, with what it said."""
    try:
        said = do()
    except NoDomain:
        return found(None)
    except CannotDo as error:
        return _refused(request, pk, str(error))
    if said:
        messages.success(request, said)
    return redirect(reverse("domain", args=[pk]) + after)


def _refused(request: HttpRequest, pk: int, problem: str) -> HttpResponse:
    user = reader(request)
    row = found(readable(user).filter(pk=pk).first())
    return _page(request, row, domain_form(user, row), HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem)


def _page(
    request: HttpRequest,
    row: AliasDomain | None,
    form: DomainForm | None,
    status: int = HTTPStatus.OK,
    *,
    one: bool = True,
    problem: str = "",
) -> HttpResponse:
    """The page with one of its domains open; with a form but no row it is a new one."""
    user = reader(request)
    rows = list(readable(user))
    mine = set(changeable(user).values_list("pk", flat=True))
    companies = {company.pk: company for company in shareable(user)}
    users = _users(rows)
    here = [companies[pk] for pk in users.get(row.pk, ()) if pk in companies] if row else []
    page = Page(
        rows=tuple(
            _row(rows, place, users, companies, row, request.GET.get("moved", "")) for place in range(len(rows))
        ),
        form=form,
        one=one,
        may_change=row is None or row.pk in mine,
        may_order=len(rows) > 1 and len(mine) == len(rows),
        companies=tuple(here),
        others=tuple(company for company in companies.values() if company not in here) if row else (),
        senders=tuple(senders_at(user, row)) if row else (),
        problem=problem,
        proof=last_verdict(user, row) if row and row.pk in mine else None,
        nothing_leaves=why_not(user, row) if row and row.pk in mine else "",
    )
    title = (form.title if one and form else "") or _("Alias domains")
    shown = {"title": title, "here": "settings", "page": page, "form": form}
    return render(request, "web/settings/domains.html", shown, status=status)


def _users(rows: list[AliasDomain]) -> dict[int, list[int]]:
    """The companies that use each domain."""
    links = CompanyDomain.objects.filter(domain__in=rows).order_by("company__name", "company")
    users: dict[int, list[int]] = {}
    for domain, company in links.values_list("domain_id", "company_id"):
        users.setdefault(domain, []).append(company)
    return users


def _row(
    rows: list[AliasDomain],
    place: int,
    users: dict[int, list[int]],
    companies: dict[int, Company],
    current: AliasDomain | None,
    moved: str,
) -> Row:
    row = rows[place]
    is_current = current is not None and row.pk == current.pk
    names = [companies[pk].name for pk in users.get(row.pk, ()) if pk in companies]
    return Row(
        id=row.pk,
        name=row.name,
        url=reverse("domain", args=[row.pk]),
        place=f"{row.catchall}@ · {row.bounce}@",
        companies=managing.listed(names, 3) if names else _("No company of yours uses it"),
        is_first=place == 0,
        is_last=place == len(rows) - 1,
        unproved=not row.tags_arrive,
        current=is_current,
        moved=moved if is_current else "",
    )
