"""One text to several records, and how far it is."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from postroom.api.schemas.common import Id, Time
from postroom.api.schemas.conversations import Departing
from postroom.conversations.batches import MOST, Progress


class BatchIn(Departing):
    """One text to several records. Who gets one of the messages learns of none of the others."""

    records: list[Id] = Field(min_length=1, max_length=MOST)
    body: str = Field("", description="Plain text.")
    subject: str = Field("", max_length=500, description="Empty: Re: and each record's title.")
    followers: bool = Field(True, description="Whether those who follow hear it, too; else each contact alone.")


class LeftOut(Schema):
    """A record that gets no message, and why."""

    record: int
    ref: str
    why: str


class BatchOut(Schema):
    """A batch. `state` is waits, posting, done, undone or stopped; `undo_until` is null once it is being posted."""

    id: int
    state: str
    total: int
    posted: int
    left_out: list[LeftOut]
    undo_until: Time | None
    scheduled_for: Time | None
    created_at: Time
    ended_at: Time | None

    @classmethod
    def of(cls, one: Progress, left_out: list[LeftOut]) -> BatchOut:
        batch = one.batch
        waits = batch.state == batch.State.WAITS
        return cls(
            id=batch.pk,
            state=batch.state,
            total=one.total,
            posted=one.posted,
            left_out=left_out,
            undo_until=batch.at if waits else None,
            scheduled_for=batch.at if waits and batch.scheduled else None,
            created_at=batch.created_at,
            ended_at=batch.ended_at,
        )
