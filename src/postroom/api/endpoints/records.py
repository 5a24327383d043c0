"""Records, and the files in their conversations."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from ninja import Query, Router

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.found import record_of
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.records import RecordOut, RecordPage
from postroom.conversations import selectors as conversations
from postroom.directory.roles import Permission
from postroom.infra import blobs
from postroom.records import selectors
from postroom.records.record_types import record_types

router = Router(tags=["records"])

Type = Annotated[str, Query("", description="The key of a record type; empty for all.", max_length=40)]
BYTES = "application/octet-stream"  # whatever the sender called it: a program knows what it asked for
SAFE = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}


@router.get("/records", response=RecordPage, operation_id="list_records")
def list_records(request: HttpRequest, type: Type, cursor: Cursor, limit: Limit) -> RecordPage:
    """Records, newest first."""
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    if type and type not in record_types():
        known = ", ".join(record_types())
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"type: there is no record type {type!r}; there are {known}.")
    page = selectors.records(user, type=type, before=id_of(cursor), limit=limit)
    return RecordPage(items=[RecordOut.of(row) for row in page.rows], next=cursor_of(page.next))


@router.get("/records/{int:pk}", response=RecordOut, operation_id="get_record")
def get_record(request: HttpRequest, pk: int) -> RecordOut:
    """One record."""
    return RecordOut.of(record_of(asking(request), pk))


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
