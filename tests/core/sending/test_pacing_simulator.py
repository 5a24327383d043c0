"""A server that takes 30 mails a minute and 1,000 a day, in a time of the test: how much of that a sender uses."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import pytest

from postroom.core.sending import pacing
from postroom.core.sending.pace_learning import Said
from postroom.core.sending.pace_windows import BULK, NOTIFICATION
from postroom.core.sending.pacing import Limits, Pace

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
BEGIN = 1_000_000.0
WINDOW = 80
LOOK = 5.0


@dataclass
class Receiver:
    """Counts within windows that slide, or that begin with the clock's minute and day."""

    minute: int
    day: int
    slides: bool
    taken: list[float] = field(default_factory=list)
    throttles: int = 0

    def takes(self, at: float) -> bool:
        if (self.minute and self._count(at, MINUTE) >= self.minute) or (self.day and self._count(at, DAY) >= self.day):
            self.throttles += 1
            return False
        self.taken.append(at)
        return True

    def _count(self, at: float, period: float) -> int:
        since = at - period if self.slides else at // period * period
        number = 0
        for one in reversed(self.taken):
            if one < since or (self.slides and one == since):
                break
            number += 1
        return number


@dataclass
class Sender:
    """Copies by when they are due: number, tries, whether they wait for the limit."""

    receiver: Receiver
    limits: Limits
    lane: int
    queue: list[tuple[float, int, int, bool]]
    pace: Pace | None
    claims: int = 0

    def run(self, seconds: float) -> None:
        at, look_at = BEGIN, BEGIN
        while at < BEGIN + seconds and self.queue:
            self.send(at, self.claim(at))
            if at >= look_at:
                self.look_again(at)
                look_at = at + LOOK
            at += 1.0

    def claim(self, at: float) -> list[tuple[float, int, int, bool]]:
        due: list[tuple[float, int, int, bool]] = []
        while self.queue and self.queue[0][0] <= at and len(due) < WINDOW:
            due.append(heapq.heappop(self.queue))
        self.claims += len(due)
        return due

    def send(self, at: float, due: list[tuple[float, int, int, bool]]) -> None:
        if due and self.pace:
            self.pace = pacing.clean(self.pace, at, MINUTE)
            granted, self.pace = pacing.take(self.pace, self.limits, at, len(due), self.lane, MINUTE)
            self.put_off(at, due[granted:])
            due = due[:granted]
        refused = [one for one in due if not self.receiver.takes(at)]
        for _, number, tries, _ in refused:
            heapq.heappush(self.queue, (at + MINUTE * 2 ** min(tries, 8), number, tries + 1, False))
        if refused:
            before = self.pace or pacing.taken(Pace(), self.limits, at, len(due), MINUTE)
            self.pace = pacing.gave_back(before, at, len(refused))
            self.pace = pacing.throttled(self.pace, at, at, Said(450, replies=len(refused)), MINUTE)
        elif due and self.pace:
            self.pace = pacing.took(self.pace, at)

    def put_off(self, at: float, late: list[tuple[float, int, int, bool]]) -> None:
        for again in (False, True):
            some = [one for one in late if one[3] is again]
            assert self.pace
            times, self.pace = pacing.put_off_until(
                self.pace, self.limits, at, len(some), self.lane, MINUTE, again=again
            )
            for time, (_, number, tries, _) in zip(times, some, strict=True):
                heapq.heappush(self.queue, (time, number, tries, True))

    def look_again(self, at: float) -> None:
        if not (self.pace and pacing.waits(self.pace, at)):
            return
        self.pace = pacing.clean(self.pace, at, MINUTE)
        times = pacing.sooner(self.pace, self.limits, at, at + 2 * LOOK, [self.lane] * 500, MINUTE)
        first = [heapq.heappop(self.queue) for _ in times[: len(self.queue)]]
        for time, (due, number, tries, waits) in zip(times, first, strict=False):
            heapq.heappush(self.queue, (min(due, time) if waits else due, number, tries, waits))


def sender(receiver: Receiver, limits: Limits, lane: int, copies: int) -> Sender:
    queue = [(BEGIN, number, 0, False) for number in range(copies)]
    return Sender(receiver, limits, lane, queue, Pace() if limits else None)


SLIDES = [pytest.param(True, id="sliding"), pytest.param(False, id="fixed")]


@pytest.mark.parametrize("slides", SLIDES)
@pytest.mark.parametrize(
    ("limits", "lane", "share"),
    [
        pytest.param(Limits(), NOTIFICATION, 0.9, id="learnt"),
        pytest.param(Limits(30), NOTIFICATION, 0.9, id="set"),
        # A tenth is kept from bulk, so that it is never more than nine tenths.
        pytest.param(Limits(), BULK, 0.85, id="learnt, bulk"),
        pytest.param(Limits(30), BULK, 0.9, id="set, bulk"),
    ],
)
def test_of_thirty_a_minute_within_an_hour(slides: bool, limits: Limits, lane: int, share: float) -> None:
    receiver = Receiver(30, 0, slides)
    one = sender(receiver, limits, lane, 3000)
    one.run(HOUR)
    assert len(receiver.taken) >= share * 1800
    assert receiver.throttles <= (0 if limits else WINDOW)
    assert one.claims <= 3000 + 2 * len(receiver.taken) + WINDOW


@pytest.mark.parametrize("slides", SLIDES)
@pytest.mark.parametrize("limits", [pytest.param(Limits(), id="learnt"), pytest.param(Limits(30, 0, 1000), id="set")])
def test_of_a_thousand_a_day_within_two(slides: bool, limits: Limits) -> None:
    receiver = Receiver(30, 1000, slides)
    one = sender(receiver, limits, NOTIFICATION, 4000)
    one.run(2 * DAY)
    assert sum(at < BEGIN + DAY for at in receiver.taken) >= 900
    assert len(receiver.taken) >= 1800
    assert receiver.throttles <= (0 if limits else 250)
    assert one.pace
    if not limits:
        assert one.pace.learnt
        assert all(one.accepted == 0 and one.rate == 1.0 for one in one.pace.learnt.evidence)


def test_a_sender_that_knows_no_limit_finds_a_higher_one() -> None:
    """What was learnt in a bad hour is not for ever: after an hour without a throttle more is tried, then ever more."""
    receiver = Receiver(10, 0, slides=True)
    one = sender(receiver, Limits(), NOTIFICATION, 20_000)
    one.run(20 * MINUTE)
    receiver.minute = 100
    one.run(4 * HOUR)
    assert one.pace
    assert one.pace.learnt
    assert one.pace.learnt.limit > 60
