"""All messages of somebody's companies, whatever the conversation."""

from __future__ import annotations

from django.db.models import Max

from postroom.conversations.access import readable
from postroom.conversations.models import Message, MessageId
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.paging import Page

PAGE = 50
WINDOW = 10_000  # ids that one page looks through: a small company among large ones costs no more
LEFT_OUT = ("html", "text", "own_text", "quoted_text", "thread__references", "thread__record__notes")


def all_messages(user: User, *, message_id: str = "", before: int | None = None, limit: int = PAGE) -> Page[Message]:
    """Messages that `user` may read, the newest first, without their bodies; or those known by a Message-ID (without
    angle brackets). A page may be empty although `next` leads on: it looks through so many ids, and no more.
    """
    last = before if before is not None else (Message.objects.aggregate(last=Max("pk"))["last"] or 0) + 1
    rows = readable(user).filter(pk__lt=last).select_related("thread__record__company").defer(*LEFT_OUT)
    first = max(0, last - WINDOW)
    if message_id:
        mine = companies(user, Permission.RECORDS_READ)
        known = MessageId.objects.filter(value=message_id, company_id__in=mine).values("message")
        rows, first = rows.filter(pk__in=known), 0
    found = list(rows.filter(pk__gte=first).order_by("-pk")[: limit + 1])
    if len(found) > limit:
        return Page(tuple(found[:limit]), found[limit - 1].pk)
    return Page(tuple(found), first or None)
