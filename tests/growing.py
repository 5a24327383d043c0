"""How the time of something grows with its text: what is crafted to cost much must cost in proportion to its length.

Seconds say how busy a machine is; that four times the text costs nine times the time says that the work is not linear.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Text = TypeVar("Text", str, bytes)

MOST_GROWTH = 9  # four times the text: linear is 4, quadratic 16
TICK = 0.005  # seconds, below which a machine's own noise is larger than what is measured


def grows(work: Callable[[Text], object], whole: Text) -> float:
    """How many times longer the whole text takes than its first quarter; the best of three runs each."""
    return _best(work, whole) / max(_best(work, whole[: len(whole) // 4]), TICK)


def _best(work: Callable[[Text], object], text: Text) -> float:
    return min(_cost(work, text) for _ in range(3))


def _cost(work: Callable[[Text], object], text: Text) -> float:
    started = time.process_time()
    work(text)
    return time.process_time() - started
