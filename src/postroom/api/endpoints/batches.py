"""One text to several records: written once, undone as a whole, and how far it is."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key, made_once
from postroom.api.endpoints.messages import given_of, taken
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.batches import BatchIn, BatchOut, LeftOut
from postroom.conversations import batches
from postroom.conversations.services import CannotPost
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra import blobs

router = Router(tags=["conversations"])

MOST_LEFT_OUT = 1000


@router.post("/records/messages", response={201: BatchOut}, operation_id="write_to_many", openapi_extra=taken(BatchIn))
def write_to_many(request: HttpRequest, idempotency_key: Key) -> Status[BatchOut]:
    """Write one text to several records: a message in the conversation of each, to its contact and its followers. Its
    copies leave behind other mail, by the server for mail to many where there is one. Nothing is posted before the time
    to undo it is over, or before `send_at`.
    """
    user = asking(request)
    ensure_may(user, Permission.RECORDS_WRITE)
    given, uploads = given_of(request, BatchIn)
    files = [f"{one.name} {one.content_type} {blobs.digest_of(one.data)}" for one in uploads]

    def write() -> int:
        return batches.write_to_many(
            user=user,
            record_ids=given.records,
            body=given.body,
            subject=given.subject,
            uploads=uploads,
            followers=given.followers,
            later=given.send_at,
            undo_seconds=given.undo_seconds,
        ).pk

    try:
        pk = made_once(user, idempotency_key, "\n".join(["batch", given.model_dump_json(), *files]), write)
    except CannotPost as problem:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(problem)) from None
    except OSError:
        raise Problem(HTTPStatus.INSUFFICIENT_STORAGE, "The files could not be kept; nothing was sent.") from None
    return Status(HTTPStatus.CREATED, _batch(user, pk))


@router.get("/batches/{int:pk}", response=BatchOut, operation_id="get_batch")
def get_batch(request: HttpRequest, pk: int) -> BatchOut:
    """How far a batch of yours is, and which records were left out."""
    return _batch(asking(request), pk)


@router.post("/batches/{int:pk}/stop", response=BatchOut, operation_id="stop_batch")
def stop_batch(request: HttpRequest, pk: int) -> BatchOut:
    """Undo a batch of yours; once it is being posted, post no more of it. 409 where nothing of it waits."""
    user = asking(request)
    try:
        batches.stop(user=user, batch_id=pk)
    except batches.NoBatch:
        raise not_found("batch") from None
    except CannotPost as problem:
        raise Problem(HTTPStatus.CONFLICT, str(problem)) from None
    return _batch(user, pk)


def _batch(user: User, pk: int) -> BatchOut:
    try:
        known = batches.progress(user, pk)
    except batches.NoBatch:
        raise not_found("batch") from None
    out = batches.left_out(known.batch, MOST_LEFT_OUT)
    return BatchOut.of(known, [LeftOut(record=record.pk, ref=record.ref, why=why) for record, why in out])
