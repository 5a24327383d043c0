"""Copies within a sliding window: how many were taken, how many more may be, and when the next place is free.

All times are seconds since some epoch, all periods seconds. Takings that lie within a twentieth of the period share an
entry, which leaves the window when its last one does: so never more than the limit within any period, and at most a
twentieth less than it.
"""

from __future__ import annotations

from dataclasses import dataclass

INTERACTIVE, NOTIFICATION, BULK = 0, 1, 2  # the lanes, the foremost first
GRAIN = 20
MANY = 10**9  # where there is no limit
ALONE = 1.5  # periods: with a limit of one, bulk takes the place once nobody else wanted it for half a period


@dataclass(frozen=True, slots=True)
class Taking:
    """So many copies were let go between two times."""

    first: float
    last: float
    count: int


Log = tuple[Taking, ...]


def kept_from(limit: int, lane: int) -> int:
    """How many places of a limit this lane never gets: a tenth and at least one is kept from bulk, a twentieth from
    notifications, so that a mail that somebody waits for finds a place.
    """
    if lane >= BULK:
        return max(1, limit // 10)
    return limit // 20 if lane == NOTIFICATION else 0


def count(log: Log, now: float, period: float) -> int:
    """How many of these are within the period that ends now."""
    return sum(one.count for one in log if one.last + period > now)


def added(log: Log, now: float, until: float, number: int, period: float) -> Log:
    """With so many more, which leave between now and `until`; what is over is dropped."""
    alive = tuple(one for one in log if one.last + period > now)
    if number < 1:
        return alive
    until = max(now, until)
    if alive and now - alive[-1].first <= period / GRAIN:
        one = alive[-1]
        return (*alive[:-1], Taking(min(one.first, now), max(one.last, until), one.count + number))
    return (*alive, Taking(now, until, number))


def removed(log: Log, at: float, number: int) -> Log:
    """Without so many of those that were taken at a time; what is over already stays so."""
    left: list[Taking] = []
    for one in reversed(log):
        less = min(one.count, number) if one.first <= at else 0
        number -= less
        if one.count > less:
            left.append(Taking(one.first, one.last, one.count - less))
    return tuple(reversed(left))


def room(log: Log, last: float, limit: int, lane: int, now: float, period: float) -> int:
    """How many more of a lane may leave now. `last` is when the last copy of all was taken; a limit of 0 is none."""
    if not limit:
        return MANY
    most = limit - kept_from(limit, lane)
    if most < 1:
        return int(last + ALONE * period <= now and not count(log, now, period))
    return max(0, most - count(log, now, period))


def free_at(log: Log, last: float, limit: int, lane: int, now: float, period: float) -> float:
    """When the next one of a lane may leave, if nothing else leaves before: from then on `room` is not 0."""
    if not limit:
        return now
    most = limit - kept_from(limit, lane)
    alive = sorted((one for one in log if one.last + period > now), key=lambda one: one.last)
    if most < 1:
        return max(now, last + ALONE * period, *(one.last + period for one in alive))
    over = sum(one.count for one in alive) - most + 1
    for one in alive:
        if over <= 0:
            break
        over -= one.count
        now = max(now, one.last + period)
    return now
