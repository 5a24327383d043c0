"""Limits of sending: of servers, domains and companies; what is used and what was learnt."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import wrong
from postroom.api.paging import Cursor, Limit, cut
from postroom.api.problems import not_found
from postroom.api.schemas.paces import LimitIn, PaceList, PaceOut
from postroom.directory.models import User
from postroom.directory.profile import CannotSave
from postroom.directory.roles import Permission
from postroom.outbound.paces import services as paces

router = Router(tags=["servers"])


@router.get("/paces", response=PaceList, operation_id="list_paces")
def list_paces(request: HttpRequest, cursor: Cursor, limit: Limit) -> PaceList:
    """The paces that you look after and of which something is known."""
    found, more = cut(paces.paces(_manager(request)), lambda one: one.id, cursor, limit)
    return PaceList(items=[PaceOut.of(one) for one in found], next=more)


@router.post("/paces/limit", response={204: None}, operation_id="set_limit")
def set_limit(request: HttpRequest, given: LimitIn) -> Status[None]:
    """Allow so many copies a minute, hour or day; what waits is looked at again within seconds."""
    user = _manager(request)
    key = (given.company, given.scope.value, given.key.replace("\0", ""))
    try:
        paces.set_limit(user=user, key=key, period=given.period, number=given.number)
    except paces.NoPace:
        raise not_found("pace") from None
    except CannotSave as error:
        raise wrong(error.problems) from None
    return Status(204, None)


@router.post("/paces/{int:pk}/forget", response={204: None}, operation_id="forget_pace")
def forget(request: HttpRequest, pk: int) -> Status[None]:
    """Forget what was learnt: only the limits count that people set."""
    try:
        paces.forget_learnt(user=_manager(request), pace_id=pk)
    except paces.NoPace:
        raise not_found("pace") from None
    return Status(204, None)


def _manager(request: HttpRequest) -> User:
    user = asking(request)
    ensure_may(user, Permission.SERVERS_MANAGE)
    return user
