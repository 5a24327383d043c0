"""Never more than a limit within any window, nothing of the kept places for bulk, and rates that are learnt."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.sending import pacing
from postroom.core.sending.pace_learning import FLOOR, FORGET, Learnt, Said, clean, patience, rest, throttled, took
from postroom.core.sending.pace_rows import from_plain, to_plain
from postroom.core.sending.pace_windows import BULK, INTERACTIVE, NOTIFICATION, kept_from
from postroom.core.sending.pacing import PERIODS, Limits, Pace

MINUTE = 60.0
BEGIN = 1_000_000.0
SLOW = Said(450, "4.7.1", "Slow down")
LIMITS = st.builds(Limits, st.integers(0, 80), st.integers(0, 200), st.integers(0, 400))
LANES = st.sampled_from([INTERACTIVE, NOTIFICATION, BULK])
STEPS = st.lists(
    st.tuples(st.floats(0.0, 4000.0), st.integers(1, 90), LANES, st.floats(0.0, 3.0), st.integers(0, 20)),
    min_size=1,
    max_size=40,
)


def _most(taken: list[tuple[float, int]], period: float) -> int:
    """The most within any window that slides; a window begins behind a time and ends with one."""
    return max(
        (sum(number for at, number in taken if end - period < at <= end) for end, _ in taken),
        default=0,
    )


@given(LIMITS, STEPS)
def test_never_more_than_the_limit_within_any_window(
    limits: Limits, steps: list[tuple[float, int, int, float, int]]
) -> None:
    """However takings of lanes and of senders alternate, and whatever is given back."""
    pace, at = Pace(), BEGIN
    left: list[tuple[float, int]] = []
    bulk: list[tuple[float, int]] = []
    for wait, wanted, lane, span, back in steps:
        at += wait
        granted, pace = pacing.take(pace, limits, at, wanted, lane, MINUTE, until=at + span)
        assert 0 <= granted <= wanted
        returned = min(back, granted)
        pace = pacing.gave_back(pace, at, returned)
        left.append((at, granted - returned))
        if lane == BULK:
            bulk.append((at, granted - returned))
    for limit, minutes in zip(limits.each, PERIODS, strict=True):
        if limit:
            assert _most(left, minutes * MINUTE) <= limit
            assert limit == 1 or _most(bulk, minutes * MINUTE) <= limit - max(1, limit // 10)


@given(st.integers(2, 2000), st.lists(st.integers(1, 300), max_size=30))
def test_bulk_never_takes_the_last_tenth(limit: int, wanted: list[int]) -> None:
    pace, limits = Pace(), Limits(minute=limit)
    for number in wanted:
        _, pace = pacing.take(pace, limits, BEGIN, number, BULK, MINUTE)
    assert pacing.places(pace, limits, BEGIN, INTERACTIVE, MINUTE) >= max(1, limit // 10)


def test_with_one_place_bulk_takes_what_nobody_wanted_for_half_a_period() -> None:
    limits = Limits(minute=1)
    _, pace = pacing.take(Pace(), limits, BEGIN, 1, INTERACTIVE, MINUTE)
    assert pacing.places(pace, limits, BEGIN + 61, BULK, MINUTE) == 0
    assert pacing.places(pace, limits, BEGIN + 61, INTERACTIVE, MINUTE) == 1
    assert pacing.places(pace, limits, BEGIN + 90, BULK, MINUTE) == 1
    assert pacing.next_free(pace, limits, BEGIN + 1, BULK, MINUTE) == BEGIN + 90


@pytest.mark.parametrize(
    ("limit", "bulk", "notification"), [(1, 1, 0), (2, 1, 0), (19, 1, 0), (20, 2, 1), (60, 6, 3), (1000, 100, 50)]
)
def test_what_is_kept(limit: int, bulk: int, notification: int) -> None:
    assert (kept_from(limit, BULK), kept_from(limit, NOTIFICATION), kept_from(limit, INTERACTIVE)) == (
        bulk,
        notification,
        0,
    )


@given(LIMITS, st.integers(1, 120), st.integers(1, 60), LANES)
def test_what_waits_is_planned_as_it_may_leave(limits: Limits, before: int, number: int, lane: int) -> None:
    """In order, each at a time at which there is a place if nothing else leaves."""
    _, pace = pacing.take(Pace(), limits, BEGIN, before, INTERACTIVE, MINUTE)
    times, planned = pacing.put_off_until(pace, limits, BEGIN, number, lane, MINUTE)
    assert len(times) == number
    assert times == sorted(times)
    assert times[0] >= BEGIN
    for at in times:
        granted, pace = pacing.take(pace, limits, at, 1, lane, MINUTE)
        assert granted == 1
    again, _ = pacing.put_off_until(planned, limits, BEGIN, 1, lane, MINUTE)
    assert again[0] >= times[-1]


def test_ten_thousand_of_bulk_wait_once_and_an_urgent_one_does_not() -> None:
    limits = Limits(minute=60)
    _, pace = pacing.take(Pace(), limits, BEGIN, 60, BULK, MINUTE)
    times, pace = pacing.put_off_until(pace, limits, BEGIN, 10_000, BULK, MINUTE)
    assert times[-1] - BEGIN == pytest.approx(10_000 / 54 * 60, rel=0.05)
    assert pacing.places(pace, limits, BEGIN, INTERACTIVE, MINUTE) == 6
    assert len(json.dumps(to_plain(pace))) < 2000


@given(STEPS, LIMITS, st.integers(1, 60))
def test_a_pace_is_the_same_after_the_row(
    steps: list[tuple[float, int, int, float, int]], limits: Limits, at: int
) -> None:
    pace = pacing.throttled(Pace(), BEGIN, BEGIN, SLOW, MINUTE)
    time = BEGIN
    for wait, wanted, lane, span, _ in steps:
        time += wait
        granted, pace = pacing.take(pace, limits, time, wanted, lane, MINUTE, until=time + span)
        if granted < wanted:
            _, pace = pacing.put_off_until(pace, limits, time, at, lane, MINUTE)
    assert from_plain(json.loads(json.dumps(to_plain(pace)))) == pace


@pytest.mark.parametrize("plain", [None, 3, [], {"logs": 3}, {"learnt": {"rate": "x"}}, {"plans": {"x": 1}}, {}])
def test_what_no_pace_is_knows_nothing(plain: object) -> None:
    assert from_plain(plain) == Pace()


# --- learning --------------------------------------------------------------------------------------------------------

EVENTS = st.lists(st.tuples(st.sampled_from(["throttle", "took", "wait"]), st.floats(0, 7200), st.integers(0, 500)))


@given(EVENTS)
def test_a_learnt_rate_stays_above_the_floor_and_only_a_throttle_lowers_it(
    events: list[tuple[str, float, int]],
) -> None:
    known: Learnt | None = throttled(None, BEGIN, BEGIN, 30, SLOW, MINUTE)
    at = BEGIN
    for what, wait, accepted in events:
        at += wait
        if known is None:
            break
        before = known
        if what == "throttle":
            known = throttled(known, at, at, accepted, SLOW, MINUTE)
            assert known.rate <= max(before.rate, accepted / 2)
            assert 0.0 <= known.closed_until <= at + 3600.0
        elif what == "took":
            known = took(known, at)
            assert known.rate == before.rate
        else:
            known = clean(known, at, MINUTE, wanted=False)
            assert known is None or before.rate <= known.rate <= max(before.rate, before.ceiling)
        assert known is None or (known.rate >= FLOOR and known.limit >= 1 and len(known.evidence) <= 5)


def test_a_throttle_halves_and_clean_minutes_bring_it_back_to_the_ceiling() -> None:
    known: Learnt | None = throttled(None, BEGIN, BEGIN, 30, SLOW, MINUTE)
    rates = []
    for minute in range(8):
        assert known is not None
        rates.append(known.limit)
        known = clean(known, BEGIN + (minute + 1) * MINUTE, MINUTE, wanted=True)
    assert rates == [15, 18, 21, 24, 27, 30, 30, 30]


def test_more_than_the_ceiling_is_tried_seldom_and_only_where_it_is_wanted() -> None:
    known = replace(throttled(None, BEGIN, BEGIN, 30, SLOW, MINUTE), rate=30.0)
    hour = BEGIN + 3600.0
    assert clean(known, hour, MINUTE, wanted=False) == replace(known, grown_at=hour)
    more = clean(known, hour, MINUTE, wanted=True)
    assert more is not None
    assert more.limit == 33
    again = throttled(more, hour + 5, hour + 5, 30, SLOW, MINUTE)
    assert (again.proofs, again.ceiling, again.limit) == (1, 30.0, 16)
    assert patience(again.proofs) == 120
    assert patience(100) == 24 * 60


def test_a_burst_counts_once_and_says_how_many_it_told() -> None:
    known = throttled(None, BEGIN, BEGIN - 3, 15, SLOW, MINUTE)
    for _ in range(19):
        known = throttled(known, BEGIN + 0.5, BEGIN - 1, 15, SLOW, MINUTE)
    assert (known.limit, len(known.evidence), known.evidence[0].said.replies) == (7, 1, 20)
    other = throttled(known, BEGIN + 0.9, BEGIN - 2, 30, SLOW, MINUTE)  # another sender tells what it had sent
    assert (other.limit, other.ceiling) == (15, 30.0)


def test_where_nothing_is_taken_it_asks_ever_more_seldom() -> None:
    known, asked = throttled(None, BEGIN, BEGIN, 30, SLOW, MINUTE), []
    at = BEGIN
    for _ in range(12):
        at = max(at + MINUTE, known.closed_until)
        known = throttled(known, at, at, 0, SLOW, MINUTE)
        asked.append((known.closed_until - at) / MINUTE)
    assert asked == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]
    assert known.limit == 1
    assert known.ceiling == 30.0
    after = took(known, at + 3600.0)
    assert (after.misses, after.closed_until) == (0, 0.0)
    assert rest(10_000, MINUTE) == 3600.0


def test_after_a_week_nothing_is_held_any_more() -> None:
    known = throttled(None, BEGIN, BEGIN, 30, SLOW, MINUTE)
    assert clean(known, BEGIN + FORGET * MINUTE, MINUTE, wanted=True) is None


def test_the_lower_of_what_is_set_and_learnt_counts() -> None:
    pace = pacing.throttled(pacing.taken(Pace(), Limits(), BEGIN, 30, MINUTE), BEGIN, BEGIN, SLOW, MINUTE)
    assert pacing.in_effect(Limits(minute=40), pace.learnt).minute == 15
    assert pacing.in_effect(Limits(minute=10), pace.learnt).minute == 10
    bound = pacing.binding(pace, Limits(minute=40), BEGIN, BULK, MINUTE)
    assert (bound.minutes, bound.number, bound.learnt) == (1, 15, True)
    assert not pacing.binding(pace, Limits(minute=10), BEGIN, BULK, MINUTE).learnt
