"""The states of arrivals, routes and deliveries, and which event leads from which to which: tables, drawn once.

Services ask `advance` or filter by `sources`; the documentation and the pages take the meanings from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Generic, TypeVar, overload


class ArrivalState(StrEnum):
    """What became of an arrival or of one of its routes."""

    ARRIVED = "arrived"
    CLAIMED = "claimed"
    RETRYING = "retrying"
    ROUTED = "routed"
    REPORTED = "reported"
    REFUSED = "refused"
    HELD = "held"
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    FAILED = "failed"


RouteState = ArrivalState  # an arrival shows the worst of its routes, so both speak of the same states


class ArrivalEvent(StrEnum):
    """What happens to an arrival or a route. `replay` is always a person's."""

    CLAIM = "claim"
    LEASE_EXPIRED = "lease expired"
    ROUTE = "route"
    REPORT = "report"
    REFUSE = "refuse"
    HOLD = "hold"
    IGNORE = "ignore"
    FIND_DUPLICATE = "find duplicate"
    RETRY = "retry"
    GIVE_UP = "give up"
    REPLAY = "replay"


class DeliveryState(StrEnum):
    """What became of the copy for one envelope recipient."""

    HELD = "held"
    QUEUED = "queued"
    CLAIMED = "claimed"
    TRANSMITTING = "transmitting"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    FAILED = "failed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    CANCELLED = "cancelled"


class DeliveryEvent(StrEnum):
    """What happens to a delivery. `release`, `cancel`, `send again` and both ways to settle are a person's; the last
    three are news.
    """

    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    CLAIM = "claim"
    RETURN = "return"
    LEASE_EXPIRED = "lease expired"
    TRANSMIT = "transmit"
    ACCEPT = "accept"
    DEFER = "defer"
    REFUSE = "refuse"
    LOSE = "lose"
    GIVE_UP = "give up"
    SEND_AGAIN = "send again"
    SETTLE_SENT = "settle as sent"
    SETTLE_UNSENT = "settle as not sent"
    REPORT_DELIVERED = "report delivered"
    REPORT_BOUNCED = "report bounced"
    REPORT_COMPLAINT = "report complaint"


S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True)
class Table(Generic[S, E]):
    """One machine: `steps` says which state follows, `meanings` what each state is, `by_person` which events only a
    person causes: nothing else leaves a state of `final`.
    """

    start: S
    final: frozenset[S]
    by_person: frozenset[E]
    steps: Mapping[tuple[S, E], S]
    meanings: Mapping[S, str]

    def advance(self, state: S, event: E) -> S:
        """The state that follows; where the table has no step (late news, a race that was lost), the same state."""
        return self.steps.get((state, event), state)

    def allows(self, state: S, event: E) -> bool:
        """Whether the event means anything in this state."""
        return (state, event) in self.steps

    def sources(self, event: E) -> frozenset[S]:
        """The states from which the event leads on: the condition of an UPDATE that claims or settles."""
        return frozenset(state for state, known in self.steps if known is event)


def _arrival_steps() -> dict[tuple[ArrivalState, ArrivalEvent], ArrivalState]:
    a, e = ArrivalState, ArrivalEvent
    settled = {
        e.ROUTE: a.ROUTED, e.REPORT: a.REPORTED, e.REFUSE: a.REFUSED, e.HOLD: a.HELD, e.IGNORE: a.IGNORED,
        e.FIND_DUPLICATE: a.DUPLICATE, e.RETRY: a.RETRYING, e.GIVE_UP: a.FAILED,
    }  # fmt: skip
    steps = {(state, event): after for state in (a.ARRIVED, a.CLAIMED, a.RETRYING) for event, after in settled.items()}
    steps |= {(state, e.CLAIM): a.CLAIMED for state in (a.ARRIVED, a.RETRYING)}
    steps[a.CLAIMED, e.LEASE_EXPIRED] = a.ARRIVED
    # what was posted or reported stays done: a replay of the arrival leaves those routes as they are
    steps |= {(state, e.REPLAY): a.ARRIVED for state in (a.FAILED, a.HELD, a.REFUSED, a.DUPLICATE, a.IGNORED)}
    return steps


def _delivery_steps() -> dict[tuple[DeliveryState, DeliveryEvent], DeliveryState]:
    d, e = DeliveryState, DeliveryEvent
    steps = {
        (d.HELD, e.RELEASE): d.QUEUED,
        (d.HELD, e.CANCEL): d.CANCELLED,
        (d.QUEUED, e.HOLD): d.HELD,
        (d.QUEUED, e.CANCEL): d.CANCELLED,
        (d.QUEUED, e.CLAIM): d.CLAIMED,
        (d.QUEUED, e.GIVE_UP): d.FAILED,
        (d.CLAIMED, e.HOLD): d.HELD,
        (d.CLAIMED, e.CANCEL): d.CANCELLED,
        (d.CLAIMED, e.RETURN): d.QUEUED,
        (d.CLAIMED, e.LEASE_EXPIRED): d.QUEUED,
        (d.CLAIMED, e.GIVE_UP): d.FAILED,
        (d.CLAIMED, e.TRANSMIT): d.TRANSMITTING,
        (d.TRANSMITTING, e.ACCEPT): d.ACCEPTED,
        (d.TRANSMITTING, e.DEFER): d.QUEUED,
        (d.TRANSMITTING, e.REFUSE): d.FAILED,
        (d.TRANSMITTING, e.LOSE): d.UNKNOWN,
        (d.TRANSMITTING, e.LEASE_EXPIRED): d.UNKNOWN,
    }
    # nobody but a person, who asked the recipient or looked at the server, knows more than we do
    steps[d.UNKNOWN, e.SETTLE_SENT] = d.ACCEPTED
    steps[d.UNKNOWN, e.SETTLE_UNSENT] = d.FAILED
    # news may come before our own record of the answer is complete, and a bounce after a receipt
    for state in (d.ACCEPTED, d.UNKNOWN):
        steps[state, e.REPORT_DELIVERED] = d.DELIVERED
    for state in (d.ACCEPTED, d.UNKNOWN, d.DELIVERED):
        steps[state, e.REPORT_BOUNCED] = d.BOUNCED
        steps[state, e.REPORT_COMPLAINT] = d.COMPLAINED
    steps |= {(state, e.SEND_AGAIN): d.QUEUED for state in (d.UNKNOWN, d.FAILED, d.BOUNCED, d.CANCELLED)}
    return steps


ARRIVALS: Table[ArrivalState, ArrivalEvent] = Table(
    start=ArrivalState.ARRIVED,
    final=frozenset(ArrivalState) - {ArrivalState.ARRIVED, ArrivalState.CLAIMED, ArrivalState.RETRYING},
    by_person=frozenset({ArrivalEvent.REPLAY}),
    steps=MappingProxyType(_arrival_steps()),
    meanings=MappingProxyType(
        {
            ArrivalState.ARRIVED: "Kept safely, not decided yet.",
            ArrivalState.CLAIMED: "A worker is reading it now.",
            ArrivalState.RETRYING: "Something went wrong; it is tried again by itself.",
            ArrivalState.ROUTED: "In the conversation of a record.",
            ArrivalState.REPORTED: "News about a mail that we sent, written on that mail.",
            ArrivalState.REFUSED: "Not taken; the reason says what the sender was told.",
            ArrivalState.HELD: "Waits for a person to decide.",
            ArrivalState.IGNORED: "Kept, and on purpose nothing was done.",
            ArrivalState.DUPLICATE: "The same mail had already come for the same target.",
            ArrivalState.FAILED: "Every try failed; it waits for a person to replay it.",
        }
    ),
)

DELIVERIES: Table[DeliveryState, DeliveryEvent] = Table(
    start=DeliveryState.QUEUED,
    final=frozenset(
        {DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED, DeliveryState.CANCELLED},
    ),
    by_person=frozenset(
        {
            DeliveryEvent.RELEASE,
            DeliveryEvent.CANCEL,
            DeliveryEvent.SEND_AGAIN,
            DeliveryEvent.SETTLE_SENT,
            DeliveryEvent.SETTLE_UNSENT,
        }
    ),
    steps=MappingProxyType(_delivery_steps()),
    meanings=MappingProxyType(
        {
            DeliveryState.HELD: "Waits for a person to release it.",
            DeliveryState.QUEUED: "Waits for its turn or for the next try.",
            DeliveryState.CLAIMED: "A worker has taken it, nothing is on the wire yet.",
            DeliveryState.TRANSMITTING: "Is being handed to the server.",
            DeliveryState.ACCEPTED: "The server took it.",
            DeliveryState.UNKNOWN: "The connection ended before the answer: it may have been sent and is not repeated.",
            DeliveryState.DELIVERED: "Reported as delivered.",
            DeliveryState.FAILED: "Refused for good, put off for too long, or a person found that it did not arrive.",
            DeliveryState.BOUNCED: "Taken by the server and returned later.",
            DeliveryState.COMPLAINED: "The recipient marked it as spam.",
            DeliveryState.CANCELLED: "Withdrawn before it was sent.",
        }
    ),
)

FINAL = ARRIVALS.final
MEANINGS = ARRIVALS.meanings

# Open ones first: an arrival with a route that is not settled is not settled. Then the worst of the final ones.
_WORST_FIRST = (
    ArrivalState.ARRIVED, ArrivalState.CLAIMED, ArrivalState.RETRYING, ArrivalState.FAILED, ArrivalState.HELD,
    ArrivalState.REFUSED, ArrivalState.DUPLICATE, ArrivalState.IGNORED, ArrivalState.REPORTED, ArrivalState.ROUTED,
)  # fmt: skip
_RANK: Mapping[str, int] = {state: rank for rank, state in enumerate(_WORST_FIRST)}


@overload
def advance(state: ArrivalState, event: ArrivalEvent) -> ArrivalState: ...
@overload
def advance(state: DeliveryState, event: DeliveryEvent) -> DeliveryState: ...
def advance(state: ArrivalState | DeliveryState, event: ArrivalEvent | DeliveryEvent) -> ArrivalState | DeliveryState:
    """The state that follows an event; an event that the state does not know changes nothing."""
    if isinstance(state, ArrivalState) and isinstance(event, ArrivalEvent):
        return ARRIVALS.advance(state, event)
    if isinstance(state, DeliveryState) and isinstance(event, DeliveryEvent):
        return DELIVERIES.advance(state, event)
    return state


def worst(states: Iterable[ArrivalState]) -> ArrivalState:
    """What an arrival shows for its routes: the worst of them; `arrived` where it has none yet."""
    return min(states, key=_RANK.__getitem__, default=ArrivalState.ARRIVED)
