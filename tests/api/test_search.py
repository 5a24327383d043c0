"""The search by the API: kinds, pages, and nothing of others."""

from __future__ import annotations

import pytest

from postroom.directory.models import Company
from postroom.infra.search.index import index_all, mark
from postroom.records.models import Record
from tests.api.calls import Caller, problem, somebody
from tests.support import factory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Company:
    return factory.company()


@pytest.fixture
def lead(acme: Company) -> Record:
    return factory.record(factory.desk(acme), "Forty pallets", contact=factory.contact(acme, "Pallet Works"))


@pytest.fixture
def member(acme: Company, lead: Record) -> Caller:
    factory.nothing_indexed()
    factory.message(lead, "The <pallets> arrive.", visibility="internal", kind="note")
    index_all()
    return somebody("member", acme)


def test_each_kind_says_what_it_is(member: Caller, lead: Record) -> None:
    found = member.get("/search", q="pallet").json()
    talk, record, contact = found["items"]
    assert found["next"] is None
    assert (talk["kind"], talk["record"], talk["ref"], talk["internal"]) == ("conversations", lead.pk, lead.ref, True)
    assert {"text": "pallets", "found": True} in talk["excerpt"]
    assert (record["kind"], record["title"], record["who"]) == ("records", "Forty pallets", "Pallet Works")
    assert (contact["kind"], contact["contact"]) == ("contacts", lead.contact_id)
    assert [one["kind"] for one in member.get("/search", q=lead.number, kind="records").json()["items"]] == ["records"]


def test_pages(member: Caller, lead: Record) -> None:
    assert lead.desk
    more = [factory.record(lead.desk, f"Again {number}") for number in range(4)]
    mark({"message": [factory.message(one, "pallets").pk for one in more]})
    index_all()
    found, cursor = list[int](), ""
    while cursor is not None:
        page = member.get("/search", q="pallets", kind="conversations", limit=2, cursor=cursor).json()
        found += [one["record"] for one in page["items"]]
        cursor = page["next"]
    assert found == [*(one.pk for one in reversed(more)), lead.pk]


@pytest.mark.parametrize("asked", [{"kind": "other"}, {"cursor": "x", "q": "a"}, {"limit": 0}])
def test_what_is_wrong_is_said(member: Caller, asked: dict[str, object]) -> None:
    problem(member.get("/search", **asked), 422)


@pytest.mark.parametrize("typed", ["", "\0", "a" * 10_000, '"', "NEAR(", "%"])
def test_anything_may_be_typed(member: Caller, typed: str) -> None:
    assert member.get("/search", q=typed).json() == {"items": [], "next": None}


def test_nothing_of_others(member: Caller, lead: Record) -> None:
    stranger = somebody("administrator", factory.company("Globex"))
    for typed in ("pallet", lead.number):
        assert stranger.get("/search", q=typed).json()["items"] == []
    problem(somebody("operator", lead.company).get("/search", q="pallet"), 403)
    problem(Caller().get("/search"), 401)
