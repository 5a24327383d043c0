"""When an arrival that failed, or a copy that was put off, is tried again by itself; and when no more."""

from __future__ import annotations

from datetime import datetime

MAX_ATTEMPTS = 10  # about three and a half hours in all, then it waits for a person
FIRST = 30.0  # seconds
LONGEST = 3600.0
SPREAD = 0.25  # the share that jitter adds at most, so that what failed together does not return together

FIRST_DELIVERY = 60.0  # seconds
LONGEST_DELIVERY = 4 * 3600.0


def backoff(attempt: int, jitter: float) -> float:
    """Seconds to wait after the `attempt`-th try (the first is 1) failed; `jitter` is between 0 and 1.

    Doubles from 30 seconds to an hour; jitter adds up to a quarter, never less than nothing.
    """
    doubled = FIRST * 2.0 ** min(max(attempt - 1, 0), 30)
    share = min(max(0.0, jitter), 1.0)  # in this order a NaN counts as none
    return min(doubled, LONGEST) * (1.0 + SPREAD * share)


def delivery_backoff(attempt: int, jitter: float) -> float:
    """Seconds until the next try after the `attempt`-th (the first is 1) was put off; `jitter` is between 0 and 1.

    Doubles from a minute to four hours (RFC 5321 §4.5.4.1 asks for patience); jitter adds up to a quarter.
    """
    doubled = FIRST_DELIVERY * 2.0 ** min(max(attempt - 1, 0), 30)
    return min(doubled, LONGEST_DELIVERY) * (1.0 + SPREAD * min(max(0.0, jitter), 1.0))


def give_up(first_try: datetime, now: datetime, days: float) -> bool:
    """Whether a copy that was first tried at `first_try` has been tried for long enough; less than no days is none."""
    return (now - first_try).total_seconds() >= max(0.0, days) * 86400.0
