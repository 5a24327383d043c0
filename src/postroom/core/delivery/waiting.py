"""What a copy may wait for, and how pages name it: the key stands on the copy, its words say until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from postroom.core.delivery.retry import delayed_before
from postroom.core.delivery.states import DeliveryState


class Reason(StrEnum):
    """What a copy waits for. Without one it waits for nothing: it is due and leaves as soon as somebody takes it."""

    TURN = "turn"
    UNDO = "undo"
    SCHEDULED = "scheduled"
    SERVER_LIMIT = "server-limit"
    SENDER_LIMIT = "sender-limit"
    DESTINATION_LIMIT = "destination-limit"
    COMPANY_LIMIT = "company-limit"
    SERVER_DOWN = "server-down"
    PUT_OFF = "put-off"


TITLES: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.TURN: "Other mail leaves first",
        Reason.UNDO: "Can still be undone",
        Reason.SCHEDULED: "Scheduled",
        Reason.SERVER_LIMIT: "The server's limit is reached",
        Reason.SENDER_LIMIT: "The sender domain's limit is reached",
        Reason.DESTINATION_LIMIT: "The destination's limit is reached",
        Reason.COMPANY_LIMIT: "The company's limit is reached",
        Reason.SERVER_DOWN: "The server is down",
        Reason.PUT_OFF: "The receiver put it off",
    }
)

# The limits at which copies leave: these waits are looked at again when there is room.
LIMITS = (
    Reason.SERVER_LIMIT.value,
    Reason.SENDER_LIMIT.value,
    Reason.DESTINATION_LIMIT.value,
    Reason.COMPANY_LIMIT.value,
)

# Nobody has to do anything, nor would it help: these end with the time that was asked for.
WANTED = frozenset({Reason.UNDO, Reason.SCHEDULED})

# What somebody out there is to blame for: a copy that waits so for hours is shown as delayed.
TROUBLE = frozenset({Reason.PUT_OFF, Reason.SERVER_DOWN})
_WAITING = frozenset({DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.TRANSMITTING})


def is_delayed(state: str, reason: str, since: datetime, now: datetime, hours: float) -> bool:
    """Whether a copy that was queued at `since` is late, more than so many hours, through trouble outside.

    Nobody writes that down: it follows from the row whenever somebody looks.
    """
    return state in _WAITING and reason in TROUBLE and since < delayed_before(now, hours)
