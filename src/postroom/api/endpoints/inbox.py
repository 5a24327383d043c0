"""The inbox: its lists, what is done with a conversation, and beginning one."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key, made_once
from postroom.api.endpoints.found import message_of, record_of, writable_message, writable_record
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem
from postroom.api.schemas.inbox import ConversationIn, InboxPage, InboxRow, ReadOut, SnoozeIn
from postroom.api.schemas.records import MessageOut
from postroom.conversations import inbox
from postroom.conversations import inbox_services as verbs
from postroom.conversations.beginning import begin
from postroom.conversations.checks import CannotPost
from postroom.conversations.inbox import Tab
from postroom.conversations.inbox_services import Handled
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records.models import Record

router = Router(tags=["inbox"])

List = Annotated[Tab, Query(Tab.UNREAD, description="Which of the lists.")]


@router.get("/inbox", response=InboxPage, operation_id="list_inbox")
def list_inbox(request: HttpRequest, cursor: Cursor, limit: Limit, tab: List) -> InboxPage:
    """The conversations of a list of your inbox, newest first: the unread ones where none is named."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    page = inbox.listed(user, tab, before=id_of(cursor), limit=limit)
    return InboxPage(items=[InboxRow.of(row) for row in page.rows], next=cursor_of(page.next))


@router.post("/inbox/read", response=ReadOut, operation_id="read_inbox")
def read_inbox(request: HttpRequest) -> ReadOut:
    """Everything in your inbox is read, but for what sleeps."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_WRITE)
    return ReadOut(read=verbs.mark_all_read(user=user).count)


@router.get("/inbox/{int:pk}", response=InboxRow, operation_id="get_inbox_row")
def get_inbox_row(request: HttpRequest, pk: int) -> InboxRow:
    """How far you are with the conversation of a record."""
    return _row(asking(request), record_of(asking(request), pk))


@router.post("/records/{int:pk}/read", response=ReadOut, operation_id="read_record")
def read_record(request: HttpRequest, pk: int) -> ReadOut:
    """Everything of a conversation that stands unread in your inbox is read."""
    user = asking(request)
    writable_record(user, pk)
    return ReadOut(read=verbs.mark_read(user=user, record_id=pk).count)


@router.post("/messages/{int:pk}/unread", response={204: None}, operation_id="unread_message")
def unread_message(request: HttpRequest, pk: int) -> Status[None]:
    """A message stands unread in your inbox, whether or not you were told of it before."""
    user = asking(request)
    writable_message(user, pk)
    verbs.mark_unread(user=user, message_id=pk)
    return Status(HTTPStatus.NO_CONTENT, None)


@router.put("/inbox/{int:pk}/done", response=InboxRow, operation_id="done")
def done(request: HttpRequest, pk: int) -> InboxRow:
    """A conversation is read and leaves the inbox until somebody writes again."""
    return _act(request, pk, verbs.done)


@router.delete("/inbox/{int:pk}/done", response=InboxRow, operation_id="undone")
def undone(request: HttpRequest, pk: int) -> InboxRow:
    """A conversation stands in the inbox again; what is read stays read."""
    return _act(request, pk, verbs.undone)


@router.put("/inbox/{int:pk}/star", response=InboxRow, operation_id="star")
def star(request: HttpRequest, pk: int) -> InboxRow:
    """Keep a conversation among the starred ones, whether or not you were told of it."""
    return _act(request, pk, verbs.star)


@router.delete("/inbox/{int:pk}/star", response=InboxRow, operation_id="unstar")
def unstar(request: HttpRequest, pk: int) -> InboxRow:
    """Take the star away."""
    return _act(request, pk, verbs.unstar)


@router.put("/inbox/{int:pk}/snooze", response=InboxRow, operation_id="snooze")
def snooze(request: HttpRequest, pk: int, given: SnoozeIn) -> InboxRow:
    """A conversation leaves the inbox and comes back unread at a time, or when somebody writes."""
    return _act(request, pk, lambda *, user, record_id: verbs.snooze(user=user, record_id=record_id, until=given.until))


@router.delete("/inbox/{int:pk}/snooze", response=InboxRow, operation_id="wake")
def wake(request: HttpRequest, pk: int) -> InboxRow:
    """A conversation that sleeps stands in the inbox again, where it stood."""
    return _act(request, pk, verbs.wake)


@router.post("/conversations", response={201: MessageOut}, operation_id="begin_conversation")
def begin_conversation(request: HttpRequest, given: ConversationIn, idempotency_key: Key) -> Status[MessageOut]:
    """Write to somebody about something new: a record on a desk, which you own, and its first message."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_WRITE)

    def post() -> int:
        return begin(
            user=user,
            desk_id=given.desk,
            subject=given.subject,
            body=given.body,
            to=[one.address for one in given.to],
            cc=[one.address for one in given.cc],
            later=given.send_at,
            undo_seconds=given.undo_seconds,
        ).pk

    asked = f"conversations\n{given.model_dump_json()}"
    try:
        pk = made_once(user, idempotency_key, asked, post)
    except CannotPost as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem)) from None
    return Status(HTTPStatus.CREATED, MessageOut.of(message_of(user, pk)))


def _act(request: HttpRequest, pk: int, does: Callable[..., Handled]) -> InboxRow:
    user = asking(request)
    record = writable_record(user, pk)
    try:
        does(user=user, record_id=pk)
    except CannotPost as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem)) from None
    return _row(user, record)


def _row(user: User, record: Record) -> InboxRow:
    row = inbox.listed_one(user, record.pk)
    if row is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"Nothing of {record.number} is in your inbox.")
    return InboxRow.of(row)
