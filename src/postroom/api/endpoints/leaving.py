"""What has not left: messages to undo, scheduled ones, and the drafts that they become."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking
from postroom.api.endpoints.found import message_of, record_of
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.conversations import DraftList, DraftOut, NewTime
from postroom.api.schemas.records import MessageOut
from postroom.conversations import drafts, scheduling, undoing
from postroom.conversations.checks import CannotPost
from postroom.directory.models import User

router = Router(tags=["conversations"])

Made = TypeVar("Made")


@router.post("/messages/{int:pk}/undo", response={200: DraftOut, 204: None}, operation_id="undo_message")
def undo_message(request: HttpRequest, pk: int) -> Status[DraftOut | None]:
    """Take your message back before it left, or cancel a scheduled one: it and all its copies go, and what was written
    is a draft of its writer. 409 where it is too late: the message says what left, and nothing was changed. 204 where
    its writer is no more.
    """
    user = asking(request)
    message_of(user, pk)
    draft = _done(lambda: undoing.undo(user=user, message_id=pk))
    return Status(HTTPStatus.OK, DraftOut.of(draft)) if draft else Status(HTTPStatus.NO_CONTENT, None)


@router.post("/messages/{int:pk}/send-now", response=MessageOut, operation_id="send_message_now")
def send_message_now(request: HttpRequest, pk: int) -> MessageOut:
    """Let a scheduled message leave now."""
    user = asking(request)
    message_of(user, pk)
    _done(lambda: scheduling.send_now(user=user, message_id=pk))
    return _again(user, pk)


@router.post("/messages/{int:pk}/schedule", response=MessageOut, operation_id="schedule_message")
def schedule_message(request: HttpRequest, pk: int, given: NewTime) -> MessageOut:
    """Let a scheduled message leave at another time."""
    user = asking(request)
    message_of(user, pk)
    _done(lambda: scheduling.reschedule(user=user, message_id=pk, at=given.send_at))
    return _again(user, pk)


@router.get("/records/{int:pk}/drafts", response=DraftList, operation_id="list_drafts")
def list_drafts(request: HttpRequest, pk: int, cursor: Cursor, limit: Limit) -> DraftList:
    """What you took back in this conversation and have neither sent again nor thrown away, newest first."""
    user = asking(request)
    page = drafts.drafts(user, record_of(user, pk), before=id_of(cursor), limit=limit)
    return DraftList(items=[DraftOut.of(one) for one in page.rows], next=cursor_of(page.next))


@router.delete("/drafts/{int:pk}", response={204: None}, operation_id="delete_draft")
def delete_draft(request: HttpRequest, pk: int) -> Status[None]:
    """Throw a draft of yours away."""
    try:
        drafts.discard(user=asking(request), draft_id=pk)
    except CannotPost:
        raise not_found("draft") from None
    return Status(HTTPStatus.NO_CONTENT, None)


def _again(user: User, pk: int) -> MessageOut:
    return MessageOut.of(message_of(user, pk))


def _done(act: Callable[[], Made]) -> Made:
    try:
        return act()
    except undoing.NotTheirs as problem:
        raise Problem(HTTPStatus.FORBIDDEN, str(problem)) from None
    except CannotPost as problem:
        raise Problem(HTTPStatus.CONFLICT, str(problem)) from None
