"""Daily usage and limits of hosted companies; for operators all companies at a glance, plans, and taking over."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import wrong
from postroom.api.paging import Cursor, Limit, cut
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.hosting import (
    AllowanceIn,
    AllowanceOut,
    InstallationOut,
    PlanIn,
    PlanList,
    PlanOut,
    TakenOut,
    TakeoverIn,
    UsageList,
    UsageOut,
    WatchedList,
    WatchedOut,
)
from postroom.directory.models import User
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.infra import instance
from postroom.infra.config import config
from postroom.outbound import allowances, takeover, usage

router = Router(tags=["hosting"])


@router.get("/usage", response=UsageList, operation_id="list_usage")
def list_usage(request: HttpRequest, cursor: Cursor, limit: Limit) -> UsageList:
    """The day of each company whose outgoing mail you see: what it sent, may, and what waits for tomorrow."""
    user = asking(request)
    ensure_may(user, Permission.OUTBOUND_READ)
    found, more = cut(usage.usages(user), lambda one: one.company.pk, cursor, limit)
    return UsageList(
        items=[UsageOut.of(one) for one in found],
        counted=allowances.is_counted(),
        contact=config().hosted_contact,
        next=more,
    )


@router.get("/monitor", response=WatchedList, operation_id="list_monitor")
def list_monitor(request: HttpRequest, cursor: Cursor, limit: Limit) -> WatchedList:
    """Every company: usage, limit, queue, failures; for operators."""
    page = usage.monitor(_operator(request), after=cursor, limit=limit)
    return WatchedList(items=[WatchedOut.of(row) for row in page.rows], next=page.next or None)


@router.put("/companies/{int:pk}/allowance", response=AllowanceOut, operation_id="set_allowance")
def set_allowance(request: HttpRequest, pk: int, given: AllowanceIn) -> AllowanceOut:
    """Put a company on a plan, or give it a limit of its own; for operators. What waits is looked at again at once."""
    user = _operator(request)
    plan = given.plan.replace("\0", "")
    try:
        one = allowances.set_allowance(user=user, company_id=pk, plan=plan, daily_limit=given.daily_limit)
    except allowances.NoSuch:
        raise not_found("company") from None
    except CannotSave as error:
        raise wrong(error.problems) from None
    return AllowanceOut.of(pk, one)


@router.get("/plans", response=PlanList, operation_id="list_plans")
def list_plans(request: HttpRequest, cursor: Cursor, limit: Limit) -> PlanList:
    """All plans by name; for operators."""
    found, more = cut(allowances.plans(_operator(request)), lambda one: one.name, cursor, limit)
    return PlanList(items=[PlanOut.of(one) for one in found], next=more)


@router.put("/plans/{name}", response=PlanOut, operation_id="set_plan")
def set_plan(request: HttpRequest, name: str, given: PlanIn) -> PlanOut:
    """Make a plan, or change its limit; for operators."""
    user = _operator(request)
    try:
        return PlanOut.of(allowances.set_plan(user=user, name=name.replace("\0", ""), daily_limit=given.daily_limit))
    except CannotSave as error:
        raise wrong(error.problems) from None


@router.delete("/plans/{name}", response={204: None}, operation_id="remove_plan")
def remove_plan(request: HttpRequest, name: str) -> Status[None]:
    """Remove a plan that no company has; for operators."""
    user = _operator(request)
    try:
        allowances.remove_plan(user=user, name=name.replace("\0", ""))
    except allowances.NoSuch:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such plan.") from None
    except CannotSave as error:
        raise wrong(error.problems) from None
    return Status(HTTPStatus.NO_CONTENT, None)


@router.get("/installation", response=InstallationOut, operation_id="get_installation")
def get_installation(request: HttpRequest) -> InstallationOut:
    """What this installation is, and whether its database is a copy whose mail is held; for operators."""
    _operator(request)
    instance.forget()
    found = takeover.notice()
    return InstallationOut(
        id=found.id,
        place=found.place,
        is_copy=found.is_copy,
        copy_because=found.copy,
        waiting=takeover.in_doubt(found).count() if found.is_copy else 0,
        public_url=config().public_url,
        public_url_before=found.url_before,
    )


@router.post("/installation/takeover", response=TakenOut, operation_id="take_over")
def take_over(request: HttpRequest, given: TakeoverIn) -> TakenOut:
    """Make a copied database this installation's own, and let it send again; for operators."""
    user = _operator(request)
    try:
        taken = takeover.take_over(takeover.Waiting(given.waiting), by=user.username)
    except takeover.NothingToDo as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
    return TakenOut(id=taken.id, settled=taken.settled)


def _operator(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.SYSTEM_MANAGE)
    return user
