"""When an arrival that failed, or a copy that was put off, is tried again by itself; and when no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

MAX_ATTEMPTS = 10  # about three and a half hours in all, then it waits for a person
FIRST = 30.0  # seconds
LONGEST = 3600.0
SPREAD = 0.25  # the share that jitter adds at most, so that what failed together does not return together


class Plan(StrEnum):
    """How patiently a copy that was put off is tried again."""

    QUICK = "quick"
    NORMAL = "normal"
    SLOW = "slow"
    GREYLIST = "greylist"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds until the second try and between late ones; the wait grows `growth`-fold each time. `meaning` is for
    people.
    """

    first: float
    longest: float
    growth: float
    meaning: str


MINUTE, HOUR = 60.0, 3600.0

PACES: Mapping[Plan, Pace] = MappingProxyType(
    {
        Plan.QUICK: Pace(MINUTE, HOUR, 2.0, "It passes within minutes: a limit of speed, a line that broke."),
        Plan.NORMAL: Pace(MINUTE, 4 * HOUR, 2.0, "Nobody knows how long it takes (RFC 5321 §4.5.4.1)."),
        Plan.SLOW: Pace(HOUR, 6 * HOUR, 1.5, "A person has to do something there, or a day has to pass."),
        # most servers that greylist wait for five minutes, some for half an hour, and none for long (RFC 6647 §4)
        Plan.GREYLIST: Pace(5 * MINUTE, 2 * HOUR, 2.0, "The server wants to see whether we come back."),
        Plan.FULL: Pace(2 * HOUR, 12 * HOUR, 1.5, "The recipient has to delete something first."),
    }
)


def backoff(attempt: int, jitter: float) -> float:
    """Seconds to wait after the `attempt`-th try (the first is 1) failed; `jitter` is between 0 and 1.

    Doubles from 30 seconds to an hour; jitter adds up to a quarter, never less than nothing.
    """
    return _grown(FIRST, LONGEST, 2.0, attempt) * _spread(jitter)


def delivery_backoff(attempt: int, jitter: float, plan: Plan = Plan.NORMAL) -> float:
    """Seconds until the next try after the `attempt`-th (the first is 1) was put off; `jitter` is between 0 and 1.

    Grows from the plan's first wait to its longest; jitter adds up to a quarter.
    """
    pace = PACES[plan]
    return _grown(pace.first, pace.longest, pace.growth, attempt) * _spread(jitter)


def give_up(first_try: datetime, now: datetime, days: float) -> bool:
    """Whether a copy that was first tried at `first_try` has been tried for long enough; less than no days is none."""
    return now >= last_try(first_try, days)


def last_try(first_try: datetime, days: float) -> datetime:
    """When a copy that was first tried at `first_try` is tried for the last time (RFC 5321 §4.5.4.1: four to five days
    at least)."""
    return first_try + timedelta(days=min(max(0.0, days), 36500.0))


def delayed_before(now: datetime, hours: float) -> datetime:
    """A copy that was queued before this moment and was put off is late by now; less than no hours is none."""
    return now - timedelta(hours=min(max(0.0, hours), 24.0 * 365))


def _grown(first: float, longest: float, growth: float, attempt: int) -> float:
    return min(longest, first * growth ** min(max(attempt - 1, 0), 40))


def _spread(jitter: float) -> float:
    share = min(max(0.0, jitter), 1.0)  # in this order a NaN counts as none
    return 1.0 + SPREAD * share
