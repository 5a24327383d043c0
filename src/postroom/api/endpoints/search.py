"""The search: conversations, records and contacts by words, people and ids."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from postroom.api.auth import asking, ensure_may
from postroom.api.paging import Cursor, Limit, cursor_of, id_of
from postroom.api.schemas.search import FoundOut, FoundPage, Kind
from postroom.conversations.searching import found_conversations
from postroom.core.search.words import LONGEST_QUESTION, question
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.directory.searching import found_contacts
from postroom.infra.paging import Page
from postroom.records.searching import found_records

router = Router(tags=["search"])
KINDS: tuple[Kind, ...] = ("conversations", "records", "contacts")
FIRST = 10  # of each kind where none is named
Asked = Annotated[str, Query("", description="Words, all of which have to be there; the last one may be a beginning.")]
Named = Annotated[Kind | None, Query(None, description="Only these; otherwise the first ten of each kind.")]


@router.get("/search", response=FoundPage, operation_id="search")
def search(request: HttpRequest, cursor: Cursor, limit: Limit, q: Asked, kind: Named) -> FoundPage:
    """What was written in the conversations of your companies, by words, people, addresses, subjects, files and ids;
    records by title, notes and number; contacts by name, organisation and address. What is new is found within
    seconds. Only what is narrowed to a kind has a next page.
    """
    user = asking(request)
    ensure_may(user, Permission.RECORDS_READ)
    before = id_of(cursor)
    if kind is None:
        return FoundPage(items=[item for one in KINDS for item in _found(user, one, q, None, FIRST).rows], next=None)
    page = _found(user, kind, q, before, limit)
    return FoundPage(items=list(page.rows), next=cursor_of(page.next))


def _found(user: User, kind: Kind, q: str, before: int | None, limit: int) -> Page[FoundOut]:
    if kind == "conversations":
        talks = found_conversations(user, question(q), before=before, limit=limit)
        return Page(tuple(map(FoundOut.of_conversation, talks.rows)), talks.next)
    if kind == "records":
        records = found_records(user, q[:LONGEST_QUESTION], before=before, limit=limit)
        return Page(tuple(map(FoundOut.of_record, records.rows)), records.next)
    contacts = found_contacts(user, question(q), before=before, limit=limit)
    return Page(tuple(map(FoundOut.of_contact, contacts.rows)), contacts.next)
