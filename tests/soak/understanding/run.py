"""One run: mails are changed and read, round after round, until a number of rounds is over; every fault is told.

A round depends on the seed and its own number alone: `--first 8123 --rounds 1` repeats it.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
import tempfile
import time
import traceback
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from tests.growing import MOST_GROWTH, grows
from tests.soak.understanding.changes import changed, lengthened
from tests.soak.understanding.seeds import saved, seeds
from tests.soak.understanding.targets import TARGETS, UNEVEN, Target

STUCK = 30.0  # seconds of CPU after which a round is broken off
FIXED, A_BYTE = 0.25, 2.5e-6  # seconds of CPU that a mail may take: the looking at what comes out is in it
TRIES = 3  # the least counts: others use the machine
LONG_EVERY = 25  # every so many rounds a mail is made long instead
LONG = 256 * 1024  # bytes of such a mail
FIXED_MEMORY, MEMORY_A_BYTE = 16_000_000, 120  # bytes that reading may hold at once
SPACE = 3 << 30  # bytes of address space: what wants more fails instead of harming the machine
MOST_WRONG = 20


class Stuck(BaseException):
    """A round took so long that it was broken off; no `except Exception` under test may swallow that."""


@dataclass
class Understanding:
    """How a run went. `wrong` is empty where everything held; `slowest` are µs a byte, `growth` that of four times the
    bytes, `memory` bytes held a byte, each the most of any round.
    """

    seed: int
    rounds: int = 0
    seeds: int = 0
    bytes: int = 0
    by_target: dict[str, int] = field(default_factory=dict)
    slowest: dict[str, float] = field(default_factory=dict)
    growth: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


@dataclass
class Run:
    """What the rounds have in common: the mails that they begin with, what is done with them, and where faults go."""

    outcome: Understanding
    mails: Sequence[bytes]
    targets: dict[str, Target]
    kept: Path

    def round(self, number: int) -> None:
        chance = random.Random(f"{self.outcome.seed} {number}")
        name = chance.choice(tuple(self.targets))
        target, raw = self.targets[name], chance.choice(self.mails)
        self.outcome.rounds += 1
        self.outcome.by_target[name] = self.outcome.by_target.get(name, 0) + 1
        if number % LONG_EVERY == 0 and name not in UNEVEN:
            self._long(number, name, target, lengthened(chance, raw, LONG))
        else:
            self._once(number, name, target, changed(chance, raw, self.mails))

    def _once(self, number: int, name: str, target: Target, raw: bytes) -> None:
        faults, seconds = tried(target, raw)
        self.outcome.bytes += len(raw)
        allowed = FIXED + A_BYTE * len(raw)
        for _ in range(TRIES):
            if seconds <= allowed or faults:
                break
            seconds = min(seconds, tried(target, raw)[1])
        if seconds > allowed:
            faults = [*faults, f"{seconds:.2f} s for {len(raw)} bytes"]
        most(self.outcome.slowest, name, 1e6 * seconds / max(len(raw), 1000))
        self._tell(number, name, raw, faults)

    def _long(self, number: int, name: str, target: Target, raw: bytes) -> None:
        self._once(number, name, target, raw)
        if self.outcome.wrong and self.outcome.wrong[-1].startswith(f"round {number} "):
            return
        growth = grows(target, raw)
        most(self.outcome.growth, name, growth)
        faults = [f"four times the bytes take {growth:.1f} times the time"] if growth >= MOST_GROWTH else []
        held = memory(target, raw)
        most(self.outcome.memory, name, held / len(raw))
        if held > FIXED_MEMORY + MEMORY_A_BYTE * len(raw):
            faults.append(f"{held / 1e6:.0f} MB for {len(raw)} bytes")
        self._tell(number, name, raw, faults)

    def _tell(self, number: int, name: str, raw: bytes, faults: Sequence[str]) -> None:
        if not faults:
            return
        path = saved(self.kept, f"{self.outcome.seed}-{number}-{name}", raw)
        line = f"round {number} {name} ({path}): {'; '.join(dict.fromkeys(faults))}"
        self.outcome.wrong.append(line)
        print(line, file=sys.stderr, flush=True)


def tried(target: Target, raw: bytes) -> tuple[list[str], float]:
    """The faults that a target finds, an exception among them, and the seconds of CPU that it took."""
    began = time.process_time()
    try:
        with limited():
            faults = list(target(raw))
    except Stuck:
        faults = [f"stuck at {_where()}"]
    except Exception as error:  # noqa: BLE001  whatever it raises is a fault
        faults = [f"{type(error).__name__} {str(error)[:200]!r} at {_where()}"]
    return faults, time.process_time() - began


def _where() -> str:
    """The innermost lines of our own code."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    ours = [f"{Path(one.filename).name}:{one.lineno}" for one in frames if "postroom" in one.filename]
    return " < ".join(reversed(ours[-3:])) or "a check"


@contextmanager
def limited() -> Iterator[None]:
    """Break off after STUCK seconds; a regular expression that runs away can be broken off, too."""
    before = signal.signal(signal.SIGPROF, _stuck)
    signal.setitimer(signal.ITIMER_PROF, STUCK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _stuck(_number: int, _frame: FrameType | None) -> None:
    raise Stuck


def memory(work: Callable[[bytes], object], raw: bytes) -> int:
    """The most bytes that Python held at once, beyond those before."""
    tracemalloc.start()
    try:
        work(raw)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def most(of: dict[str, float], name: str, value: float) -> None:
    """Keep the larger one, rounded for the eye."""
    of[name] = max(of.get(name, 0.0), round(value, 2))


def run(
    seed: int, rounds: int, first: int = 1, *, with_corpora: bool = True, targets: dict[str, Target] | None = None
) -> Understanding:
    """So many rounds from the first on, or until MOST_WRONG of them found something."""
    began = time.monotonic()
    mails = seeds(with_corpora=with_corpora)
    outcome = Understanding(seed, seeds=len(mails))
    running = Run(outcome, mails, targets or TARGETS, Path(tempfile.gettempdir()) / "postroom-soak-understanding")
    with little_space():
        for number in range(first, first + rounds):
            running.round(number)
            if len(outcome.wrong) >= MOST_WRONG:
                break
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


@contextmanager
def little_space() -> Iterator[None]:
    """At most SPACE of address space meanwhile."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (SPACE, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
