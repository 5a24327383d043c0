"""How fast a server takes mail, as the sender saw it lately, and what it was told to ask for again."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from postroom.core.sending.lanes import LANES

LOOK_BACK = 10.0  # seconds that count for how fast a server is
NEW = 1.0  # seconds within which nobody can tell
MOST_KNOWN = 10_000  # copies of a lane that are called back before their time; those behind them come by themselves


@dataclass(slots=True)
class Flow:
    """Answers of a server since it began to work, by the monotonic clock."""

    since: float = field(default_factory=time.monotonic)
    answers: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0  # of these

    def begin(self) -> None:
        """It had nothing to do, and begins to work."""
        self.since = time.monotonic()
        self.answers.clear()
        self.total = 0

    def note(self, answers: int) -> None:
        if answers:
            self.answers.append((time.monotonic(), answers))
            self.total += answers

    @property
    def is_new(self) -> bool:
        return time.monotonic() - self.since < NEW

    @property
    def per_second(self) -> float:
        """Answers a second, of the last ten seconds at most."""
        at = time.monotonic()
        while self.answers and self.answers[0][0] < at - LOOK_BACK:
            self.total -= self.answers.popleft()[1]
        return self.total / min(LOOK_BACK, max(NEW, at - self.since))


@dataclass(slots=True)
class Booked:
    """Copies that were put back into the queue since others stand before them: by lane, in their order, when each is
    due by the monotonic clock, and its id, so that it can be called sooner than was estimated.
    """

    lanes: tuple[deque[tuple[float, int]], ...] = field(default_factory=lambda: tuple(deque() for _ in LANES))

    def add(self, lane: int, delivery: int, until: float) -> None:
        if len(self.lanes[lane]) < MOST_KNOWN:
            self.lanes[lane].append((until, delivery))

    def before(self, lane: int) -> int:
        """How many of this lane and of those before it are not due yet."""
        return sum(self._left(front) for front in LANES if front <= lane)

    def _left(self, lane: int) -> int:
        at, waiting = time.monotonic(), self.lanes[lane]
        while waiting and waiting[0][0] <= at:
            waiting.popleft()
        return len(waiting)

    def call(self, lane: int, most: int) -> list[int]:
        """The next ones, which are asked for now; they are booked no longer."""
        return [self.lanes[lane].popleft()[1] for _ in range(min(most, self._left(lane)))]
