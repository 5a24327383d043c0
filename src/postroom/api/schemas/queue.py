"""The queue: its groups, decisions about copies, and how far those about many are."""

from __future__ import annotations

from typing import Annotated, Self

from ninja import Schema
from pydantic import Field

from postroom.api.schemas.common import LARGEST_ID, Id, Time
from postroom.core.delivery.decisions import Order, Verb
from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.outbound.models import Lane, QueueOperation
from postroom.outbound.queue.control import AT_ONCE, Done
from postroom.outbound.queue.copy_filter import DUE, NOT_CHOSEN, CopyFilter
from postroom.outbound.queue.groups import Age, Group, Queue

LANES = {lane.label: lane for lane in Lane}
REASONS = (DUE, *Reason)
LANE = f"^({'|'.join(LANES)})?$"
REASON = f"^({'|'.join(REASONS)})?$"
Server = Annotated[int, Field(ge=NOT_CHOSEN, le=LARGEST_ID)]


class FilterIn(Schema):
    """Which copies; what is left out asks for nothing. `reason` `due`: those that wait for nothing but their turn.
    `server` is an id, 0 for the default server, -1 where none was chosen yet.
    """

    state: list[DeliveryState] = []
    reason: str = Field("", pattern=REASON)
    destination: str = Field("", max_length=255)
    server: Server | None = None
    lane: str = Field("", pattern=LANE)
    about: str = Field("", max_length=80)
    letter: Id | None = None
    text: str = Field("", max_length=200)

    def asked(self) -> CopyFilter:
        """As selectors take it."""
        return CopyFilter(
            states=tuple(map(str, self.state)),
            reason=self.reason,
            destination=self.destination.replace("\0", ""),
            server=self.server,
            lane=LANES[self.lane] if self.lane else None,
            about=self.about.replace("\0", ""),
            letter=self.letter,
            text=self.text.replace("\0", ""),
        )


class DecisionIn(Schema):
    """A decision about the copies of `ids`, else of `filter`. `at` is for `schedule`; `server` for `change-server`: an
    id, 0 for the default server, null to let Postroom choose again.
    """

    verb: Verb
    at: Time | None = None
    server: Annotated[int, Field(ge=0, le=LARGEST_ID)] | None = None
    ids: list[Id] = Field([], max_length=AT_ONCE)
    filter: FilterIn | None = None

    def order(self) -> Order:
        """As services take it."""
        return Order(self.verb, self.at, self.server)


class RefusedCopy(Schema):
    """A copy that stayed as it was, and why."""

    id: int
    why: str


class OperationOut(Schema):
    """A decision about many copies. Of `total` copies `done` followed, and `skipped` stayed as they were: `why` says
    how many for which reason. `progress` is the address at which this is asked for again.
    """

    id: int
    verb: str
    who: str
    state: str
    total: int
    done: int
    skipped: int
    why: dict[str, int]
    words: str
    started_at: Time
    ended_at: Time | None
    progress: str

    @classmethod
    def of(cls, row: QueueOperation) -> Self:
        return cls(
            id=row.pk,
            verb=row.verb,
            who=row.who,
            state=row.state,
            total=row.total,
            done=row.done,
            skipped=row.skipped,
            why=row.why,
            words=row.words,
            started_at=row.started_at,
            ended_at=row.ended_at,
            progress=f"/api/v1/outbound/operations/{row.pk}",
        )


class OperationList(Schema):
    """Decisions about many copies, newest first."""

    items: list[OperationOut]
    next: str | None


class DecidedOut(Schema):
    """What became of a decision: for `ids` which copies followed and which did not, for a `filter` its operation."""

    done: list[int]
    refused: list[RefusedCopy]
    operation: OperationOut | None

    @classmethod
    def of(cls, outcome: Done, row: QueueOperation | None = None) -> Self:
        refused = [RefusedCopy(id=one.id, why=one.why) for one in outcome.refused]
        return cls(done=list(outcome.done), refused=refused, operation=OperationOut.of(row) if row else None)


class GroupOut(Schema):
    """Copies that share a reason, a destination or a state. `more`: there are more than `count`. `oldest` is when the
    oldest was queued, `next` when the first may leave.
    """

    key: str
    count: int
    more: bool
    oldest: Time | None
    next: Time | None

    @classmethod
    def of(cls, one: Group) -> Self:
        return cls(key=one.key, count=one.count, more=one.more, oldest=one.oldest, next=one.leaves)


class AgeOut(Schema):
    """What waits for a server in a lane; `server` -1: none was chosen yet."""

    server: int
    server_name: str
    lane: str
    count: int
    more: bool
    oldest: Time

    @classmethod
    def of(cls, one: Age) -> Self:
        lane = Lane(one.lane).label
        return cls(
            server=one.server, server_name=one.name, lane=lane, count=one.count, more=one.more, oldest=one.oldest
        )


class QueueOut(Schema):
    """All that waits. `count` is of what leaves by itself, more than that where `more`. `destinations` and `ages` were
    counted among the `sampled` oldest copies.
    """

    count: int
    more: bool
    reasons: list[GroupOut]
    stopped: list[GroupOut]
    destinations: list[GroupOut]
    ages: list[AgeOut]
    sampled: int

    @classmethod
    def of(cls, queue: Queue) -> Self:
        return cls(
            count=queue.count,
            more=queue.more,
            reasons=[GroupOut.of(one) for one in queue.reasons],
            stopped=[GroupOut.of(one) for one in queue.stopped],
            destinations=[GroupOut.of(one) for one in queue.destinations],
            ages=[AgeOut.of(one) for one in queue.ages],
            sampled=queue.sampled,
        )
