"""System parameters and scheduled actions."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import ConfigDict, Field

from postroom.api.schemas.common import Time
from postroom.directory.system import Setting
from postroom.domains.models import RetiredAddress
from postroom.infra.models import ScheduledAction
from postroom.infra.schedule import LONGEST, SHORTEST


class ParameterOut(Schema):
    """A parameter. `set`: somebody set it; `view`: it is a field of the alias domain; `known`: Postroom reads it."""

    key: str
    value: str
    default: str
    meaning: str
    kind: str
    known: bool
    set: bool
    view: bool

    @classmethod
    def of(cls, one: Setting) -> ParameterOut:
        return cls(
            key=one.key,
            value=one.value,
            default=one.default,
            meaning=str(one.meaning),
            kind=one.kind.value,
            known=one.is_known,
            set=one.is_set,
            view=one.is_view,
        )


class ParameterList(Schema):
    """Every known parameter by key, then those that somebody added."""

    items: list[ParameterOut]
    next: str | None


class ParameterIn(Schema):
    """A value to be set."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[str, Field(max_length=4000)]


class ActionOut(Schema):
    """A scheduled action: how often (seconds), when next, when last, and what it said."""

    key: str
    label: str
    every_seconds: int
    active: bool
    due: Time
    last_run_at: Time | None
    last_result: str

    @classmethod
    def of(cls, row: ScheduledAction, label: str) -> ActionOut:
        return cls(
            key=row.key,
            label=label,
            every_seconds=row.every_seconds,
            active=row.is_active,
            due=row.due,
            last_run_at=row.last_run_at,
            last_result=row.last_result,
        )


class ActionList(Schema):
    """All scheduled actions, by key."""

    items: list[ActionOut]
    next: str | None


class ActionChange(Schema):
    """What is to be changed of an action; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    every_seconds: Annotated[int, Field(ge=SHORTEST, le=LONGEST)] | None = None
    active: bool | None = None


class RanOut(Schema):
    """What an action said."""

    result: str


class QueueCount(Schema):
    """How many are in a state, and when the first of them came."""

    state: str
    count: int
    oldest: Time | None


class UnsettledOut(Schema):
    """What is not settled: copies that leave, arrivals."""

    outbound: list[QueueCount]
    inbound: list[QueueCount]


class RetiredOut(Schema):
    """An address that was given up. Mail to it still reaches `alias`, or the `part` of its domain that it was; it is
    kept for that until `free_from` at least.
    """

    id: int
    address: str
    part: str
    domain: int
    alias: int | None
    retired_at: Time
    free_from: Time

    @classmethod
    def of(cls, row: RetiredAddress) -> RetiredOut:
        return cls(
            id=row.pk,
            address=f"{row.local_part}@{row.domain_name}",
            part=row.part,
            domain=row.domain_id,
            alias=row.alias_id,
            retired_at=row.retired_at,
            free_from=row.free_from,
        )


class RetiredPage(Schema):
    """Retired addresses, the latest first."""

    items: list[RetiredOut]
    next: str | None
