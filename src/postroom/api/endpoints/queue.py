"""The queue: what waits in groups, and decisions about copies, one or thousands."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router

from postroom.api.auth import asking, ensure_may
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.queue import DecidedOut, DecisionIn, OperationList, OperationOut, QueueOut
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.paging import END, page_of
from postroom.outbound.models import QueueOperation
from postroom.outbound.queue import control, operations
from postroom.outbound.queue.control import Done
from postroom.outbound.queue.copy_filter import EVERY
from postroom.outbound.queue.groups import queue_of

router = Router(tags=["outbound"])


@router.get("/outbound/queue", response=QueueOut, operation_id="get_outbound_queue")
def get_outbound_queue(request: HttpRequest) -> QueueOut:
    """What waits, by reason, destination, server and lane; what is held or unknown waits for a person."""
    user = asking(request)
    ensure_may(user, Permission.OUTBOUND_READ)
    return QueueOut.of(queue_of(user))


@router.post("/outbound/decisions", response=DecidedOut, operation_id="decide_many_outbound")
def decide_many(request: HttpRequest, given: DecisionIn) -> DecidedOut:
    """Schedule, hold, release, cancel, send again or now, or change the server of copies: of these ids at once, of all
    that a filter finds by an operation. Copies that can't follow are named, the others do.
    """
    user = asking(request)
    ensure_may(user, Permission.OUTBOUND_MANAGE)
    by = given.filter.asked() if given.filter else EVERY
    if bool(given.ids) == bool(by):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Say which copies: by ids, or by a filter that asks for some.")
    try:
        if given.ids:
            return DecidedOut.of(control.decide(user, given.ids, given.order()))
        return DecidedOut.of(Done(), operations.start(user, by, given.order()))
    except control.CannotDecide as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem)) from None


@router.get("/outbound/operations", response=OperationList, operation_id="list_outbound_operations")
def list_operations(request: HttpRequest, cursor: Cursor, limit: Limit) -> OperationList:
    """Decisions about many copies, newest first: your own, and those about your company alone."""
    user = asking(request)
    ensure_may(user, Permission.OUTBOUND_READ)
    before = id_of(cursor)
    older = operations.readable(user).filter(pk__lt=END if before is None else before)
    rows = list(older.order_by("-pk")[: limit + 1])
    page = page_of(rows, [row.pk for row in rows], limit)
    return OperationList(items=[OperationOut.of(row) for row in page.rows], next=cursor_of(page.next))


@router.get("/outbound/operations/{int:pk}", response=OperationOut, operation_id="get_outbound_operation")
def get_operation(request: HttpRequest, pk: int) -> OperationOut:
    """How far a decision about many copies is."""
    return OperationOut.of(_found(asking(request), pk))


@router.post("/outbound/operations/{int:pk}/stop", response=OperationOut, operation_id="stop_outbound_operation")
def stop_operation(request: HttpRequest, pk: int) -> OperationOut:
    """Let it end where it is; what was done stays done."""
    user = asking(request)
    row = _found(user, pk)
    if not operations.stop(user, pk):
        raise Problem(HTTPStatus.CONFLICT, "It had ended before.", state=row.state)
    return OperationOut.of(_found(user, pk))


def _found(user: User, pk: int) -> QueueOperation:
    row = operations.readable(user).filter(pk=pk).first()
    if row is None:
        raise not_found("operation")
    return row
