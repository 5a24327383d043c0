"""Whose turn it is at a server: places of a few connections, shared out so that urgent mail never waits behind bulk.

A place is kept by not giving it to a lane behind. Nothing is cut off for it unless there is one connection alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

INTERACTIVE, NOTIFICATION, BULK = LANES = 0, 1, 2

FEWEST = 5  # copies worth a connection more
SHORT = 4  # a short window holds this part of a long one
SOON = 2.0  # seconds within which a server should be through with what was claimed for it
SHORTEST_TURN, LONGEST_TURN = 10.0, 600.0  # seconds after which what found no room is claimed again


@dataclass(frozen=True, slots=True)
class Busy:
    """Connections with a window on the wire, by the lane of that window: those that work, and those that hang, whose
    server has said nothing for long though a mail's data was on its way.
    """

    working: tuple[int, int, int] = (0, 0, 0)
    hanging: tuple[int, int, int] = (0, 0, 0)

    @property
    def total(self) -> int:
        return sum(self.working) + sum(self.hanging)

    def begun(self, lane: int) -> Busy:
        """As it is after one more window of this lane."""
        one = tuple(count + (number == lane) for number, count in enumerate(self.working))
        return replace(self, working=(one[0], one[1], one[2]))


def reserve(connections: int, lane: int) -> int:
    """How many of a server's connections are kept for a lane from those behind it: a fifth, at least one, for
    interactive, one more for notification from three on. A server with one connection shares it.
    """
    if lane == INTERACTIVE and connections > 1:
        return max(1, connections // 5)
    return int(lane == NOTIFICATION and connections > 2)


def places(connections: int, hanging: int) -> int:
    """How many connections there may be: one more for each that hangs, and at most twice as many."""
    own = max(1, connections)
    return own + min(max(0, hanging), own)


def may_begin(connections: int, busy: Busy, lane: int) -> bool:
    """Whether one more window of this lane may go onto the wire.

    What hangs fills no place of urgent mail; bulk that hangs fills one of bulk, so that a server which swallows
    everything is not given twice as much of it.
    """
    own = max(1, connections)
    kept = sum(max(0, reserve(own, front) - busy.working[front]) for front in LANES if front < lane)
    filled = sum(busy.working) + (busy.hanging[BULK] if lane == BULK else 0)
    return filled + kept < own and busy.total + kept < places(own, sum(busy.hanging))


def turns(connections: int, busy: Busy, waiting: Sequence[int], free: int) -> list[int]:
    """The lanes of the windows that begin next, on so many free connections, the foremost first. `waiting` is how many
    copies wait in each lane: a connection more is worth it for each handful of them.
    """
    found: list[int] = []
    for lane in LANES:
        for _ in range(-(-max(0, waiting[lane]) // FEWEST)):
            if len(found) == free or not may_begin(connections, busy, lane):
                break
            found.append(lane)
            busy = busy.begun(lane)
    return found


def window(connections: int, lane: int, longest: int) -> int:
    """How many copies a window of this lane may hold: few where somebody waits for each, and few where all lanes share
    one connection, since what is urgent waits until a window is through.
    """
    short = lane == INTERACTIVE or connections < 2
    return max(1, longest // SHORT if short else longest)


def room(per_second: float, longest: int, batch: int) -> int:
    """How many copies of a lane to hold for a server: what it takes soon, two windows at least, a batch at most."""
    soon = per_second * SOON if per_second > 0 else 0.0  # in this order what is no number counts as nothing
    return int(min(batch, max(2 * longest, soon)))


def turn_after(before: int, per_second: float) -> float:
    """Seconds after which it is the turn of a copy with so many before it, between ten and six hundred."""
    if not per_second > 0:  # what is no number, too
        return LONGEST_TURN
    return min(LONGEST_TURN, max(SHORTEST_TURN, max(0, before) / per_second))
