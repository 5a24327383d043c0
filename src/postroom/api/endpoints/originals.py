"""Messages by themselves: mail and headers of one, the answer that it would have, and the list of all."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.found import message_of, writable_message
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem
from postroom.api.schemas.common import Person
from postroom.api.schemas.originals import AnswerOut, HeaderOut, MessageRow, MessageRows, OriginalOut
from postroom.conversations.all_messages import all_messages
from postroom.conversations.carrying import forward_subject, usually_carried
from postroom.conversations.models import Message
from postroom.conversations.suggestions import people_to_answer
from postroom.core.addresses import Address
from postroom.core.errors import InvalidAddress, InvalidHeader
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.inbound.originals import arrival_of, headers_of, sent_bytes
from postroom.inbound.selectors import source
from postroom.infra.blobs import BlobMissing

router = Router(tags=["conversations"])

MAIL = "message/rfc822"
GIVES_MAIL = {"responses": {200: {"description": "The bytes.", "content": {MAIL: {}}}}}
SAFE = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
How = Annotated[Literal["reply", "reply-all", "forward"], Query("reply", description="What is to be written.")]
Known = Annotated[str, Query("", max_length=255, description="Only those of this Message-ID.")]


@router.get("/messages", response=MessageRows, operation_id="list_all_messages")
def list_all_messages(request: HttpRequest, message_id: Known, cursor: Cursor, limit: Limit) -> MessageRows:
    """All messages that you may read, whatever their conversation, newest first; for operators."""
    user = asking(request)
    ensure_may(user, Permission.SYSTEM_MANAGE)
    known = message_id.replace("\0", "").strip().strip("<>")
    page = all_messages(user, message_id=known, before=id_of(cursor), limit=limit)
    return MessageRows(items=[MessageRow.of(row) for row in page.rows], next=cursor_of(page.next))


@router.get("/messages/{int:pk}/original", response=OriginalOut, operation_id="get_message_original")
def get_original(request: HttpRequest, pk: int) -> OriginalOut:
    """The headers of a message, and whether its mail can be had."""
    user = asking(request)
    message = _kept(message_of(user, pk))
    arrived = arrival_of(user, message)
    sent = _sent(user, message)
    headers = [HeaderOut(name=name, value=value) for name, value in headers_of(message, sent)]
    return OriginalOut(headers=headers, arrival=arrived or None, source=bool(arrived or sent))


@router.get("/messages/{int:pk}/source", operation_id="get_message_source", openapi_extra=GIVES_MAIL)
def get_message_source(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail itself: as it came, for those who may look at arrivals; a copy of what was sent, for its author and
    those who may look at what leaves.
    """
    user = asking(request)
    message = _kept(message_of(user, pk))
    arrived = arrival_of(user, message)
    raw = source(user, arrived) if arrived else _sent(user, message)
    if raw is None and arrived:
        raise Problem(HTTPStatus.GONE, "The bytes of this mail are kept no longer.")
    if raw is None:
        raise Problem(HTTPStatus.NOT_FOUND, "This message has no mail that you may have.")
    named = f'attachment; filename="message-{pk}.eml"'
    return HttpResponse(raw, content_type=MAIL, headers={**SAFE, "Content-Disposition": named})


@router.get("/messages/{int:pk}/draft", response=AnswerOut, operation_id="get_draft")
def get_draft(request: HttpRequest, pk: int, how: How) -> AnswerOut:
    """To whom an answer would go, or what a forward would carry; of a note: a note. Changes nothing."""
    user = asking(request)
    message = _kept(writable_message(user, pk))
    record = message.thread.record
    if how == "forward":
        files = usually_carried(message)
        subject = forward_subject(message.subject or record.title)
        return _draft(message, subject=subject, forwards=pk, forwarded_files=files)
    if message.visibility == Message.Visibility.INTERNAL:
        return _draft(message, kind="note", answers=pk)
    to, cc = people_to_answer(record, message, user.pk, everybody=how == "reply-all")
    return _draft(message, to=to, cc=cc, answers=pk)


def _draft(
    message: Message,
    *,
    kind: Literal["message", "note"] = "message",
    subject: str = "",
    to: tuple[Address, ...] = (),
    cc: tuple[Address, ...] = (),
    answers: int | None = None,
    forwards: int | None = None,
    forwarded_files: list[int] | None = None,
) -> AnswerOut:
    return AnswerOut(
        kind=kind,
        record=message.thread.record_id,
        subject=subject,
        to=[Person(email=one.email, name=one.name) for one in to],
        cc=[Person(email=one.email, name=one.name) for one in cc],
        answers=answers,
        forwards=forwards,
        forwarded_files=forwarded_files or [],
    )


def _kept(message: Message) -> Message:
    if message.deleted_at is not None:
        raise Problem(HTTPStatus.GONE, "This note was deleted.")
    return message


def _sent(user: User, message: Message) -> bytes | None:
    try:
        return sent_bytes(user, message)
    except BlobMissing:
        raise Problem(HTTPStatus.GONE, "A file of this mail is missing.") from None
    except (InvalidHeader, InvalidAddress) as error:
        raise Problem(HTTPStatus.CONFLICT, f"This mail can't be written: {error}.") from None
