"""What one sender holds in memory of paces: places that it took beforehand, and what it sent where nothing was counted.

A sender that dies loses the places that it had taken, so no limit is exceeded; one that ends gives them back.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from postroom.outbound.paces.known import Key

SLICES = 12  # of the minute of which is known what left uncounted


@dataclass(slots=True)
class Block:
    """Places that were taken at a time for a lane, and for those before it; they are used until another time."""

    lane: int
    at: float
    until: float
    left: int


@dataclass(slots=True)
class Tally:
    """How many copies of each pace were taken by servers within the last minute without being counted."""

    slices: deque[tuple[int, Counter[Key]]] = field(default_factory=lambda: deque(maxlen=SLICES))

    def add(self, numbers: Mapping[Key, int], now: float, minute: float) -> None:
        number = int(now * SLICES / minute)
        if not self.slices or self.slices[-1][0] != number:
            self.slices.append((number, Counter()))
        self.slices[-1][1].update(numbers)

    def pop(self, key: Key, now: float, minute: float) -> int:
        """How many of this pace; from now on they are counted elsewhere."""
        oldest = int(now * SLICES / minute) - SLICES
        return sum(counts.pop(key, 0) for number, counts in self.slices if number > oldest)


class Desk(threading.local):
    """Of each thread that sends its own."""

    def __init__(self) -> None:
        self.blocks: dict[Key, Block] = {}
        self.taken: dict[Key, Block] = {}  # within the transaction that runs
        self.tally = Tally()

    def usable(self, key: Key, now: float, lane: int) -> int:
        """How many places a copy of this lane finds here."""
        found = self.blocks.get(key)
        return found.left if found and now <= found.until and lane <= found.lane else 0

    def use(self, key: Key, now: float, lane: int, number: int) -> int:
        """Use up to so many of them; how many. They are gone also where the transaction fails."""
        used = min(number, self.usable(key, now, lane))
        if used:
            self.blocks[key].left -= used
        return used

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Around a transaction: blocks that it takes may be used once it is committed."""
        self.taken = {}
        try:
            yield
            self.blocks |= self.taken
        finally:
            self.taken = {}

    def empty(self) -> dict[Key, Block]:
        """All blocks, which are nobody's from now on; nothing is remembered."""
        blocks, self.blocks, self.tally = self.blocks, {}, Tally()
        return blocks


DESK = Desk()
