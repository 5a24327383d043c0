"""What a person may decide about a copy, in which states, and why not in the others: tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.core.delivery.waiting import Reason

LONGEST = timedelta(days=366)  # how far ahead a copy can be scheduled
NO_COPY = "There is no such copy."
NOT_YOURS = "Not of a company whose copies you decide about."


class Verb(StrEnum):
    """A decision about a copy."""

    SCHEDULE = "schedule"
    HOLD = "hold"
    RELEASE = "release"
    CANCEL = "cancel"
    SEND_AGAIN = "send-again"
    SEND_NOW = "send-now"
    CHANGE_SERVER = "change-server"
    ARRIVED = "arrived"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Order:
    """A decision with what it needs: `at` is when scheduled copies leave, `server` the id of the server to leave by,
    0 for the default one, None to let Postroom choose again.
    """

    verb: Verb
    at: datetime | None = None
    server: int | None = None


_S, _E = DeliveryState, DeliveryEvent
# The event that a verb causes in a state; None: the state stays as it is.
_CHANGES: Mapping[Verb, Mapping[DeliveryState, DeliveryEvent | None]] = MappingProxyType(
    {
        Verb.SCHEDULE: {_S.QUEUED: None, _S.CLAIMED: _E.RETURN, _S.HELD: _E.RELEASE},
        Verb.HOLD: dict.fromkeys(DELIVERIES.sources(_E.HOLD), _E.HOLD),
        Verb.RELEASE: dict.fromkeys(DELIVERIES.sources(_E.RELEASE), _E.RELEASE),
        Verb.CANCEL: dict.fromkeys(DELIVERIES.sources(_E.CANCEL), _E.CANCEL),
        Verb.SEND_AGAIN: dict.fromkeys(DELIVERIES.sources(_E.SEND_AGAIN), _E.SEND_AGAIN),
        Verb.SEND_NOW: {_S.QUEUED: None},
        Verb.ARRIVED: dict.fromkeys(DELIVERIES.sources(_E.SETTLE_SENT), _E.SETTLE_SENT),
        Verb.LOST: dict.fromkeys(DELIVERIES.sources(_E.SETTLE_UNSENT), _E.SETTLE_UNSENT),
        Verb.CHANGE_SERVER: {_S.QUEUED: None, _S.CLAIMED: _E.RETURN, _S.HELD: None},
    }
)

WHY_NOT: Mapping[DeliveryState, str] = MappingProxyType(
    {
        _S.HELD: "It is held: release it first.",
        _S.QUEUED: "It waits to be sent already.",
        _S.CLAIMED: "A worker has taken it and sends it now.",
        _S.TRANSMITTING: "It is on the wire now.",
        _S.ACCEPTED: "The server took it already.",
        _S.UNKNOWN: "Nobody knows whether it was sent: send it again or close it.",
        _S.DELIVERED: "It is delivered already.",
        _S.FAILED: "It failed: only sending it again helps.",
        _S.BOUNCED: "It came back: only sending it again helps.",
        _S.COMPLAINED: "It arrived, and was marked as spam.",
        _S.CANCELLED: "It was withdrawn: only sending it again helps.",
    }
)
_SPECIAL: Mapping[tuple[Verb, DeliveryState], str] = MappingProxyType(
    {
        (Verb.HOLD, _S.HELD): "It is held already.",
        (Verb.RELEASE, _S.QUEUED): "It is not held.",
        (Verb.RELEASE, _S.CLAIMED): "It is not held.",
        (Verb.CANCEL, _S.CANCELLED): "It is withdrawn already.",
        (Verb.SEND_AGAIN, _S.HELD): "It was not sent yet: release it.",
    }
)
CLOSING = frozenset({Verb.ARRIVED, Verb.LOST})  # a person found out what became of it; nothing is sent
# Another server has nothing to do with what these were put off for.
AT_ONCE_BY_ANOTHER = frozenset({Reason.SERVER_LIMIT, Reason.SERVER_DOWN, Reason.PUT_OFF})


def sources(verb: Verb) -> frozenset[DeliveryState]:
    """The states in which the verb means something."""
    return frozenset(_CHANGES[verb])


def after(verb: Verb, state: DeliveryState) -> DeliveryState | None:
    """The state that follows; None where the verb means nothing in this one."""
    if state not in _CHANGES[verb]:
        return None
    event = _CHANGES[verb][state]
    return DELIVERIES.advance(state, event) if event else state


def why_not(verb: Verb, state: DeliveryState) -> str:
    """Why the verb means nothing in this state, as a sentence."""
    if verb in CLOSING:
        return "Only a copy whose fate is unknown can be closed."
    return _SPECIAL.get((verb, state)) or WHY_NOT[state]


def problem(order: Order, at: datetime) -> str:
    """What is wrong with an order whatever it is about, as a sentence; empty where nothing is."""
    if order.verb is not Verb.SCHEDULE:
        return ""
    if order.at is None:
        return "Say when: a date and a time."
    if order.at <= at:
        return "This time has passed: choose one that is to come."
    return "Choose a time within a year." if order.at - at > LONGEST else ""


def words(order: Order, who: str, server: str) -> str:
    """What is written on a copy: who decided what. `server` is the name of the chosen one."""
    match order.verb:
        case Verb.SCHEDULE if order.at is not None:
            return f"Scheduled by {who} for {order.at:%Y-%m-%d %H:%M} UTC."
        case Verb.HOLD:
            return f"Held by {who}."
        case Verb.RELEASE:
            return f"Released by {who}."
        case Verb.CANCEL:
            return f"Withdrawn by {who}."
        case Verb.SEND_AGAIN:
            return f"Sent again by {who}."
        case Verb.SEND_NOW:
            return f"{who} asked for it to leave now."
        case Verb.ARRIVED:
            return f"Closed by {who}: it arrived."
        case Verb.LOST:
            return f"Closed by {who}: it did not arrive."
    return f"{who} chose {server} for it." if order.server is not None else f"{who} left the choice of server free."
