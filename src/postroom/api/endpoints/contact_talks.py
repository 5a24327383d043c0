"""The conversations with a contact."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from postroom.api.auth import asking, ensure_may
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.problems import not_found
from postroom.api.schemas.contact_talks import TalkOut, TalkPage
from postroom.conversations.contacts import history
from postroom.conversations.selectors import Latest, latest
from postroom.directory import contacts_lists
from postroom.directory.roles import Permission

router = Router(tags=["contacts"])


@router.get("/contacts/{int:pk}/conversations", response=TalkPage, operation_id="list_contact_conversations")
def list_contact_conversations(request: HttpRequest, pk: int, cursor: Cursor, limit: Limit) -> TalkPage:
    """The conversations in which a contact wrote, was written to or follows, or which are about them: what began last
    comes first. Those of a contact that became part of another are that other's.
    """
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    contact = contacts_lists.contact(user, pk)
    if contact is None:
        became = contacts_lists.became(user, pk)
        contact = contacts_lists.contact(user, became) if became else None
    if contact is None:
        raise not_found("contact")
    page = history(user, contact, before=id_of(cursor), limit=limit)
    newest = latest(user, [record.pk for record in page.rows])
    items = [TalkOut.of(record, newest.get(record.pk, Latest())) for record in page.rows]
    return TalkPage(items=items, next=cursor_of(page.next))
