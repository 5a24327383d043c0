"""The pace at which copies may leave by one server, from one domain, to one or of one company: total functions.

A pace is what was taken lately, what was learnt from throttles, and the plan of what had to wait. Limits are those that
people set; all times are seconds, `minute` is how long a minute is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from postroom.core.sending import pace_learning as learning
from postroom.core.sending.pace_learning import Learnt, Said
from postroom.core.sending.pace_windows import BULK, GRAIN, Log, added, count, free_at, removed, room

PERIODS = (1, 60, 24 * 60)  # minutes of a window: a minute, an hour, a day
AGAIN = BULK + 1  # the plans of lanes for copies that had their time and found no place then
SLACK = 1.0 / 60.0  # minutes that a planned copy may be late without the next ones having to wait again


@dataclass(frozen=True, slots=True)
class Limits:
    """Copies a minute, an hour and a day (24 hours); 0: any number."""

    minute: int = 0
    hour: int = 0
    day: int = 0

    @property
    def each(self) -> tuple[int, int, int]:
        return (self.minute, self.hour, self.day)

    def __bool__(self) -> bool:
        return any(self.each)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is let go up to a time to come, as if it had been taken already."""

    at: float
    logs: tuple[Log, Log, Log]
    last: float


@dataclass(frozen=True, slots=True)
class Pace:
    """What is known of one pace. `last` is when a copy was taken last; `plans` by lane, each for what waits in it."""

    logs: tuple[Log, Log, Log] = ((), (), ())
    last: float = 0.0
    learnt: Learnt | None = None
    plans: dict[int, Plan] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bound:
    """Which limit lets the next copy wait longest: the minutes of its window, copies, whether it was learnt."""

    minutes: int
    number: int
    learnt: bool = False


def in_effect(limits: Limits, learnt: Learnt | None) -> Limits:
    """The limits together with what was learnt: the lower one counts."""
    if learnt is None:
        return limits
    return replace(limits, minute=min(limits.minute or learnt.limit, learnt.limit))


def places(pace: Pace, limits: Limits, now: float, lane: int, minute: float) -> int:
    """How many copies of a lane may leave now."""
    learnt = pace.learnt
    if learnt and now < learnt.closed_until:
        return 0
    own = in_effect(limits, learnt).each
    free = min(
        room(log, pace.last, limit, lane, now, period * minute)
        for log, limit, period in zip(pace.logs, own, PERIODS, strict=True)
    )
    return min(free, 1) if learnt and learnt.misses else free


def take(
    pace: Pace, limits: Limits, now: float, wanted: int, lane: int, minute: float, *, until: float = 0.0
) -> tuple[int, Pace]:
    """Take places for as many copies of a lane as may leave, at most those wanted; how many. They leave between now and
    `until`.
    """
    granted = max(0, min(wanted, places(pace, limits, now, lane, minute)))
    return granted, taken(pace, limits, now, granted, minute, until=until)


def taken(pace: Pace, limits: Limits, now: float, number: int, minute: float, *, until: float = 0.0) -> Pace:
    """After so many copies left, whether they were allowed to or not."""
    if number < 1:
        return pace
    held = (1, limits.hour, limits.day)  # of the minute it is always known: who throttles is told how many it took
    first, second, third = (
        added(log, now, until, number, period * minute) if limit else ()
        for log, limit, period in zip(pace.logs, held, PERIODS, strict=True)
    )
    learnt = pace.learnt
    if learnt and learnt.misses:
        learnt = replace(learnt, closed_until=max(learnt.closed_until, now + learning.rest(learnt.misses, minute)))
    return replace(pace, logs=(first, second, third), last=max(pace.last, now, until), learnt=learnt)


def gave_back(pace: Pace, at: float, number: int) -> Pace:
    """After so many copies that were taken at a time did not leave after all."""
    first, second, third = pace.logs
    return replace(pace, logs=(removed(first, at, number), removed(second, at, number), removed(third, at, number)))


def block(limits: Limits, learnt: Learnt | None, minute: float) -> tuple[int, float]:
    """How many places are taken at once where there are many, and the seconds within which they are used."""
    own = [(limit, period) for limit, period in zip(in_effect(limits, learnt).each, PERIODS, strict=True) if limit]
    if not own or (learnt and learnt.misses):
        return 0, 0.0
    return min(limit // GRAIN for limit, _ in own), min(period for _, period in own) * minute / GRAIN


# --- what has to wait ------------------------------------------------------------------------------------------------


def put_off_until(
    pace: Pace, limits: Limits, now: float, number: int, lane: int, minute: float, *, again: bool = False
) -> tuple[list[float], Pace]:
    """When each of so many copies of a lane may leave, after those that wait already in its lane and the lanes before
    it; `again`: they had their time and found no place then, so they do not wait behind what was planned after them.
    """
    own = AGAIN + lane if again else lane
    plans = {key: one for key, one in pace.plans.items() if one.at > now}
    before = [one for key, one in plans.items() if key == own or key < min(lane, BULK)]
    base = max(before, key=lambda one: one.at) if before else Plan(now, pace.logs, pace.last)
    learnt = replace(pace.learnt, misses=0) if pace.learnt else None
    ahead, at, times = Pace(base.logs, base.last, learnt), base.at, list[float]()
    while len(times) < number:
        at = next_free(ahead, limits, at, lane, minute)
        granted, ahead = take(ahead, limits, at, number - len(times), lane, minute, until=at + SLACK * minute)
        times += [at] * max(1, granted)
    if times:
        plans[own] = Plan(at, ahead.logs, ahead.last)
    return times, replace(pace, plans=plans)


def sooner(pace: Pace, limits: Limits, now: float, until: float, lanes: list[int], minute: float) -> list[float]:
    """When copies of these lanes, in this order, may leave as things stand now, whatever was planned; those that may
    not until a time are left out, and all after them.
    """
    learnt = replace(pace.learnt, misses=0) if pace.learnt else None
    ahead, at, times = replace(pace, learnt=learnt), now, list[float]()
    for lane in lanes:
        at = next_free(ahead, limits, at, lane, minute)
        if at > until:
            break
        ahead = taken(ahead, limits, at, 1, minute)
        times.append(at)
    return times


def next_free(pace: Pace, limits: Limits, now: float, lane: int, minute: float) -> float:
    """When the next copy of a lane may leave, if none leaves before."""
    own = in_effect(limits, pace.learnt).each
    free = (
        free_at(log, pace.last, limit, lane, now, period * minute)
        for log, limit, period in zip(pace.logs, own, PERIODS, strict=True)
    )
    return max(now, pace.learnt.closed_until if pace.learnt else now, *free)


def binding(pace: Pace, limits: Limits, now: float, lane: int, minute: float) -> Bound:
    """Which limit the next copy of a lane waits for."""
    own = in_effect(limits, pace.learnt)
    free = [
        (free_at(log, pace.last, limit, lane, now, period * minute), period, limit)
        for log, limit, period in zip(pace.logs, own.each, PERIODS, strict=True)
        if limit
    ]
    if not free:
        return Bound(PERIODS[0], 0)
    at, minutes, number = max(free, key=lambda one: one[0])
    closed = pace.learnt is not None and now < pace.learnt.closed_until and pace.learnt.closed_until >= at
    if closed:
        minutes, number = PERIODS[0], own.minute
    return Bound(minutes, number, (minutes == PERIODS[0] and own.minute != limits.minute) or closed)


def waits(pace: Pace, now: float) -> bool:
    """Whether something waits whose time is to come."""
    return any(one.at > now for one in pace.plans.values())


def without_plans(pace: Pace) -> Pace:
    """Where nothing waits any more."""
    return replace(pace, plans={})


# --- what is learnt --------------------------------------------------------------------------------------------------


def used(pace: Pace, now: float, minute: float) -> tuple[int, int, int]:
    """How many were taken within the last minute, hour and day, as far as these are counted."""
    first, second, third = (count(log, now, period * minute) for log, period in zip(pace.logs, PERIODS, strict=True))
    return first, second, third


def throttled(pace: Pace, now: float, began: float, said: Said, minute: float) -> Pace:
    """After a throttle, told to a copy that left at `began`."""
    accepted = count(pace.logs[0], now, minute)
    if pace.learnt and pace.learnt.at:
        since = tuple(one for one in pace.logs[0] if one.last > pace.learnt.at)
        accepted = accepted if count(since, now, minute) else 0  # what was taken before tells nothing of this one
    return replace(pace, learnt=learning.throttled(pace.learnt, now, began, accepted, said, minute))


def took(pace: Pace, now: float) -> Pace:
    """After a server took a copy again that had not been sure of it."""
    return replace(pace, learnt=learning.took(pace.learnt, now)) if pace.learnt else pace


def clean(pace: Pace, now: float, minute: float) -> Pace:
    """As it stands now, after the minutes without a throttle."""
    if pace.learnt is None:
        return pace
    return replace(pace, learnt=learning.clean(pace.learnt, now, minute, wanted=waits(pace, now)))
