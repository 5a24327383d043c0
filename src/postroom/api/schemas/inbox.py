"""The inbox: lines of its lists, and what is done with a conversation."""

from __future__ import annotations

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

from postroom.api.schemas.common import Id, Person, Time
from postroom.api.schemas.conversations import Departing, Recipient
from postroom.conversations.inbox import Listed


class InboxRow(Schema):
    """A conversation in the asking user's inbox. `message` is the newest, with its beginning; `people` wrote the last
    ones, newest first; `count` notifications are unread. `failed`: a copy of what the user wrote did not arrive.
    """

    record: int
    ref: str
    title: str
    message: int
    author: str
    snippet: str
    people: list[Person]
    count: int
    internal: bool
    files: bool
    failed: bool
    mentioned: bool
    starred: bool
    snoozed_until: Time | None
    done_at: Time | None
    at: Time | None

    @classmethod
    def of(cls, one: Listed) -> InboxRow:
        people = [Person(email=author.email, name=author.name) for author in one.people]
        return cls(
            record=one.record.pk,
            ref=one.record.ref,
            title=one.record.title,
            message=one.message,
            author=people[0].name if people else "",
            snippet=one.snippet,
            people=people,
            count=one.unread,
            internal=one.internal,
            files=one.files,
            failed=one.failed,
            mentioned=one.mentioned,
            starred=one.starred,
            snoozed_until=one.snoozed_until,
            done_at=one.done_at,
            at=one.at,
        )


class InboxPage(Schema):
    """Conversations of one of the inbox's lists, newest first."""

    items: list[InboxRow]
    next: str | None


class SnoozeIn(Schema):
    """When a conversation is to come back."""

    model_config = ConfigDict(extra="forbid")

    until: AwareDatetime = Field(description="With an offset, such as 2031-05-05T08:00:00Z; within five years.")


class ReadOut(Schema):
    """How many messages are read now that were not."""

    read: int


class ConversationIn(Departing):
    """A message that begins a conversation on a desk; the first of `to` is its contact."""

    model_config = ConfigDict(extra="forbid")

    desk: Id
    subject: str = Field(max_length=500)
    body: str = Field(description="Plain text.")
    to: list[Recipient]
    cc: list[Recipient] = []
