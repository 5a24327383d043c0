"""What about the way in needs attention: arrivals that failed, that are held, that nobody settles."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.directory.attention import Weight
from postroom.inbound import attention
from postroom.inbound.models import InboundMail, Route
from postroom.infra.clock import now
from tests.support import factory
from tests.support.queries import plan, scanned, statements, take_stock

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("state", "weight", "title"),
    [
        ("failed", Weight.BAD, "2 arrivals failed"),
        ("held", Weight.WARNING, "2 arrivals are held"),
        ("retrying", None, ""),
        ("routed", None, ""),
    ],
)
def test_routes_that_need_somebody(state: str, weight: Weight | None, title: str) -> None:
    acme, globex = factory.company("Acme"), factory.company("Globex")
    admin, stranger = factory.user("ada", {acme: "administrator"}), factory.user("eve", {globex: "administrator"})
    for target in ("alias:1", "alias:2"):
        arrival = factory.arrival(acme)
        for number in (1, 2):  # two routes of one arrival are one arrival
            factory.route(arrival, acme, f"{target}{number}", state)
    found = list(attention.stranded(admin))
    assert [(one.weight, one.title, one.query) for one in found] == (
        [(weight, title, f"state={state}")] if title else []
    )
    assert list(attention.stranded(stranger)) == []


def test_an_arrival_that_could_not_be_read_is_the_operators() -> None:
    operator = factory.user("op", is_operator=True)
    admin = factory.user("ada", {factory.company(): "administrator"})
    factory.arrival(None, state="failed")
    (found,) = attention.stranded(operator)
    assert found.title == "1 arrival failed"
    assert list(attention.stranded(admin)) == []


@pytest.mark.parametrize(
    ("minutes", "lease", "waits"), [(11, None, True), (9, None, False), (11, 1, False), (11, -1, True)]
)
def test_arrivals_that_nobody_settles(minutes: int, lease: int | None, waits: bool) -> None:
    acme = factory.company()
    due, leased = now() - timedelta(minutes=minutes), now() + timedelta(minutes=lease) if lease else None
    factory.arrival(acme, state="arrived", due=due, lease_until=leased)
    found = list(attention.unsettled(factory.user("ada", {acme: "administrator"})))
    assert [one.since for one in found] == ([due] if waits else [])


def test_that_nothing_came_is_a_step() -> None:
    acme = factory.company()
    admin = factory.user("ada", {acme: "administrator"})
    assert [one.weight for one in attention.nothing_came(admin)] == [Weight.STEP]
    factory.arrival(acme)
    assert list(attention.nothing_came(admin)) == []


@pytest.mark.parametrize("amount", [1, 20])
def test_what_it_costs(amount: int) -> None:
    acme = factory.company()
    admin = factory.user("ada", {acme: "administrator"}, is_operator=True)
    for number in range(amount):
        arrival = factory.arrival(acme, state="failed", due=now() - timedelta(hours=1))
        factory.route(arrival, acme, f"alias:{number}", "failed")
    with statements() as said:
        assert len([*attention.unsettled(admin), *attention.stranded(admin), *attention.nothing_came(admin)]) == 2
    assert len(said) <= 9
    assert not {(table, sql) for sql in said for table in scanned(sql, {"inbound_inboundmail", "inbound_route"})}


def test_routes_are_found_by_what_is_unusual() -> None:
    acme = factory.company()
    admin = factory.user("ada", {acme: "administrator"}, is_operator=True)
    late = factory.arrival(acme, state="failed", due=now() - timedelta(hours=1))
    for number in range(300):
        factory.route(late, acme, f"alias:{number}", "routed" if number else "failed")
    take_stock(InboundMail, Route)
    with statements() as said:
        assert [*attention.unsettled(admin), *attention.stranded(admin)]
    routes = [plan(sql) for sql in said if '"state" = ' in sql and 'FROM "inbound_route"' in sql]
    assert routes
    assert all("route_unusual" in one for one in routes), routes
