"""A message beside its conversation: its headers, the answer that it would have, its line in the list of all."""

from __future__ import annotations

from typing import Literal

from ninja import Schema
from pydantic import Field

from postroom.api.schemas.common import Person, Time
from postroom.conversations.models import Message


class HeaderOut(Schema):
    """A header field, decoded."""

    name: str
    value: str


class OriginalOut(Schema):
    """The header fields of a message in order. `arrival` is the mail by which it came, for those who may look at it;
    `source`: its mail can be had.
    """

    headers: list[HeaderOut]
    arrival: int | None
    source: bool


class AnswerOut(Schema):
    """An answer, or what passes a message on, as it can be posted to `records/{record}/messages`, or to
    `records/{record}/notes` where `kind` is note. The quotation of a forward is put below the words by itself.
    """

    kind: Literal["message", "note"]
    record: int
    subject: str = Field(description="Empty: as usual.")
    to: list[Person]
    cc: list[Person]
    answers: int | None
    forwards: int | None
    forwarded_files: list[int]


class MessageRow(Schema):
    """A message without its body."""

    id: int
    record: int
    ref: str
    company: int
    kind: str
    visibility: str
    author: Person
    subject: str
    message_id: str
    received_at: Time

    @classmethod
    def of(cls, row: Message) -> MessageRow:
        record = row.thread.record
        return cls(
            id=row.pk,
            record=record.pk,
            ref=record.ref,
            company=row.company_id,
            kind=row.kind,
            visibility=row.visibility,
            author=Person(email=row.author_email, name=row.author_name),
            subject=row.subject,
            message_id=row.message_id,
            received_at=row.received_at,
        )


class MessageRows(Schema):
    """Messages of whatever conversation, newest first. A page may be empty although `next` leads on."""

    items: list[MessageRow]
    next: str | None
