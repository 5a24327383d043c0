"""What the asking user should attend to."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from postroom.api.auth import asking, ensure_may
from postroom.api.paging import Cursor, Limit, cut
from postroom.api.schemas.attention import AttentionList, AttentionOut
from postroom.directory.attention import attention_of
from postroom.directory.roles import Permission

router = Router(tags=["attention"])


@router.get("/attention", response=AttentionList, operation_id="list_attention")
def list_attention(request: HttpRequest, cursor: Cursor, limit: Limit) -> AttentionList:
    """What needs attention, the worst first, each with its next step; for those who look after something."""
    user = asking(request)
    ensure_may(user, Permission.USERS_MANAGE)
    found = [AttentionOut.of(one) for one in attention_of(user)]
    items, more = cut(found, lambda one: (one.title, one.url), cursor, limit)
    return AttentionList(items=items, next=more)
