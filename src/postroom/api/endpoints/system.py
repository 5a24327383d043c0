"""System parameters and scheduled actions, for operators of the installation."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import wrong
from postroom.api.paging import Cursor, Limit, cursor_of, cut, id_of
from postroom.api.problems import Problem
from postroom.api.schemas.system import (
    ActionChange,
    ActionList,
    ActionOut,
    ParameterIn,
    ParameterList,
    ParameterOut,
    QueueCount,
    RanOut,
    RetiredOut,
    RetiredPage,
    UnsettledOut,
)
from postroom.directory import system
from postroom.directory.models import User
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.domains.selectors import retired_page
from postroom.inbound.actions import ACTIONS
from postroom.inbound.counts import open_arrivals
from postroom.outbound.queue.counts import open_copies

router = Router(tags=["system"])


@router.get("/parameters", response=ParameterList, operation_id="list_parameters")
def list_parameters(request: HttpRequest, cursor: Cursor, limit: Limit) -> ParameterList:
    """Every known parameter, and those that somebody added."""
    found, more = cut(list(system.settings(_operator(request))), lambda one: one.key, cursor, limit)
    return ParameterList(items=[ParameterOut.of(one) for one in found], next=more)


@router.get("/parameters/{key}", response=ParameterOut, operation_id="get_parameter")
def get_parameter(request: HttpRequest, key: str) -> ParameterOut:
    """One parameter."""
    return _parameter(_operator(request), key)


@router.put("/parameters/{key}", response=ParameterOut, operation_id="set_parameter")
def set_parameter(request: HttpRequest, key: str, given: ParameterIn) -> ParameterOut:
    """Set a parameter, known or not; it holds everywhere within five seconds."""
    user = _operator(request)
    try:
        system.set_parameter(user=user, key=key, value=given.value)
    except CannotSave as error:
        raise wrong(error.problems) from None
    return _parameter(user, key.strip().lower())


@router.delete("/parameters/{key}", response={204: None}, operation_id="reset_parameter")
def reset_parameter(request: HttpRequest, key: str) -> Status[None]:
    """Let the default hold again; one that is not known is gone."""
    user = _operator(request)
    _parameter(user, key)
    system.reset_parameter(user=user, key=key)
    return Status(HTTPStatus.NO_CONTENT, None)


@router.get("/scheduled-actions", response=ActionList, operation_id="list_scheduled_actions")
def list_scheduled_actions(request: HttpRequest, cursor: Cursor, limit: Limit) -> ActionList:
    """What comes round."""
    items, more = cut(_actions(_operator(request)), lambda one: one.key, cursor, limit)
    return ActionList(items=items, next=more)


@router.patch("/scheduled-actions/{key}", response=ActionOut, operation_id="change_scheduled_action")
def change_scheduled_action(request: HttpRequest, key: str, given: ActionChange) -> ActionOut:
    """Change how often an action comes round, or let it rest."""
    user = _operator(request)
    _ensure_action(key)
    system.change_action(user=user, key=key, known=ACTIONS, every_seconds=given.every_seconds, is_active=given.active)
    return next(one for one in _actions(user) if one.key == key)


@router.post("/scheduled-actions/{key}/run", response=RanOut, operation_id="run_scheduled_action")
def run_scheduled_action(request: HttpRequest, key: str) -> RanOut:
    """Run an action now."""
    user = _operator(request)
    _ensure_action(key)
    return RanOut(result=system.run_action(user=user, key=key, known=ACTIONS))


@router.get("/queue", response=UnsettledOut, operation_id="get_queue")
def get_queue(request: HttpRequest) -> UnsettledOut:
    """What is not settled, by state, for the whole installation: the copies that leave, the mail that came."""
    user = _operator(request)
    return UnsettledOut(
        outbound=[QueueCount(state=state, count=count, oldest=oldest) for state, count, oldest in open_copies(user)],
        inbound=[QueueCount(state=state, count=count, oldest=oldest) for state, count, oldest in open_arrivals(user)],
    )


@router.get("/retired-addresses", response=RetiredPage, operation_id="list_retired_addresses")
def list_retired_addresses(request: HttpRequest, cursor: Cursor, limit: Limit) -> RetiredPage:
    """The addresses that were given up and still lead somewhere, the latest first."""
    page = retired_page(_operator(request), before=id_of(cursor), limit=limit)
    return RetiredPage(items=[RetiredOut.of(row) for row in page.rows], next=cursor_of(page.next))


def _operator(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.SYSTEM_MANAGE)
    return user


def _parameter(user: User, key: str) -> ParameterOut:
    one = system.setting(user, key)
    if one is None:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such parameter.")
    return ParameterOut.of(one)


def _actions(user: User) -> list[ActionOut]:
    return [ActionOut.of(row, str(ACTIONS[row.key].label)) for row in system.actions(user, ACTIONS)]


def _ensure_action(key: str) -> None:
    if key not in ACTIONS:
        raise Problem(HTTPStatus.NOT_FOUND, "There is no such scheduled action.")
