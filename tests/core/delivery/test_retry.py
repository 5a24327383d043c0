"""Back-off: monotone, bounded, spread."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postroom.core.delivery.retry import FIRST, LONGEST, MAX_ATTEMPTS, SPREAD, backoff

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
