"""How the time of something grows with its text: what is crafted to cost much must cost in proportion to its length.

Seconds say how busy a machine is; that four times the text costs nine times the time says that the work is not linear.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from typing import TypeVar

Text = TypeVar("Text", str, bytes)

MOST_GROWTH = 9  # four times the text: linear is 4, quadratic 16
TICK = 0.005  # seconds, below which a machine's own noise is larger than what is measured


ROUNDS = 6


def grows(work: Callable[[Text], object], whole: Text) -> float:
    """How many times longer the whole text takes than its first quarter: the least of some rounds, since what is
    quadratic is so in each of them, and what is linear only looks otherwise while somebody else uses the machine.
    """
    least = float("inf")
    for _ in range(ROUNDS):
        least = min(least, _cost(work, whole) / max(_cost(work, whole[: len(whole) // 4]), TICK))
        if least < MOST_GROWTH / 2:
            break
    return least


def _cost(work: Callable[[Text], object], text: Text) -> float:
    """Seconds of this process, without those of a collection that earlier tests' objects would make long."""
    gc.disable()
    try:
        started = time.process_time()
        work(text)
        return time.process_time() - started
    finally:
        gc.enable()
