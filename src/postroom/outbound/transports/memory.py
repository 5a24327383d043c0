"""Keeps mails in a list and answers as it is told: for tests, and for trying rules without any server."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from postroom.outbound.transports.protocol import Copy, NoSession, Outcome, Result, Server, written

TAKEN = Outcome(Result.ACCEPTED, "dot", 250, "2.0.0", "250 2.0.0 Kept in memory")


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy as it came: its envelope and its bytes."""

    delivery: int
    sender: str
    recipient: str
    mime: bytes


@dataclass(slots=True)
class Memory:
    """`answers` are outcomes by recipient, taken in turn before everything is accepted; an outcome without a phase ends
    the session. `closed` is why no session opens.
    """

    key: str = "memory"
    copies: list[Kept] = field(default_factory=list)
    answers: defaultdict[str, deque[Outcome]] = field(default_factory=lambda: defaultdict(deque))
    closed: Outcome | None = None
    opened: int = 0

    async def open(self, server: Server) -> MemorySession:
        if self.closed is not None:
            raise NoSession(self.closed)
        self.opened += 1
        return MemorySession(self)

    def answer(self, recipient: str, *outcomes: Outcome) -> None:
        """Answer so to the next copies for this recipient."""
        self.answers[recipient].extend(outcomes)

    def forget(self) -> None:
        """Be as new."""
        self.copies.clear()
        self.answers.clear()
        self.closed, self.opened = None, 0


@dataclass(slots=True)
class MemorySession:
    """A session that works until an answer ends it."""

    memory: Memory
    alive: bool = True
    silent_seconds: float = 0.0

    async def send(self, copies: Sequence[Copy]) -> AsyncIterator[tuple[Copy, Outcome]]:
        for copy in copies:
            yield copy, self._take(copy) if self.alive else Outcome.untouched()

    def _take(self, copy: Copy) -> Outcome:
        waiting = self.memory.answers[copy.recipient]
        outcome = waiting.popleft() if waiting else TAKEN
        self.alive = bool(outcome.phase)
        if outcome.result is not Result.ACCEPTED:
            return outcome
        raw = written(copy)
        if isinstance(raw, Outcome):
            return raw
        self.memory.copies.append(Kept(copy.delivery, copy.sender, copy.recipient, raw))
        return outcome

    async def close(self) -> None:
        self.alive = False


TRANSPORT = Memory()
