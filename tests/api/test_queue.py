"""The queue by the API: its groups, filters of copies, decisions about some and about many."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from postroom.infra.clock import now
from postroom.outbound.models import Delivery, QueueOperation
from postroom.outbound.queue import operations
from tests.api.calls import Caller, caller, problem
from tests.support import factory
from tests.support.acme import Acme, make_acme
from tests.support.sending import post

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(acme: Acme) -> Caller:
    return caller(acme.admin)


def _decide(who: Caller, **body: Any) -> Any:
    return who.send("POST", "/outbound/decisions", body)


def test_a_copy_says_what_it_waits_for(ada: Caller, acme: Acme) -> None:
    (row,) = post(acme, "hanna@customer.example")
    fresh = ada.get(f"/outbound/{row.pk}").json()
    names = ("reason", "waits_until", "reply_class", "lane", "destination", "chosen_server")
    assert [fresh[name] for name in names] == ["", None, "", "notification", "customer.example", None]
    Delivery.objects.update(reason="put-off", due=now() + timedelta(hours=1), reply_class="greylisted", server=0)
    waits = ada.get(f"/outbound/{row.pk}").json()
    assert (waits["reason"], waits["waits_until"], waits["chosen_server"]) == ("put-off", waits["due"], 0)
    assert waits["reply_class"] == "greylisted"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"reason": "put-off"}, 1), ({"reason": "due"}, 1), ({"destination": "two.example"}, 1), ({"lane": "bulk"}, 0),
        ({"server": -1}, 2), ({"server": 0}, 0), ({"q": "b@two"}, 1), ({"letter": 999}, 0), ({"about": "lead:1"}, 2),
    ],
)  # fmt: skip
def test_copies_are_filtered(ada: Caller, acme: Acme, query: dict[str, Any], found: int) -> None:
    post(acme, "a@one.example")
    (late,) = post(acme, "b@two.example")
    Delivery.objects.filter(pk=late.pk).update(reason="put-off", due=now() + timedelta(hours=1))
    assert len(ada.get("/outbound", **query).json()["items"]) == found


@pytest.mark.parametrize("query", [{"reason": "mood"}, {"lane": "fast"}, {"server": -2}, {"letter": 0}])
def test_a_filter_that_makes_no_sense_is_refused(ada: Caller, query: dict[str, Any]) -> None:
    assert ada.get("/outbound", **query).status_code == 422


def test_the_groups(ada: Caller, acme: Acme) -> None:
    post(acme, "a@one.example", "b@one.example")
    (held,) = post(acme, "c@two.example")
    Delivery.objects.filter(pk=held.pk).update(state="held", due=None)
    found = ada.get("/outbound/queue").json()
    assert (found["count"], found["more"], found["sampled"]) == (2, False, 2)
    assert [(one["key"], one["count"]) for one in found["reasons"]] == [("", 2)]
    assert [(one["key"], one["count"]) for one in found["stopped"]] == [("held", 1)]
    assert [(one["key"], one["count"]) for one in found["destinations"]] == [("one.example", 2)]
    assert [(one["server"], one["lane"], one["count"]) for one in found["ages"]] == [(-1, "notification", 2)]


def test_some_follow_and_the_others_are_named(ada: Caller, acme: Acme) -> None:
    one, two = post(acme, "a@one.example", "b@one.example")
    Delivery.objects.filter(pk=two.pk).update(state="transmitting", due=None)
    said = _decide(ada, verb="hold", ids=[one.pk, two.pk]).json()
    assert said == {
        "done": [one.pk],
        "refused": [{"id": two.pk, "why": "It is on the wire now."}],
        "operation": None,
    }


def test_scheduling_and_the_server(ada: Caller, acme: Acme) -> None:
    (row,) = post(acme, "a@one.example")
    at = (now() + timedelta(days=1)).isoformat()
    assert _decide(ada, verb="schedule", ids=[row.pk], at=at).json()["done"] == [row.pk]
    assert ada.get(f"/outbound/{row.pk}").json()["reason"] == "scheduled"
    server = factory.server(acme.company)
    assert _decide(ada, verb="change-server", ids=[row.pk], server=server.pk).json()["done"] == [row.pk]
    assert ada.get(f"/outbound/{row.pk}").json()["chosen_server"] == server.pk
    assert ada.send("POST", f"/outbound/{row.pk}/send-now").json()["reason"] == ""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"verb": "schedule", "ids": [1]}, "Say when"),
        ({"verb": "change-server", "ids": [1], "server": 4711}, "Choose an active server"),
        ({"verb": "hold"}, "Say which copies"),
        ({"verb": "hold", "filter": {}}, "Say which copies"),
        ({"verb": "hold", "ids": [1], "filter": {"lane": "bulk"}}, "Say which copies"),
    ],
)
def test_a_decision_that_can_not_be_is_refused(ada: Caller, acme: Acme, body: dict[str, Any], said: str) -> None:
    assert said in problem(_decide(ada, **body), 422)["detail"]


def test_many_by_an_operation(ada: Caller, acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "CHUNK", 2)
    post(acme, *[f"a{number}@one.example" for number in range(5)])
    said = _decide(ada, verb="hold", filter={"destination": "one.example"}).json()["operation"]
    assert (said["state"], said["total"], said["done"]) == ("running", 5, 0)
    path = said["progress"].removeprefix("/api/v1")
    operations.work_off(said["id"], most=1)
    assert ada.get(path).json()["done"] == 2
    assert [one["id"] for one in ada.get("/outbound/operations").json()["items"]] == [said["id"]]
    stopped = ada.send("POST", f"{path}/stop").json()
    assert (stopped["state"], stopped["words"]) == ("stopped", "Stopped by Ada Admin. 2 of 5 copies followed.")
    assert problem(ada.send("POST", f"{path}/stop"), 409)["state"] == "stopped"


def test_operations_come_in_pages(ada: Caller, acme: Acme) -> None:
    made = [factory.operation(acme.company).pk for _ in range(3)]
    first = ada.get("/outbound/operations", limit=2).json()
    assert [one["id"] for one in first["items"]] == [made[2], made[1]]
    last = ada.get("/outbound/operations", limit=2, cursor=first["next"]).json()
    assert ([one["id"] for one in last["items"]], last["next"]) == ([made[0]], None)
    problem(ada.get("/outbound/operations", cursor="x"), 422)


def test_others_neither_see_nor_stop_it(ada: Caller, acme: Acme) -> None:
    post(acme, "a@one.example")
    _decide(ada, verb="hold", filter={"destination": "one.example"})
    pk = QueueOperation.objects.get().pk
    other = caller(make_acme("Other", "other.example").admin)
    assert other.get(f"/outbound/operations/{pk}").status_code == 404
    assert other.send("POST", f"/outbound/operations/{pk}/stop").status_code == 404
    assert other.get("/outbound/operations").json() == {"items": [], "next": None}
    assert caller(acme.amara).get("/outbound/queue").status_code == 403
    assert _decide(caller(acme.amara), verb="hold", ids=[1]).status_code == 403
    assert _decide(caller(acme.admin, "read"), verb="hold", ids=[1]).status_code == 403
