"""Arrivals: lists, one with its routes, its source, a mail handed in, one decided anew."""

from __future__ import annotations

import hashlib
import uuid
from http import HTTPStatus
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from ninja.responses import Status

from postroom.api.auth import asking, ensure_may
from postroom.api.endpoints.creating import Key
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.inbound import Accepted, ArrivalOut, ArrivalPage, ArrivalWhole, Replayed
from postroom.core.addresses import normalise
from postroom.core.delivery.states import ArrivalState
from postroom.core.routing.facts import Part
from postroom.core.routing.refusals import foreign_domain, too_large, unknown_address
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.facts import Known
from postroom.domains.facts import recipients as looked_up
from postroom.inbound import selectors, services
from postroom.inbound.access import may_replay
from postroom.infra.config import config

router = Router(tags=["inbound"])

DOOR = "http"
MAIL = "message/rfc822"
SAFE = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
TAKES_MAIL = {
    "requestBody": {"required": True, "content": {MAIL: {"schema": {"type": "string", "format": "binary"}}}},
}
GIVES_MAIL = {"responses": {200: {"description": "The bytes.", "content": {MAIL: {}}}}}

States = Annotated[list[ArrivalState], Query([], alias="state", description="Only those with a route in such a state.")]
Sender = Annotated[str, Query("", max_length=320, description="The envelope sender; empty for reports.")]
Recipients = Annotated[list[str], Query([], alias="recipient", description="An envelope recipient; repeat it.")]


@router.get("/inbound", response=ArrivalPage, operation_id="list_inbound")
def list_inbound(request: HttpRequest, state: States, cursor: Cursor, limit: Limit) -> ArrivalPage:
    """The mail that came, newest first."""
    user = asking(request)
    ensure_may(user, Permission.ARRIVALS_READ)
    page = selectors.arrivals(user, states=state, before=id_of(cursor), limit=limit)
    return ArrivalPage(items=[ArrivalOut.of(row) for row in page.rows], next=cursor_of(page.next))


@router.get("/inbound/{int:pk}", response=ArrivalWhole, operation_id="get_inbound")
def get_inbound(request: HttpRequest, pk: int) -> ArrivalWhole:
    """One mail that came, with its routes and why each went where it went."""
    return ArrivalWhole.of(_found(asking(request), pk))


@router.get("/inbound/{int:pk}/source", operation_id="get_inbound_source", openapi_extra=GIVES_MAIL)
def get_source(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes of a mail as they came."""
    _found(asking(request), pk)
    raw = selectors.source(asking(request), pk)
    if raw is None:
        raise Problem(HTTPStatus.GONE, "The bytes of this mail are kept no longer.")
    return HttpResponse(raw, content_type=MAIL, headers=SAFE)


@router.post("/inbound/{int:pk}/replay", response=Replayed, operation_id="replay_inbound")
def replay(request: HttpRequest, pk: int, release: bool = False) -> Replayed:
    """Have a mail decided anew; `release` lifts the loop limits from it. What was posted stays."""
    user = asking(request)
    arrival = _found(user, pk)
    if not may_replay(user, arrival.mail):
        raise Problem(HTTPStatus.FORBIDDEN, "This mail is other companies' as well: an operator may replay it.")
    return Replayed(replayed=services.replay([pk], by=user, release=release))


@router.post("/inbound", response={201: Accepted}, operation_id="post_inbound", openapi_extra=TAKES_MAIL)
def post_inbound(request: HttpRequest, sender: Sender, recipient: Recipients, idempotency_key: Key) -> Status[Accepted]:
    """Hand a mail in, as it stands; 201 means that it is safe on disk. Without recipients the headers name them."""
    user = asking(request)
    ensure_may(user, Permission.ARRIVALS_REPLAY)
    most = config().max_recipients
    if len(recipient) > most:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"At most {most} recipients in one mail.")
    _refuse_strangers(request, sender, recipient)
    arrival = services.Arrival(
        source=DOOR,
        key=_key(user, idempotency_key),
        sender=normalise(sender),
        recipients=tuple(recipient),
        raw=_body(request),
        peer=str(request.META.get("REMOTE_ADDR", "")),
        from_headers=not recipient,
    )
    (kept,) = services.accept([arrival])
    if kept.refused:
        _note(request, sender, recipient[0], kept.refused)
        raise _refused(kept.refused)
    return Status(HTTPStatus.CREATED, Accepted(id=kept.arrival_id))


def _found(user: User, pk: int) -> selectors.Arrival:
    arrival = selectors.arrival(user, pk)
    if arrival is None:
        raise not_found("arrival")
    return arrival


def _key(user: User, given: str) -> str:
    """The caller's key, which is theirs alone; without one every call is a mail of its own."""
    return f"{user.pk}-{hashlib.sha256(given.encode()).hexdigest()}" if given else uuid.uuid4().hex


def _body(request: HttpRequest) -> bytes:
    most = config().max_message_size
    raw = request.read(most + 1)
    if len(raw) > most:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large(most)[1])
    if not raw:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"The body is empty: send the mail itself as {MAIL}.")
    return raw


def _refuse_strangers(request: HttpRequest, sender: str, recipients: list[str]) -> None:
    """As the other doors do: one recipient that is not ours, and nothing is taken."""
    for address, known in looked_up(recipients).items():
        refusal = _refusal_of(address, known)
        if refusal is not None:
            _note(request, sender, address, refusal)
            raise _refused(refusal, address)


def _refusal_of(address: str, known: Known) -> tuple[str, str] | None:
    if known.part is Part.FOREIGN:
        return foreign_domain(address.rpartition("@")[2])
    return unknown_address(address) if known.part is Part.UNKNOWN else None


def _refused(refusal: tuple[str, str], recipient: str = "") -> Problem:
    code, words = refusal
    extra = {"recipient": recipient} if recipient else {}
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, words, code=code, **extra)


def _note(request: HttpRequest, sender: str, recipient: str, refusal: tuple[str, str]) -> None:
    code, words = refusal
    peer = str(request.META.get("REMOTE_ADDR", ""))
    services.note_refusals([services.Refused(DOOR, peer, "", sender, recipient, code, words)])
