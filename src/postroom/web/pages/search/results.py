"""What a search shows: a row for each conversation, record, contact and page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from postroom.conversations.searching import FoundConversation, found_conversations
from postroom.core.search.excerpts import Piece, excerpt
from postroom.core.search.words import LONGEST_QUESTION, SHORTEST_BEGINNING, Question, fold, question
from postroom.directory import contacts_lists
from postroom.directory.access import companies
from postroom.directory.models import Contact, User
from postroom.directory.roles import Permission
from postroom.directory.searching import found_contacts
from postroom.infra.paging import Page
from postroom.records.models import Record
from postroom.records.record_types import record_type
from postroom.records.searching import found_records
from postroom.web.places import DEVELOPER, RAIL, SETTINGS, Place, message_url, places_of, record_url
from postroom.web.views import Person

CONVERSATIONS, RECORDS, CONTACTS = "conversations", "records", "contacts"
LABELS = {
    CONVERSATIONS: (gettext_lazy("Conversations"), "messages-square"),
    RECORDS: (gettext_lazy("Records"), "files"),
    CONTACTS: (gettext_lazy("Contacts"), "book-user"),
}
LONGEST_LINE = 120  # characters of a title or name


@dataclass(frozen=True, slots=True)
class Row:
    """Something that was found: `title` and `line` with what was asked for marked, `aside` where it belongs."""

    key: str
    url: str
    title: tuple[Piece, ...]
    line: tuple[Piece, ...] = ()
    aside: str = ""
    icon: str = ""
    who: Person | None = None
    at: datetime | None = None
    note: bool = False


def rows_of(user: User, kind: str, text: str, *, before: int | None = None, limit: int = 20) -> Page[Row]:
    """The rows of a kind, the newest first."""
    asked = question(text)
    if kind == CONVERSATIONS:
        talks = found_conversations(user, asked, before=before, limit=limit)
        return Page(tuple(_conversation(one, asked) for one in talks.rows), talks.next)
    if kind == RECORDS:
        records = found_records(user, text[:LONGEST_QUESTION], before=before, limit=limit)
        return Page(tuple(_record(one, asked) for one in records.rows), records.next)
    contacts = found_contacts(user, asked, before=before, limit=limit)
    return Page(tuple(_contacts(user, contacts.rows, asked)), contacts.next)


def _conversation(one: FoundConversation, asked: Question) -> Row:
    record = one.record
    return Row(
        key=f"m{one.message}",
        url=message_url(record.type, record.pk, one.message),
        title=one.title,
        line=(*excerpt(one.author, asked, length=LONGEST_LINE), Piece(": "), *one.excerpt),
        aside=record.number,
        who=Person(one.author),
        at=one.at,
        note=one.internal,
    )


def _record(record: Record, asked: Question) -> Row:
    said = [record.stage.name if record.stage else "", record.contact.name if record.contact else ""]
    return Row(
        key=f"r{record.pk}",
        url=record_url(record.type, record.pk),
        title=excerpt(record.title or _("No subject"), asked, length=LONGEST_LINE),
        line=(Piece(" · ".join(one for one in said if one)),),
        aside=record.number,
        icon=record_type(record.type).icon,
        at=record.created_at,
    )


def _contacts(user: User, contacts: Sequence[Contact], asked: Question) -> list[Row]:
    """With the address that was asked for, else the main one."""
    addresses = contacts_lists.addresses_of([one.pk for one in contacts])
    several = len(companies(user, Permission.RECORDS_READ)) > 1
    rows = []
    for one in contacts:
        known = [address.email for address in addresses.get(one.pk, ())]
        shown = [excerpt(email, asked, length=LONGEST_LINE) for email in known]
        line = next((pieces for pieces in shown if any(piece.found for piece in pieces)), shown[0] if shown else ())
        name = one.name or (known[0] if known else "")
        organisation = excerpt(one.organisation, asked, length=LONGEST_LINE)
        rows.append(
            Row(
                key=f"c{one.pk}",
                url=reverse("contact", args=[one.pk]),
                title=excerpt(name, asked, length=LONGEST_LINE),
                line=(*line, *([Piece(" · ")] if line and organisation else []), *organisation),
                aside=one.company.name if several else "",
                who=Person(name),
            )
        )
    return rows


def pages(user: User, text: str) -> list[Place]:
    """The pages that `user` may open and that are called so: every word begins one of theirs."""
    wanted = fold(text).split()
    if len(text.strip()) < SHORTEST_BEGINNING or not wanted:
        return []
    return [place for place in places_of(user, *RAIL, SETTINGS, DEVELOPER) if _is_called(place, wanted)]


def _is_called(place: Place, wanted: Sequence[str]) -> bool:
    known = fold(f"{place.label} {' '.join(place.words)}").replace("-", " ").split()
    return all(any(word.startswith(one) for word in known) for one in wanted)
