"""Back-off of arrivals and copies: monotone, bounded, spread; and the time after which a copy is given up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.delivery.retry import (
    FIRST,
    FIRST_DELIVERY,
    LONGEST,
    LONGEST_DELIVERY,
    MAX_ATTEMPTS,
    SPREAD,
    backoff,
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


@given(attempts, attempts, jitters)
def test_copies_monotone(a: int, b: int, jitter: float) -> None:
    less, more = sorted((a, b))
    assert delivery_backoff(less, jitter) <= delivery_backoff(more, jitter)


@given(attempts, jitters, jitters)
def test_copies_bounded(attempt: int, one: float, other: float) -> None:
    waits = delivery_backoff(attempt, one), delivery_backoff(attempt, other)
    assert all(FIRST_DELIVERY <= wait <= LONGEST_DELIVERY * (1 + SPREAD) for wait in waits)
    assert max(waits) <= min(waits) * (1 + SPREAD)


@given(st.integers(1, 7), st.floats(0, 1), st.floats(0, 1))
def test_copies_later_tries_wait_longer_whatever_the_jitter(attempt: int, one: float, other: float) -> None:
    assert delivery_backoff(attempt, one) < delivery_backoff(attempt + 1, other)


@pytest.mark.parametrize(
    ("attempt", "jitter", "seconds"),
    [(1, 0, 60), (2, 0, 120), (3, 0, 240), (8, 0, 7680), (9, 0, 14_400), (10**6, 0, 14_400), (1, 1, 75), (1, 0.5, 67.5),
     (9, 1, 18_000), (0, 0, 60), (-5, 0, 60), (1, -1, 60), (1, 2, 75), (1, float("nan"), 60)],
)  # fmt: skip
def test_seconds_until_a_copy_is_tried_again(attempt: int, jitter: float, seconds: float) -> None:
    assert delivery_backoff(attempt, jitter) == seconds


def test_a_copy_is_tried_about_thirty_times_in_five_days() -> None:
    waited, tries = 0.0, 1
    while waited < 5 * 86_400:
        waited += delivery_backoff(tries, 0.5)
        tries += 1
    assert 25 <= tries <= 40


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
