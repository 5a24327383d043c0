"""What hosted companies use, what they may, and how their mail stands; and what this installation is."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from postroom.api.schemas.common import Id, Time
from postroom.outbound import allowances
from postroom.outbound.allowances import LARGEST, LONGEST_NAME, Allowed
from postroom.outbound.models import Plan
from postroom.outbound.usage import Row, Usage

Copies = Annotated[int, Field(ge=0, le=LARGEST, description="Copies a day; 0: any number.")]


class DayOut(Schema):
    """What left on a day of UTC."""

    day: date
    sent: int


class UsageOut(Schema):
    """A company's day: `limit` 0 is any number, and then `left` is null. `waiting` leave once the next day begins."""

    company: int
    name: str
    plan: str
    limit: int
    own_limit: bool
    sent: int
    left: int | None
    waiting: int
    resets_at: Time
    state: Literal["well", "near", "reached"]
    days: list[DayOut]

    @classmethod
    def of(cls, one: Usage) -> UsageOut:
        return cls(
            company=one.company.pk,
            name=one.company.name,
            plan=one.allowed.plan,
            limit=one.allowed.limit,
            own_limit=one.allowed.own,
            sent=one.sent,
            left=one.left,
            waiting=one.waiting,
            resets_at=allowances.resets_at(),
            state=one.state,  # type: ignore[arg-type]
            days=[DayOut(day=day.day, sent=day.sent) for day in one.days],
        )


class UsageList(Schema):
    """The companies whose outgoing mail you see. `counted`: this installation hosts companies, so that limits hold.
    `contact`: whom to ask for more.
    """

    items: list[UsageOut]
    counted: bool
    contact: str
    next: str | None


class WatchedOut(Schema):
    """A company at a glance. `failed`: within three days; `oldest`: since when the first of what is queued waits."""

    usage: UsageOut
    slug: str
    queued: int
    oldest: Time | None
    held: int
    unknown: int
    failed: int

    @classmethod
    def of(cls, row: Row) -> WatchedOut:
        return cls(
            usage=UsageOut.of(row.usage),
            slug=row.usage.company.slug,
            queued=row.queued,
            oldest=row.oldest,
            held=row.held,
            unknown=row.unknown,
            failed=row.failed,
        )


class WatchedList(Schema):
    """Companies by short name."""

    items: list[WatchedOut]
    next: str | None


class AllowanceIn(Schema):
    """What a company may: a plan by name (empty: none), or a limit of its own (null: as the plan says)."""

    model_config = ConfigDict(extra="forbid")

    plan: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    daily_limit: Copies | None = None


class AllowanceOut(Schema):
    """What holds for a company now; `limit` 0 is any number."""

    company: Id
    plan: str
    limit: int
    own_limit: bool

    @classmethod
    def of(cls, company: int, one: Allowed) -> AllowanceOut:
        return cls(company=company, plan=one.plan, limit=one.limit, own_limit=one.own)


class PlanIn(Schema):
    """A plan to be made or changed."""

    model_config = ConfigDict(extra="forbid")

    daily_limit: Copies


class PlanOut(Schema):
    """A plan."""

    name: str
    daily_limit: int

    @classmethod
    def of(cls, row: Plan) -> PlanOut:
        return cls(name=row.name, daily_limit=row.daily_limit)


class PlanList(Schema):
    """All plans by name."""

    items: list[PlanOut]
    next: str | None


class InstallationOut(Schema):
    """What this installation is. `copy_because` says why its database counts as a copy, whose mail is held; empty where
    it is its own. `waiting`: copies that came with it and wait.
    """

    id: str
    place: str
    is_copy: bool
    copy_because: str
    waiting: int
    public_url: str
    public_url_before: str


class TakeoverIn(Schema):
    """What becomes of the copies that came with the database and wait: `hold` them for a person, `send` them since the
    other installation is gone for good, or `cancel` them since they are its business.
    """

    model_config = ConfigDict(extra="forbid")

    waiting: Literal["hold", "send", "cancel"]


class TakenOut(Schema):
    """It is its own now, under this id; so many copies were held or withdrawn."""

    id: str
    settled: int
