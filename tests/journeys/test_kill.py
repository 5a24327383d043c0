"""Nothing promised is lost and nothing is sent twice, wherever a process is killed: `make soak` is the long one."""

from __future__ import annotations

import secrets

import pytest

from tests.soak import sending
from tests.soak.mails import plan
from tests.soak.storm import run

POINTS, MAILS = 5, 1000
SENDING_POINTS = 20

pytestmark = pytest.mark.slow


@pytest.fixture
def seed() -> int:
    """Printed where a test fails; `python -m tests.soak --seed` repeats it."""
    return secrets.randbelow(1_000_000)


def test_kills_lose_nothing(seed: int) -> None:
    outcome = run(seed, POINTS, MAILS)
    assert outcome.wrong == [], f"seed {seed}"
    assert (outcome.taken, len(outcome.kills)) == (MAILS, POINTS)


def test_kills_lose_nothing_on_postgres(seed: int, postgres_url: str) -> None:
    outcome = run(seed, 2, 300, postgres_url)
    assert outcome.wrong == [], f"seed {seed}"
    assert outcome.taken == 300


def test_a_seed_repeats_its_mails() -> None:
    assert plan(7, 20) == plan(7, 20)
    assert len({one.sender for one in plan(7, 1000)}) == 1000


def test_killed_workers_send_nothing_twice(seed: int) -> None:
    outcome = sending.run(seed, SENDING_POINTS, 3000)
    assert outcome.wrong == [], f"seed {seed}"
    assert outcome.kills == SENDING_POINTS


def test_two_workers_on_postgres_send_nothing_twice(seed: int, postgres_url: str) -> None:
    outcome = sending.run(seed, 2, 600, postgres_url, workers=2)
    assert outcome.wrong == [], f"seed {seed}"


def test_a_copy_that_came_twice_is_noticed() -> None:
    wrong = sending._compare([("a@x.example", "accepted")], {"a@x.example": 2}, sending.Sent(1, 1, 1))
    assert "a@x.example got 2 copies" in wrong
    assert sending._compare([("a@x.example", "accepted")], {}, sending.Sent(1, 1, 1))
    assert sending._compare([("a@x.example", "unknown")], {"a@x.example": 1}, sending.Sent(1, 1, 1, kills=1)) == []
