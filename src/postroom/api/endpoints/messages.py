"""Reading and writing in a conversation: messages, notes, files; an Idempotency-Key lets a request count once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from ninja import Router, Schema
from ninja.errors import ValidationError as Invalid
from ninja.responses import Status
from pydantic import ValidationError

from postroom.api.auth import asking
from postroom.api.endpoints.creating import Key, made_once
from postroom.api.endpoints.found import message_of, record_of, writable_message, writable_record
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem
from postroom.api.schemas.conversations import MessageIn, NoteChange, NoteIn
from postroom.api.schemas.records import MessageOut, MessagePage
from postroom.conversations import selectors as conversations
from postroom.conversations import services
from postroom.conversations.services import CannotPost, Upload
from postroom.directory.models import User
from postroom.infra import blobs

router = Router(tags=["conversations"])

JSON, FORM = "application/json", "multipart/form-data"
FILES = "files"
LISTS = ("records", "to", "cc", "mentions", "forwarded_files", "kept_files")

Given = TypeVar("Given", bound=Schema)


def taken(kind: type[Schema]) -> dict[str, Any]:
    """How a body may come: as JSON, or with files as a form whose lists are repeated fields."""
    schema = kind.json_schema()
    files = {"type": "array", "items": {"type": "string", "format": "binary"}}
    form = {**schema, "properties": {**schema["properties"], FILES: files}}
    return {"requestBody": {"required": True, "content": {JSON: {"schema": schema}, FORM: {"schema": form}}}}


@router.get("/records/{int:pk}/messages", response=MessagePage, operation_id="list_messages")
def list_messages(request: HttpRequest, pk: int, cursor: Cursor, limit: Limit) -> MessagePage:
    """The conversation of a record, newest message first, with whole bodies."""
    user = asking(request)
    page = conversations.whole_messages(user, record_of(user, pk).pk, before=id_of(cursor), limit=limit)
    return MessagePage(items=[MessageOut.of(row) for row in page.rows], next=cursor_of(page.next))


@router.post(
    "/records/{int:pk}/messages",
    response={201: MessageOut},
    operation_id="post_message",
    openapi_extra=taken(MessageIn),
)
def post_message(request: HttpRequest, pk: int, idempotency_key: Key) -> Status[MessageOut]:
    """Write to the people outside and to the followers; with files as `multipart/form-data`. You follow from now on.

    It leaves after the time to undo it (`undo_until` of the answer), or at `send_at`.
    """
    user = asking(request)
    writable_record(user, pk)
    given, uploads = given_of(request, MessageIn)

    def post() -> int:
        return services.post_message(
            user=user,
            record_id=pk,
            body=given.body,
            subject=given.subject,
            to=None if given.to is None else [one.address for one in given.to],
            cc=[one.address for one in given.cc],
            uploads=uploads,
            mentions=given.mentions,
            answers=given.answers or 0,
            forwards=given.forwards or 0,
            files=given.forwarded_files,
            later=given.send_at,
            undo_seconds=given.undo_seconds,
            draft=given.draft or 0,
            kept=given.kept_files,
        ).pk

    return _posted(user, idempotency_key, _asked(f"messages {pk}", given, uploads), post)


@router.post(
    "/records/{int:pk}/notes", response={201: MessageOut}, operation_id="post_note", openapi_extra=taken(NoteIn)
)
def post_note(request: HttpRequest, pk: int, idempotency_key: Key) -> Status[MessageOut]:
    """Log an internal note: only our own people hear of it, those who follow notes and those mentioned."""
    user = asking(request)
    writable_record(user, pk)
    given, uploads = given_of(request, NoteIn)

    def post() -> int:
        return services.post_note(
            user=user,
            record_id=pk,
            body=given.body,
            uploads=uploads,
            mentions=given.mentions,
            answers=given.answers or 0,
        ).pk

    return _posted(user, idempotency_key, _asked(f"notes {pk}", given, uploads), post)


@router.get("/messages/{int:pk}", response=MessageOut, operation_id="get_message")
def get_message(request: HttpRequest, pk: int) -> MessageOut:
    """One message with its bodies."""
    return MessageOut.of(message_of(asking(request), pk))


@router.patch("/messages/{int:pk}", response=MessageOut, operation_id="edit_note")
def edit_note(request: HttpRequest, pk: int, given: NoteChange) -> MessageOut:
    """Give your own note other words, for a while after you wrote it. Nobody who was told by mail is untold."""
    user = asking(request)
    writable_message(user, pk)
    try:
        services.edit_note(user=user, message_id=pk, body=given.body, mentions=given.mentions)
    except CannotPost as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem)) from None
    return MessageOut.of(message_of(user, pk))


@router.delete("/messages/{int:pk}", response={204: None}, operation_id="delete_note")
def delete_note(request: HttpRequest, pk: int) -> Status[None]:
    """Take your own note away, for a while after you wrote it; its place stays and says so."""
    user = asking(request)
    writable_message(user, pk)
    try:
        services.delete_note(user=user, message_id=pk)
    except CannotPost as problem:
        raise Problem(HTTPStatus.CONFLICT, str(problem)) from None
    return Status(HTTPStatus.NO_CONTENT, None)


def _posted(user: User, key: str, asked: str, post: Callable[[], int]) -> Status[MessageOut]:
    try:
        pk = made_once(user, key, asked, post)
    except CannotPost as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem)) from None
    except OSError:
        raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, "The files could not be kept; nothing was sent.") from None
    return Status(HTTPStatus.CREATED, MessageOut.of(message_of(user, pk)))


def _asked(what: str, given: NoteIn, uploads: list[Upload]) -> str:
    """The request as a key remembers it."""
    files = [f"{upload.name} {upload.content_type} {blobs.digest_of(upload.data)}" for upload in uploads]
    return "\n".join([what, given.model_dump_json(), *files])


def given_of(request: HttpRequest, kind: type[Given]) -> tuple[Given, list[Upload]]:
    """The body, by its type, and the files that came with it."""
    match (request.content_type or "").lower():
        case "application/json":
            return _checked(lambda: kind.model_validate_json(request.body)), []
        case "multipart/form-data":
            fields, files = request.POST, request.FILES
            if strange := sorted(set(files) - {FILES}):
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{strange[0]}: files are sent in the field {FILES}.")
            uploads = [_upload(file) for file in files.getlist(FILES)]
            return _checked(lambda: kind.model_validate(_fields(fields))), uploads
    raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send {JSON}, or {FORM} where there are files.")


def _fields(form: QueryDict) -> Mapping[str, object]:
    """Fields of a form; an empty `to` is a list of nobody."""
    lists = {name: [text for text in form.getlist(name) if text] for name in LISTS if name in form}
    return {**{name: form[name] for name in form if name not in LISTS}, **lists}


def _checked(read: Callable[[], Given]) -> Given:
    try:
        return read()
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        raise Invalid([{**one, "loc": ("body", *one["loc"])} for one in found]) from None


def _upload(file: UploadedFile[bytes]) -> Upload:
    return Upload(file.name or "", file.content_type or "", cast("bytes", file.read()))
