"""Answers of DNS, kept for as long as their records say, and never more than so many (RFC 2308, RFC 9520)."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from postroom.core.authentication.questions import Answer, Question

LARGEST = 4096  # octets of an answer that is kept: with the number of answers it bounds the memory
FAILURE_SECONDS = 5  # how long "could not ask" is kept, so that a dead resolver is not asked for every mail


class Cache:
    """Answers by question. Threads and event loops may share it; the answer that was not used longest goes first."""

    def __init__(self, entries: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries, self._seconds, self._clock = entries, seconds, clock
        self._kept: OrderedDict[Question, tuple[float, Answer]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: Question) -> Answer | None:
        """The answer, while it lasts."""
        with self._lock:
            kept = self._kept.get(question)
            if kept is None:
                return None
            if kept[0] <= self._clock():
                del self._kept[question]
                return None
            self._kept.move_to_end(question)
            return kept[1]

    def put(self, question: Question, answer: Answer, seconds: float) -> None:
        """Keep an answer for `seconds`, or for as long as the settings allow; a large one is not kept."""
        seconds = min(FAILURE_SECONDS if answer.unknown else seconds, self._seconds)
        if seconds <= 0 or self._entries <= 0 or _size(answer) > LARGEST:
            return
        with self._lock:
            self._kept[question] = (self._clock() + seconds, answer)
            self._kept.move_to_end(question)
            while len(self._kept) > self._entries:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget everything: an administrator has changed a record and wants to see it."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)


def _size(answer: Answer) -> int:
    return sum(map(len, answer.values)) + sum(map(len, answer.texts))
