"""When an arrival that failed is tried again by itself."""

from __future__ import annotations

MAX_ATTEMPTS = 10  # about three and a half hours in all, then it waits for a person
FIRST = 30.0  # seconds
LONGEST = 3600.0
SPREAD = 0.25  # the share that jitter adds at most, so that what failed together does not return together


def backoff(attempt: int, jitter: float) -> float:
    """Seconds to wait after the `attempt`-th try (the first is 1) failed; `jitter` is between 0 and 1.

    Doubles from 30 seconds to an hour; jitter adds up to a quarter, never less than nothing.
    """
    doubled = FIRST * 2.0 ** min(max(attempt - 1, 0), 30)
    share = min(max(0.0, jitter), 1.0)  # in this order a NaN counts as none
    return min(doubled, LONGEST) * (1.0 + SPREAD * share)
