"""Records by the API: made once, changed field by field, assigned many at once, narrowed and sorted."""

from __future__ import annotations

from typing import Any

import pytest

from postroom.directory.models import Company
from postroom.records.models import Desk, FieldChange, Record
from tests.api.calls import Caller, problem, somebody
from tests.api.test_lists import every
from tests.support import factory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Company:
    return factory.company("Acme")


@pytest.fixture
def desk(acme: Company) -> Desk:
    return factory.desk(acme)


@pytest.fixture
def program(acme: Company) -> Caller:
    return somebody("member", acme)


def made(program: Caller, desk: Desk, key: str = "", **fields: Any) -> Any:
    given = {"type": "lead", "title": "42 vans", "desk_id": desk.pk, **fields}
    return program.send("POST", "/records", given, {"Idempotency-Key": key} if key else None)


def test_a_record_is_made_as_it_was_asked_for(program: Caller, desk: Desk, acme: Company) -> None:
    hanna, jonas = factory.contact(acme), factory.user("jonas", {acme: "member"})
    response = made(program, desk, contact=hanna.pk, owner_id=jonas.pk, notes="By train")
    assert response.status_code == 201
    body = response.json()
    assert program.get(f"/records/{body['id']}").json() == body
    assert (body["title"], body["contact_name"], body["owner"], body["stage"], body["desk_id"], body["notes"]) == (
        "42 vans", "Hanna Sjöberg", "jonas", "New", desk.pk, "By train",
    )  # fmt: skip


def test_a_key_makes_one_record(program: Caller, desk: Desk) -> None:
    first, again = made(program, desk, "once"), made(program, desk, "once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Record.objects.count() == 1
    assert "another request" in problem(made(program, desk, "once", title="Other"), 422)["detail"]
    made(program, desk, "twice")
    assert Record.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"title": " "}, "body.title"),
        ({"desk_id": 999}, "body.desk_id"),
        ({"stage_id": 999}, "body.stage_id"),
        ({"owner_id": 999}, "body.owner_id"),
        ({"contact": 999}, "body.contact"),
        ({"contact_email": "nobody"}, "body.contact_email"),
    ],
)
def test_what_is_wrong_is_named(program: Caller, desk: Desk, fields: dict[str, Any], where: str) -> None:
    assert [one["where"] for one in problem(made(program, desk, **fields), 422)["errors"]] == [where]
    assert not Record.objects.exists()


def test_what_is_no_record_at_all(program: Caller, desk: Desk) -> None:
    assert "no record type" in problem(made(program, desk, type="unicorn"), 422)["detail"]
    problem(made(program, desk, colour="red"), 422)
    problem(program.send("POST", "/records", "{"), 400)


def test_a_change_names_what_changes_and_leaves_the_rest(program: Caller, desk: Desk, acme: Company) -> None:
    record = made(program, desk, contact=factory.contact(acme).pk).json()
    won = desk.stages.get(name="Won")
    path = f"/records/{record['id']}"
    changed = program.send("PATCH", path, {"stage_id": won.pk, "contact": None}).json()
    assert (changed["stage"], changed["contact"], changed["title"]) == ("Won", None, "42 vans")
    assert changed["closed_at"]
    assert FieldChange.objects.count() == 2
    assert program.send("PATCH", path, {}).json()["stage"] == "Won"
    for wrong in ({"title": None}, {"title": ""}, {"stage_id": None}, {"desk_id": None}, {"type": "ticket"}):
        problem(program.send("PATCH", path, wrong), 422)


def test_a_contact_is_made_with_the_record(program: Caller, desk: Desk) -> None:
    body = made(program, desk, contact_email="Luca@vans.example", contact_name="Luca Bianchi").json()
    assert body["contact_name"] == "Luca Bianchi"


def test_a_stranger_finds_nothing(desk: Desk, program: Caller) -> None:
    record = made(program, desk).json()["id"]
    stranger = somebody("administrator", factory.company("Globex"))
    problem(stranger.send("PATCH", f"/records/{record}", {"title": "Mine"}), 404)
    problem(made(stranger, desk), 422)
    refused = stranger.send("POST", "/records/assign", {"records": [record], "owner_id": None}).json()
    assert (refused["done"], [one["id"] for one in refused["refused"]]) == ([], [record])
    assert stranger.get("/desks").json() == {"items": [], "next": None}
    assert stranger.get("/records", desk=desk.pk).json()["items"] == []
    problem(made(somebody("operator", desk.company), desk), 403)


def test_many_are_assigned(program: Caller, desk: Desk, acme: Company) -> None:
    jonas = factory.user("jonas", {acme: "member"})
    records = [made(program, desk).json()["id"] for _ in range(3)]
    answer = program.send("POST", "/records/assign", {"records": [*records, 999], "owner_id": jonas.pk}).json()
    assert answer["done"] == records
    assert answer["refused"] == [{"id": 999, "number": "999", "why": "It is not there any more."}]
    problem(program.send("POST", "/records/assign", {"records": records, "owner_id": 999}), 422)
    problem(program.send("POST", "/records/assign", {"records": [], "owner_id": None}), 422)


def test_lists_are_narrowed_and_sorted(program: Caller, desk: Desk, acme: Company) -> None:
    jonas = factory.user("jonas", {acme: "member"})
    for title in ("b", "c", "a", "d"):
        made(program, desk, title=title, owner_id=jonas.pk if title in "bc" else None)
    titles = {
        "": "dacb", "sort=title": "abcd", "sort=active": "dacb", "owner=nobody": "da", f"owner={jonas.pk}": "cb",
        "owner=mine": "", "q=b": "b", "stage=Won": "", "state=open": "dacb", f"desk={desk.pk}&sort=title": "abcd",
    }  # fmt: skip
    for query, wanted in titles.items():
        asked = dict(pair.split("=") for pair in query.split("&") if pair)
        assert "".join(row["title"] for row in every(program, "/records", 2, **asked)) == wanted, query


@pytest.mark.parametrize(
    "query", [{"sort": "size"}, {"state": "new"}, {"owner": "me"}, {"desk": 0}, {"sort": "title", "cursor": "x"}]
)
def test_what_cannot_be_asked(program: Caller, query: dict[str, Any]) -> None:
    problem(program.get("/records", **query), 422)


def test_desks_with_their_stages(program: Caller, desk: Desk, acme: Company) -> None:
    factory.desk(acme, "ticket", "Support")
    (only,) = program.get("/desks", type="lead").json()["items"]
    assert (only["id"], [stage["name"] for stage in only["stages"]]) == (desk.pk, list(factory.STAGES))
    assert len(program.get("/desks").json()["items"]) == 2
