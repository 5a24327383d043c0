"""All companies at a glance, for operators: what each used, may, waits for and lost; and what each may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from postroom.directory.access import may
from postroom.directory.models import Company
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.infra.config import config
from postroom.outbound import allowances
from postroom.outbound.allowances import Allowed, NoSuch
from postroom.outbound.models import Allowance
from postroom.outbound.usage import monitor as companies_at_a_glance
from postroom.web.pages.common import for_those_who_may, for_users, found, number, reader, shortened
from postroom.web.pages.settings.listing import next_url

operators = for_those_who_may(Permission.SYSTEM_MANAGE)
NOT_A_NUMBER = -1  # what services say no to, in the words of the field


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as somebody filled it in, and what is wrong with it by field."""

    name: str = ""
    plan: str = ""
    daily_limit: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)


@require_safe
@operators
def monitor(request: HttpRequest) -> HttpResponse:
    """Every company: usage, limit, queue, failures."""
    after = shortened(request.GET.get("after", ""), 60)
    page = companies_at_a_glance(reader(request), after=after)
    shown = {
        "title": _("Monitor"),
        "here": "settings",
        "rows": page.rows,
        "counted": allowances.is_counted(),
        "next": f"?after={page.next}" if page.next else "",
        "newest": next_url("monitor", "") if after else "",
    }
    return render(request, "web/hosting/monitor.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
@for_users
def allowance(request: HttpRequest, pk: int) -> HttpResponse:
    """What one company may send a day: its plan, or a limit of its own. Not there for those who are no operators."""
    company = found(Company.objects.filter(pk=pk).first() if may(reader(request), Permission.SYSTEM_MANAGE) else None)
    if request.method != "POST":
        return _allowance(request, company, _kept(company))
    limit = request.POST.get("daily_limit", "").strip()[:12]
    plan = shortened(request.POST.get("plan", ""))
    try:
        allowances.set_allowance(user=reader(request), company_id=pk, plan=plan, daily_limit=_limit(limit))
    except CannotSave as error:
        typed = Typed(plan=plan, daily_limit=limit, errors=error.problems)
        return _allowance(request, company, typed, HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("Saved. What waited for tomorrow is looked at again now."))
    return redirect("monitor")


def _kept(company: Company) -> Typed:
    row = Allowance.objects.filter(company=company).select_related("plan").first()
    if row is None:
        return Typed()
    return Typed(
        plan=row.plan.name if row.plan else "", daily_limit="" if row.daily_limit is None else str(row.daily_limit)
    )


def _limit(typed: str) -> int | None:
    """A limit as typed; None where there is none of its own."""
    if not typed:
        return None
    given = number(typed)
    return NOT_A_NUMBER if given is None else given


def _allowance(request: HttpRequest, company: Company, typed: Typed, status: int = HTTPStatus.OK) -> HttpResponse:
    allowed: Allowed = allowances.allowed([company.pk])[company.pk]
    shown = {
        "title": company.name,
        "here": "settings",
        "company": company,
        "typed": typed,
        "allowed": allowed,
        "plans": allowances.plans(reader(request)),
        "default": config().hosted_daily_limit,
    }
    return render(request, "web/hosting/allowance.html", shown, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@operators
def plans(request: HttpRequest) -> HttpResponse:
    """The plans; POST makes one or changes its limit."""
    if request.method != "POST":
        return _plans(request, Typed())
    name, limit = shortened(request.POST.get("name", "")), request.POST.get("daily_limit", "").strip()[:12]
    given = _limit(limit)
    try:
        allowances.set_plan(user=reader(request), name=name, daily_limit=NOT_A_NUMBER if given is None else given)
    except CannotSave as error:
        typed = Typed(name=name, daily_limit=limit, errors=error.problems)
        return _plans(request, typed, HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("Saved."))
    return redirect("plans")


@require_POST
@operators
def plan_remove(request: HttpRequest) -> HttpResponse:
    """Remove a plan that no company has."""
    try:
        allowances.remove_plan(user=reader(request), name=shortened(request.POST.get("name", "")))
    except NoSuch:
        return found(None)
    except CannotSave as error:
        return _plans(request, Typed(), HTTPStatus.UNPROCESSABLE_ENTITY, error.problems["name"])
    messages.success(request, _("The plan is removed."))
    return redirect("plans")


def _plans(request: HttpRequest, typed: Typed, status: int = HTTPStatus.OK, problem: str = "") -> HttpResponse:
    shown = {
        "title": _("Plans"),
        "here": "settings",
        "rows": allowances.plans(reader(request)),
        "typed": typed,
        "problem": problem,
        "default": config().hosted_daily_limit,
    }
    return render(request, "web/hosting/plans.html", shown, status=status)
