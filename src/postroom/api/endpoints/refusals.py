"""What the doors refused."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from postroom.api.auth import asking, ensure_may
from postroom.api.paging import Cursor, Limit, cursor_of_moment, moment_of
from postroom.api.schemas.inbound import RefusalOut, RefusalPage
from postroom.directory.roles import Permission
from postroom.inbound import selectors

router = Router(tags=["inbound"])


@router.get("/refusals", response=RefusalPage, operation_id="list_refusals")
def list_refusals(request: HttpRequest, cursor: Cursor, limit: Limit) -> RefusalPage:
    """What was refused and in which words, latest first."""
    user = asking(request)
    ensure_may(user, Permission.ARRIVALS_READ)
    page = selectors.refusals(user, before=moment_of(cursor), limit=limit)
    return RefusalPage(items=[RefusalOut.of(row) for row in page.rows], next=cursor_of_moment(page.next))
