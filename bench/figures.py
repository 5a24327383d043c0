"""What the benches have in common: how figures of several rounds are told, and when they are none."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median


class Wrong(RuntimeError):
    """The figures would be of work that was not done right."""


def spread(values: Sequence[float]) -> dict[str, float]:
    """The median of the rounds with the least and the most."""
    return {"median": round(median(values), 2), "min": round(min(values), 2), "max": round(max(values), 2)}


def say(words: str) -> None:
    """Tell somebody who watches; standard output is for the figures."""
    print(words, file=sys.stderr, flush=True)
