"""The conversations with a contact."""

from __future__ import annotations

from ninja import Schema

from postroom.api.schemas.common import Time
from postroom.api.schemas.records import RecordOut
from postroom.conversations.selectors import Latest
from postroom.records.models import Record


class TalkOut(Schema):
    """A record with the newest message of its conversation: who wrote it, its beginning, when. `files`: some message
    has attachments.
    """

    record: RecordOut
    author: str
    snippet: str
    at: Time | None
    files: bool

    @classmethod
    def of(cls, record: Record, newest: Latest) -> TalkOut:
        return cls(
            record=RecordOut.of(record),
            author=newest.author,
            snippet=newest.snippet,
            at=newest.at,
            files=newest.files,
        )


class TalkPage(Schema):
    """Conversations with a contact, what began last first."""

    items: list[TalkOut]
    next: str | None
