"""What a copy waits for, and when it is late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import TITLES, TROUBLE, WANTED, Reason, is_delayed

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD = NOW - timedelta(hours=5)


def test_every_reason_has_a_title_of_its_own() -> None:
    assert set(TITLES) == set(Reason)
    assert len(set(TITLES.values())) == len(Reason)
    assert not WANTED & TROUBLE
    assert max(map(len, Reason)) <= 24, "the column has so many"


@pytest.mark.parametrize(
    ("state", "reason", "since", "delayed"),
    [
        ("queued", Reason.PUT_OFF, OLD, True),
        ("queued", Reason.SERVER_DOWN, OLD, True),
        ("claimed", Reason.PUT_OFF, OLD, True),
        ("transmitting", Reason.PUT_OFF, OLD, True),  # the next try runs: it is as late as before
        ("queued", Reason.PUT_OFF, NOW - timedelta(hours=4), False),
        ("queued", Reason.PUT_OFF, NOW - timedelta(hours=4, seconds=1), True),
        ("queued", Reason.SCHEDULED, OLD, False),
        ("queued", Reason.SERVER_LIMIT, OLD, False),
        ("queued", "", OLD, False),
        ("queued", "of another release", OLD, False),
        ("held", Reason.PUT_OFF, OLD, False),
        *((state, Reason.PUT_OFF, OLD, False) for state in ("accepted", "failed", "unknown", "cancelled")),
    ],
)
def test_a_copy_is_late_through_trouble_outside_alone(state: str, reason: str, since: datetime, delayed: bool) -> None:
    assert is_delayed(state, reason, since, NOW, 4.0) is delayed
    assert state in set(DeliveryState)
