"""Records, and the files in their conversations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Query, Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key, made_once, wrong
from postroom.api.endpoints.found import record_of, writable_record
from postroom.api.paging import Limit, cursor_of, cut, id_of
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.common import LARGEST_ID
from postroom.api.schemas.record_changes import (
    AssignedOut,
    AssignIn,
    DeskList,
    DeskOut,
    RecordChange,
    RecordIn,
    RefusedRecord,
)
from postroom.api.schemas.records import RecordOut, RecordPage
from postroom.conversations import selectors as conversations
from postroom.directory.roles import Permission
from postroom.infra import blobs
from postroom.records import lists, services
from postroom.records.record_types import record_types

router = Router(tags=["records"])

Type = Annotated[str, Query("", description="The key of a record type; empty for all.", max_length=40)]
BYTES = "application/octet-stream"  # whatever the sender called it: a program knows what it asked for
SAFE = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}


Cursor = Annotated[str, Query("", description="`next` of the page before; empty for the first page.", max_length=2000)]
Text = Annotated[str, Query("", description="Words in title or contact's name, or a number.", max_length=200)]
StageName = Annotated[str, Query("", description="The name of a stage.", max_length=60)]
Owner = Annotated[
    str, Query("", pattern="^(mine|nobody|[1-9][0-9]{0,17})?$", description="mine, nobody or a user's id.")
]
DeskId = Annotated[int | None, Query(None, ge=1, le=LARGEST_ID)]
State = Annotated[Literal["", "open", "closed"], Query("", description="Open or closed; empty for both.")]
Sort = Annotated[Literal["newest", "active", "title"], Query("newest", description="`active`: last active first.")]


@router.get("/records", response=RecordPage, operation_id="list_records")
def list_records(
    request: HttpRequest,
    type: Type,
    q: Text,
    stage: StageName,
    owner: Owner,
    desk: DeskId,
    state: State,
    sort: Sort,
    cursor: Cursor,
    limit: Limit,
) -> RecordPage:
    """Records, newest first where no other order is asked for. Words are looked for among the newest 3,000."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    ensure_known(type)
    asked = lists.Filter(type, q.replace("\0", ""), stage.replace("\0", ""), owner, desk, state, sort)
    if sort == lists.NEWEST:
        page = lists.newest(user, asked, before=id_of(cursor), limit=limit)
        return RecordPage(items=[RecordOut.of(row) for row in page.rows], next=cursor_of(page.next))
    if cursor and lists.read_key(sort, cursor) is None:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "cursor: not one of this list; take `next` of the page before.")
    listed = lists.records(user, asked, after=cursor, limit=limit)
    return RecordPage(items=[RecordOut.of(row) for row in listed.rows], next=listed.next or None)


def ensure_known(type: str) -> None:
    """Answer 422 where a type is named that there is not."""
    if type and type not in record_types():
        known = ", ".join(record_types())
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"type: there is no record type {type!r}; there are {known}.")


@router.post("/records", response={201: RecordOut}, operation_id="create_record")
def create_record(request: HttpRequest, given: RecordIn, idempotency_key: Key) -> Status[RecordOut]:
    """Make a record on a desk; its conversation is followed as the desk says."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_WRITE)
    ensure_known(given.type)
    values = given.dict()
    values["contact_id"] = values.pop("contact")
    with _said_by_field():
        pk = made_once(user, idempotency_key, _asked(request), lambda: services.create_record(user=user, **values).pk)
    return Status(HTTPStatus.CREATED, RecordOut.of(record_of(user, pk)))


@router.post("/records/assign", response=AssignedOut, operation_id="assign_records")
def assign_records(request: HttpRequest, given: AssignIn) -> AssignedOut:
    """Give many records to somebody at once: those that cannot be given are named, the others are."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_WRITE)
    with _said_by_field():
        outcome = services.assign_many(user=user, record_ids=given.records, owner_id=given.owner_id)
    refused = [RefusedRecord(id=one.record_id, number=one.number, why=one.why) for one in outcome.refused]
    return AssignedOut(done=list(outcome.done), refused=refused)


@router.get("/records/{int:pk}", response=RecordOut, operation_id="get_record")
def get_record(request: HttpRequest, pk: int) -> RecordOut:
    """One record."""
    return RecordOut.of(record_of(asking(request), pk))


@router.patch("/records/{int:pk}", response=RecordOut, operation_id="change_record")
def change_record(request: HttpRequest, pk: int, given: RecordChange) -> RecordOut:
    """Change what is named. On another desk a record stands at the stage of the same name, else at the first."""
    user = asking(request)
    writable_record(user, pk)
    values = given.dict(exclude_unset=True)
    if "contact" in values:
        values["contact_id"] = values.pop("contact")
    with _said_by_field():
        services.edit_record(user=user, record_id=pk, **values)
    return RecordOut.of(record_of(user, pk))


@router.get("/desks", response=DeskList, operation_id="list_desks")
def list_desks(request: HttpRequest, type: Type, cursor: Cursor, limit: Limit) -> DeskList:
    """The desks of your companies with their stages, by name."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    ensure_known(type)
    desks, more = cut(lists.desks(user, type, stages=True), lambda desk: desk.pk, cursor, limit)
    return DeskList(items=[DeskOut.of(desk) for desk in desks], next=more)


@contextmanager
def _said_by_field() -> Iterator[None]:
    """What a service refuses, field by field."""
    try:
        yield
    except services.CannotDo as error:
        problems = {"contact" if name == "contact_id" else name: said for name, said in error.problems.items()}
        raise wrong(problems or {"": str(error)}) from None


def _asked(request: HttpRequest) -> str:
    return f"{request.method} {request.path} {request.body.decode(errors='replace')}"


@router.get("/attachments/{int:pk}", operation_id="get_attachment")
def get_attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes of a file, as a download of no particular type."""
    attachment = conversations.attachment(asking(request), pk)
    if attachment is None:
        raise not_found("attachment")
    try:
        data = blobs.read(attachment.file.blob)
    except blobs.BlobMissing:
        raise Problem(HTTPStatus.GONE, "The bytes of this file are missing.") from None
    named = content_disposition_header(True, attachment.file.name) or "attachment"
    return HttpResponse(data, content_type=BYTES, headers={**SAFE, "Content-Disposition": named})
