"""Back-off of arrivals and copies: monotone, bounded, spread; and the time after which a copy is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.delivery.retry import (
    FIRST,
    LONGEST,
    MAX_ATTEMPTS,
    PACES,
    SPREAD,
    Plan,
    backoff,
    delayed_before,
    delivery_backoff,
    give_up,
)

attempts = st.integers(-(10**9), 10**9)
jitters = st.floats(allow_nan=True, allow_infinity=True)


@given(attempts, attempts, jitters)
def test_monotone(a: int, b: int, jitter: float) -> None:
    less, more = sorted((a, b))
    assert backoff(less, jitter) <= backoff(more, jitter)


@given(attempts, jitters)
def test_bounded(attempt: int, jitter: float) -> None:
    assert FIRST <= backoff(attempt, jitter) <= LONGEST * (1 + SPREAD)


@given(st.integers(1, 7), st.floats(0, 1), st.floats(0, 1))
def test_while_it_doubles_a_later_try_waits_longer_whatever_the_jitter(attempt: int, one: float, other: float) -> None:
    assert backoff(attempt, one) < backoff(attempt + 1, other) or backoff(attempt + 1, 0) == LONGEST


def test_the_numbers_that_people_are_told() -> None:
    assert [backoff(n, 0) for n in (1, 2, 3, 8, 9)] == [30, 60, 120, 3600, 3600]
    assert backoff(1, 1) == 37.5
    assert 3 * 3600 < sum(backoff(n, 0) for n in range(1, MAX_ATTEMPTS)) < 4 * 3600


# --- copies


plans = st.sampled_from(Plan)


@given(attempts, attempts, jitters, plans)
def test_copies_monotone(a: int, b: int, jitter: float, plan: Plan) -> None:
    less, more = sorted((a, b))
    assert delivery_backoff(less, jitter, plan) <= delivery_backoff(more, jitter, plan)


@given(attempts, jitters, jitters, plans)
def test_copies_bounded(attempt: int, one: float, other: float, plan: Plan) -> None:
    waits = delivery_backoff(attempt, one, plan), delivery_backoff(attempt, other, plan)
    pace = PACES[plan]
    assert all(pace.first <= wait <= pace.longest * (1 + SPREAD) for wait in waits)
    assert max(waits) <= min(waits) * (1 + SPREAD)


@given(plans, st.integers(1, 40), st.floats(0, 1), st.floats(0, 1))
def test_copies_later_tries_wait_longer_whatever_the_jitter(plan: Plan, n: int, one: float, other: float) -> None:
    pace = PACES[plan]
    if delivery_backoff(n + 1, 0, plan) < pace.longest:
        assert delivery_backoff(n, one, plan) < delivery_backoff(n + 1, other, plan)


@pytest.mark.parametrize(
    ("plan", "minutes"),
    [
        (Plan.QUICK, [1, 2, 4, 8, 16, 32, 60, 60]),
        (Plan.NORMAL, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]),
        (Plan.GREYLIST, [5, 10, 20, 40, 80, 120, 120]),
        (Plan.SLOW, [60, 90, 135, 202.5, 303.75, 360, 360]),
        (Plan.FULL, [120, 180, 270, 405, 607.5, 720, 720]),
    ],
)
def test_each_plan_has_its_patience(plan: Plan, minutes: list[float]) -> None:
    assert [delivery_backoff(n, 0, plan) / 60 for n in range(1, len(minutes) + 1)] == minutes


def test_every_plan_is_timed_and_said() -> None:
    assert set(PACES) == set(Plan)
    assert all(pace.meaning.endswith((".", ")")) and 1 < pace.growth <= 2 for pace in PACES.values())


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [(1, 0, 60), (2, 0, 120), (3, 0, 240), (8, 0, 7680), (9, 0, 14_400), (10**6, 0, 14_400), (1, 1, 75), (1, 0.5, 67.5),
     (9, 1, 18_000), (0, 0, 60), (-5, 0, 60), (1, -1, 60), (1, 2, 75), (1, float("nan"), 60)],
)  # fmt: skip
def test_seconds_until_a_copy_is_tried_again(attempt: int, jitter: float, seconds: float) -> None:
    assert delivery_backoff(attempt, jitter) == seconds


@pytest.mark.parametrize(
    ("plan", "least", "most"),
    [(Plan.QUICK, 100, 130), (Plan.NORMAL, 25, 40), (Plan.GREYLIST, 50, 70), (Plan.SLOW, 18, 26), (Plan.FULL, 9, 14)],
)
def test_how_often_a_copy_is_tried_in_five_days(plan: Plan, least: int, most: int) -> None:
    waited, tries = 0.0, 1
    while waited < 5 * 86_400:
        waited += delivery_backoff(tries, 0.5, plan)
        tries += 1
    assert least <= tries <= most


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "days", "given_up"),
    [
        (timedelta(0), 5, False),
        (timedelta(days=5, microseconds=-1), 5, False),
        (timedelta(days=5), 5, True),
        (timedelta(days=500), 5, True),
        (timedelta(hours=12), 0.5, True),
        (timedelta(0), 0, True),
        (timedelta(0), -1, True),
        (timedelta(hours=-1), 0, False),  # a clock that was set back
        (timedelta(hours=-1), -1, False),
        (timedelta(days=10_000), float("inf"), False),
    ],
)
def test_give_up(ago: timedelta, days: float, given_up: bool) -> None:
    assert give_up(NOW - ago, NOW, days) is given_up


@given(
    st.timedeltas(timedelta(0), timedelta(days=30)), st.timedeltas(timedelta(0), timedelta(days=30)), st.floats(0, 9)
)
def test_what_is_given_up_stays_so(one: timedelta, more: timedelta, days: float) -> None:
    assert give_up(NOW, NOW + one, days) <= give_up(NOW, NOW + one + more, days)


@pytest.mark.parametrize(("hours", "ago"), [(4, 4), (0.5, 0.5), (0, 0), (-3, 0), (float("inf"), 24 * 365)])
def test_when_a_copy_is_late(hours: float, ago: float) -> None:
    assert delayed_before(NOW, hours) == NOW - timedelta(hours=ago)
