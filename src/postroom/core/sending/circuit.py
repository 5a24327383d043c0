"""How long a server that is down is left alone before the next try."""

from __future__ import annotations

FIRST, LONGEST = 5.0, 300.0  # seconds


def probe_after(failures: int) -> float:
    """Seconds until the next try after so many in a row (the first is 1) failed: doubles from five to three hundred."""
    return float(min(LONGEST, FIRST * 2.0 ** min(max(failures - 1, 0), 30)))
