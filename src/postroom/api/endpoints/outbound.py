"""Copies that leave: lists, one with its letter, choice and tries, its source, and what somebody decides about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from postroom.api.auth import asking, ensure_may
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import Problem, not_found
from postroom.api.schemas.common import LARGEST_ID
from postroom.api.schemas.outbound import DeliveryOut, DeliveryPage, DeliveryWhole
from postroom.api.schemas.queue import LANE, REASON, FilterIn
from postroom.core.delivery.states import DeliveryState
from postroom.core.errors import InvalidAddress, InvalidHeader
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.blobs import BlobMissing
from postroom.outbound import access, selectors, services
from postroom.outbound.selectors import Shown

router = Router(tags=["outbound"])

SOURCE = "text/plain; charset=utf-8"  # readable as it stands, and never a page
SAFE = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}
GIVES_SOURCE = {"responses": {200: {"description": "The bytes.", "content": {"text/plain": {}}}}}
VERBS: Mapping[str, tuple[Callable[[User, Sequence[int]], int], str]] = {
    "send-again": (services.send_again, "sent again"),
    "cancel": (services.cancel, "withdrawn"),
    "hold": (services.hold, "held"),
    "release": (services.release, "released"),
    "send-now": (services.send_now, "sent now"),
    "arrived": (partial(services.close_unknown, sent=True), "closed: only one whose fate is unknown can"),
    "lost": (partial(services.close_unknown, sent=False), "closed: only one whose fate is unknown can"),
}

States = Annotated[list[DeliveryState], Query([], alias="state", description="Only copies in such a state; repeat it.")]
About = Annotated[str, Query("", max_length=80, description="Only copies of this record, such as lead:12.")]
Reasons = Annotated[str, Query("", pattern=REASON, description="What they wait for; `due`: for nothing any more.")]
Destination = Annotated[str, Query("", max_length=255, description="Only copies to this domain.")]
Server = Annotated[
    int | None, Query(None, ge=-1, le=LARGEST_ID, description="By this server; 0: the default one, -1: none yet.")
]
InLane = Annotated[str, Query("", pattern=LANE, description="Only copies of this lane.")]
OfLetter = Annotated[int | None, Query(None, ge=1, le=LARGEST_ID, description="Only copies of this letter.")]
Text = Annotated[str, Query("", max_length=200, description="In address, name or subject.")]
Verb = Annotated[str, Path(..., description=", ".join(VERBS), pattern=f"^({'|'.join(VERBS)})$")]


@router.get("/outbound", response=DeliveryPage, operation_id="list_outbound")
def list_outbound(
    request: HttpRequest,
    state: States,
    about: About,
    cursor: Cursor,
    limit: Limit,
    reason: Reasons,
    destination: Destination,
    server: Server,
    lane: InLane,
    letter: OfLetter,
    q: Text,
) -> DeliveryPage:
    """The copies that leave or left, newest first."""
    user = asking(request)
    ensure_may(user, Permission.OUTBOUND_READ)
    by = FilterIn(
        state=state, about=about, reason=reason, destination=destination, server=server, lane=lane, letter=letter,
        text=q,
    ).asked()  # fmt: skip
    page = selectors.deliveries(user, by, before=id_of(cursor), limit=limit)
    return DeliveryPage(items=[DeliveryOut.of(row) for row in page.rows], next=cursor_of(page.next))


@router.get("/outbound/{int:pk}", response=DeliveryWhole, operation_id="get_outbound")
def get_outbound(request: HttpRequest, pk: int) -> DeliveryWhole:
    """One copy with its letter, how its server was chosen, and every try."""
    return DeliveryWhole.of_shown(_found(asking(request), pk))


@router.get("/outbound/{int:pk}/source", operation_id="get_outbound_source", openapi_extra=GIVES_SOURCE)
def get_source(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes of a copy: as they were sent, or as they would be."""
    shown = _found(asking(request), pk)
    try:
        raw = selectors.rendered(shown.delivery)
    except BlobMissing:
        raise Problem(HTTPStatus.GONE, "A file of this mail is missing.") from None
    except (InvalidHeader, InvalidAddress) as error:
        raise Problem(HTTPStatus.CONFLICT, f"This mail can't be written: {error}.") from None
    named = f'attachment; filename="copy-{pk}.eml.txt"'
    return HttpResponse(raw, content_type=SOURCE, headers={**SAFE, "Content-Disposition": named})


@router.post("/outbound/{int:pk}/{verb}", response=DeliveryWhole, operation_id="decide_outbound")
def decide(request: HttpRequest, pk: int, verb: Verb) -> DeliveryWhole:
    """Send a copy again, withdraw, hold or release it; what was accepted by a server can't be called back.
    `arrived` and `lost` close one whose fate is unknown, by what a person found out.
    """
    user = asking(request)
    before = _found(user, pk)
    if not access.manageable(user).filter(pk=pk).exists():
        raise Problem(HTTPStatus.FORBIDDEN, f"{user.name} may read this copy, but not decide about it.")
    act, done = VERBS[verb]
    if not act(user, [pk]):
        state = before.delivery.state
        raise Problem(HTTPStatus.CONFLICT, f"A copy that is {state} can't be {done}.", state=state)
    return DeliveryWhole.of_shown(_found(user, pk))


def _found(user: User, pk: int) -> Shown:
    shown = selectors.delivery(user, pk)
    if shown is None:
        raise not_found("copy")
    return shown
