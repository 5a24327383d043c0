"""What needs attention, by the API."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.inbound.models import Route
from postroom.infra.clock import now
from tests.api.calls import Caller, caller
from tests.support import factory

pytestmark = pytest.mark.django_db


def test_the_worst_first_with_the_page_of_the_next_step() -> None:
    acme = factory.company()
    factory.route(factory.arrival(acme), acme, "alias:1", "failed")
    Route.objects.update(created_at=now() - timedelta(hours=1))
    answer = _caller("ada", {acme: "administrator"}).get("/attention")
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert (items[0]["weight"], items[0]["title"]) == ("bad", "1 arrival failed")
    assert items[0]["url"] == "/arrivals?state=failed"
    assert items[0]["since"].endswith("Z")
    assert {one["weight"] for one in items[1:]} == {"step"}


def test_members_look_after_nothing() -> None:
    answer = _caller("amara", {factory.company(): "member"}).get("/attention")
    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"


def _caller(username: str, roles: dict[object, str]) -> Caller:
    user = factory.user(username, roles)  # type: ignore[arg-type]
    return caller(user)
