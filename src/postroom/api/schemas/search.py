"""What a search found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ninja import Schema

from postroom.api.schemas.common import Time
from postroom.conversations.searching import FoundConversation
from postroom.core.search.excerpts import Piece
from postroom.directory.models import Contact
from postroom.records.models import Record

Kind = Literal["conversations", "records", "contacts"]


class PieceOut(Schema):
    """Some of a text; `found` where it was asked for."""

    text: str
    found: bool


class FoundOut(Schema):
    """A conversation, record or contact. A conversation is named by its `record`, with the newest `message` that was
    found, its author in `who` and an `excerpt` of what it says; an internal one is for your own people alone.
    """

    kind: Kind
    company: int
    title: str
    record: int | None = None
    ref: str = ""
    message: int | None = None
    contact: int | None = None
    who: str = ""
    excerpt: list[PieceOut] = []
    internal: bool = False
    at: Time

    @classmethod
    def of_conversation(cls, one: FoundConversation) -> FoundOut:
        record = one.record
        return cls(
            kind="conversations",
            company=record.company_id,
            title=record.title,
            record=record.pk,
            ref=record.ref,
            message=one.message,
            who=one.author,
            excerpt=_pieces(one.excerpt),
            internal=one.internal,
            at=one.at,
        )

    @classmethod
    def of_record(cls, one: Record) -> FoundOut:
        return cls(
            kind="records",
            company=one.company_id,
            title=one.title,
            record=one.pk,
            ref=one.ref,
            who=one.contact.name if one.contact else "",
            at=one.created_at,
        )

    @classmethod
    def of_contact(cls, one: Contact) -> FoundOut:
        return cls(kind="contacts", company=one.company_id, title=one.name, contact=one.pk, at=one.created_at)


def _pieces(some: Sequence[Piece]) -> list[PieceOut]:
    return [PieceOut(text=one.text, found=one.found) for one in some]


class FoundPage(Schema):
    """What was found, of each kind the newest first."""

    items: list[FoundOut]
    next: str | None
