"""Paces as the API takes and gives them."""

from __future__ import annotations

from typing import Literal

from ninja import Schema
from pydantic import Field

from postroom.api.schemas.common import Time
from postroom.outbound.models import PaceScope
from postroom.outbound.paces.services import LARGEST, Shown


class LimitIn(Schema):
    """A limit to set."""

    company: int = Field(0, ge=0, le=2**53, description="Whose servers it is about; 0: those of all companies.")
    scope: PaceScope
    key: str = Field(max_length=255, description="The id of a server or company, or a domain; 0 is the default server.")
    period: Literal["minute", "hour", "day"]
    number: int = Field(ge=0, le=LARGEST, description="Copies; 0: any number.")


class WindowOut(Schema):
    """What was taken within the last minute, hour or day, and the limit in effect, 0 for none."""

    period: str
    limit: int
    used: int


class EvidenceOut(Schema):
    """Why a pace was lowered: what a server said to how many copies, how many it had taken within the minute before,
    and the rate a minute that followed.
    """

    at: Time
    code: int
    enhanced: str
    words: str
    replies: int
    accepted: int
    rate: int


class PaceOut(Schema):
    """A pace. The limits are those that people set, `learnt` is a rate a minute and `ceiling` the one that it climbs
    to, 0 where nothing was learnt. `resets_at`: when the next place is free, null where there are places.
    `waits_until`: when the last copy that waits for it is thought to leave.
    """

    id: int
    company: int
    scope: str
    key: str
    name: str
    minute_limit: int
    hour_limit: int
    day_limit: int
    windows: list[WindowOut]
    learnt: int
    ceiling: int
    resets_at: Time | None
    waits_until: Time | None
    evidence: list[EvidenceOut]

    @classmethod
    def of(cls, one: Shown) -> PaceOut:
        return cls(
            id=one.id,
            company=one.company,
            scope=one.scope,
            key=one.key,
            name=one.name,
            minute_limit=one.limits.minute,
            hour_limit=one.limits.hour,
            day_limit=one.limits.day,
            windows=[WindowOut(period=it.period, limit=it.limit, used=it.used) for it in one.windows],
            learnt=one.learnt,
            ceiling=one.ceiling,
            resets_at=one.resets_at,
            waits_until=one.waits_until,
            evidence=[
                EvidenceOut(
                    at=it.at, code=it.code, enhanced=it.enhanced, words=it.words, replies=it.replies,
                    accepted=it.accepted, rate=it.rate,
                )
                for it in one.proofs
            ],
        )  # fmt: skip


class PaceList(Schema):
    """Paces by company, scope and key."""

    items: list[PaceOut]
    next: str | None
