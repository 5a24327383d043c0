"""Health: told to anybody, in words that give nothing away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.api.endpoints import health
from postroom.inbound.actions import ACTIONS
from postroom.infra import schedule
from postroom.infra.clock import now
from postroom.infra.models import ScheduledAction
from postroom.outbound.models import Lane
from tests.api.calls import Caller
from tests.support import factory

pytestmark = pytest.mark.django_db


def test_a_fresh_installation_is_healthy() -> None:
    response = Caller().get("/health")
    assert response.status_code == 200
    assert response.json() == {"healthy": True, "issues": []}


def test_mail_that_waits_for_long_is_an_issue() -> None:
    arrival = factory.arrival(None, state="arrived", due=now() - timedelta(seconds=30), subject="Secret plans")
    assert Caller().get("/health").status_code == 200
    type(arrival).objects.update(due=now() - timedelta(minutes=7))
    response = Caller().get("/health")
    assert response.status_code == 503
    assert response.json()["healthy"] is False
    assert "7 minutes" in response.json()["issues"][0]
    assert "Secret" not in response.content.decode()


def test_a_mail_that_is_to_be_tried_later_is_none() -> None:
    factory.arrival(None, state="failed", due=now() + timedelta(hours=1), received_at=now() - timedelta(hours=3))
    assert Caller().get("/health").status_code == 200


@pytest.mark.parametrize(
    ("lane", "minutes", "well"),
    [
        (Lane.INTERACTIVE, 1, True),
        (Lane.INTERACTIVE, 7, False),
        (Lane.NOTIFICATION, 7, False),
        (Lane.NOTIFICATION, -60, True),
        (Lane.BULK, 7, True),
    ],
)
def test_copies_that_nobody_sends_are_an_issue(lane: Lane, minutes: int, well: bool) -> None:
    record = factory.record(factory.desk(factory.company()))
    factory.delivery(record, lane=lane, due=now() - timedelta(minutes=minutes))
    assert Caller().get("/health").json()["healthy"] is well


def test_a_worker_that_is_not_there_is_an_issue() -> None:
    schedule.run_due(ACTIONS)
    assert Caller().get("/health").status_code == 200
    ScheduledAction.objects.update(due=now() - timedelta(minutes=9))
    assert "No worker" in Caller().get("/health").json()["issues"][0]


def test_a_database_that_is_away_is_an_issue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "reachable", lambda: "connection refused: secret-host")
    response = Caller().get("/health")
    assert response.status_code == 503
    assert response.json() == {"healthy": False, "issues": ["The database does not answer."]}
