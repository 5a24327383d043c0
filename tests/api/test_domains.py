"""Alias domains and aliases by the API."""

from __future__ import annotations

from typing import Any

import pytest

from postroom.domains import services
from postroom.domains.models import Alias, AliasDomain
from postroom.records.models import Desk
from tests.api.calls import Caller, caller, problem, somebody
from tests.support import factory
from tests.support.acme import Acme

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(acme: Acme) -> Caller:
    return caller(acme.admin)


@pytest.fixture
def whole(acme: Acme) -> dict[str, Any]:
    return {"name": "New.Example", "companies": [acme.company.pk], "default_from": "hello@new.example"}


def domain_of(acme: Acme) -> AliasDomain:
    return AliasDomain.objects.filter(company_domains__company=acme.company).order_by("priority", "pk")[0]


def test_a_domain_is_added_once_changed_and_removed(ada: Caller, whole: dict[str, Any]) -> None:
    made = ada.send("POST", "/domains", whole, headers={"Idempotency-Key": "one"})
    again = ada.send("POST", "/domains", whole, headers={"Idempotency-Key": "one"})
    assert (made.status_code, again.json()) == (201, made.json())
    body = made.json()
    assert (body["name"], body["bounce"], body["editable"], body["tags_proved_at"]) == (
        "new.example",
        "bounce",
        True,
        None,
    )
    problem(ada.send("POST", "/domains", {**whole, "priority": 3}, headers={"Idempotency-Key": "one"}), 422)
    path = f"/domains/{body['id']}"
    changed = ada.send("PATCH", path, {"separator": "-", "tags_overridden": True, "bounce": "returns"}).json()
    assert (changed["separator"], changed["former_separators"], changed["bounce"]) == ("-", "+", "returns")
    assert (changed["tags_overridden"], changed["tags_proved_at"]) == (True, None)
    assert changed["catchall"] == "catchall"
    assert ada.get(path).json() == changed
    assert body["id"] in [one["id"] for one in ada.get("/domains").json()["items"]]
    assert "Retired addresses" in problem(ada.send("DELETE", path), 409)["detail"]
    fresh = ada.send("POST", "/domains", {**whole, "name": "fresh.example"}).json()["id"]
    assert ada.send("DELETE", f"/domains/{fresh}").status_code == 204
    problem(ada.get(f"/domains/{fresh}"), 404)


def test_what_becomes_of_unproved_mail(ada: Caller, acme: Acme) -> None:
    path = f"/domains/{domain_of(acme).pk}"
    was = ada.get(path).json()
    assert (was["unproved"], was["trusted_forwarders"]) == ("flag", "")
    changed = ada.send("PATCH", path, {"unproved": "refuse", "trusted_forwarders": "Lists.Example x.example"}).json()
    assert (changed["unproved"], changed["trusted_forwarders"]) == ("refuse", "lists.example, x.example")
    assert changed == {**was, "unproved": "refuse", "trusted_forwarders": "lists.example, x.example"}
    problem(ada.send("PATCH", path, {"unproved": "burn"}), 422)
    found = problem(ada.send("PATCH", path, {"trusted_forwarders": "me@x.example"}), 422)
    assert [error["where"] for error in found["errors"]] == ["body.trusted_forwarders"]


def test_what_is_wrong_is_said_by_field(ada: Caller, whole: dict[str, Any]) -> None:
    found = problem(ada.send("POST", "/domains", {**whole, "name": "x", "bounce": "catchall"}), 422)
    assert {error["where"] for error in found["errors"]} == {"body.name", "body.catchall"}
    problem(ada.send("POST", "/domains", {**whole, "companies": []}), 422)
    problem(ada.send("POST", "/domains", {**whole, "surprise": 1}), 422)


def test_sharing_and_taking_away(ada: Caller, acme: Acme, whole: dict[str, Any]) -> None:
    operator = somebody("operator", acme.company)
    globex = factory.company("Globex")
    path = f"/domains/{ada.send('POST', '/domains', whole).json()['id']}"
    problem(ada.send("PUT", f"{path}/companies/{globex.pk}"), 404)
    assert operator.send("PUT", f"{path}/companies/{globex.pk}").json()["companies"] == [acme.company.pk, globex.pk]
    assert ada.get(path).json()["companies"] == [acme.company.pk]
    assert ada.get(path).json()["editable"] is False
    problem(ada.send("PATCH", path, {"priority": 1}), 403)
    assert operator.send("DELETE", f"{path}/companies/{globex.pk}").status_code == 204
    assert ada.send("PATCH", path, {"priority": 1}).status_code == 200
    assert "serve nobody" in problem(ada.send("DELETE", f"{path}/companies/{acme.company.pk}"), 409)["detail"]
    kept = domain_of(acme)
    services.create_alias(domain=kept, local_part="kept", company=acme.company, record_type="lead")
    path = f"/domains/{kept.pk}/companies/{acme.company.pk}"
    assert f"kept@{kept.name}" in problem(operator.send("DELETE", path), 409)["detail"]


def test_the_order_and_the_senders(ada: Caller, acme: Acme, whole: dict[str, Any]) -> None:
    made = ada.send("POST", "/domains", {**whole, "priority": 500}).json()["id"]
    before = [one["id"] for one in ada.get("/domains").json()["items"]]
    after = [one["id"] for one in ada.send("POST", f"/domains/{made}/move", {"way": "up"}).json()["items"]]
    assert after.index(made) == before.index(made) - 1
    found = ada.get(f"/domains/{made}/senders").json()["items"]
    assert [one["address"] for one in found] == ["hello@new.example", "bounce@new.example", "catchall@new.example"]
    problem(ada.send("POST", f"/domains/{made}/move", {"way": "sideways"}), 422)


def test_an_alias_is_added_once_changed_and_deleted(ada: Caller, acme: Acme) -> None:
    domain = domain_of(acme)
    whole = {
        "local_part": "Hello",
        "domain": domain.pk,
        "company": acme.company.pk,
        "record_type": "lead",
        "desk": "new",
        "desk_name": "Greeters",
        "allowed_senders": ["shop@customer.example"],
    }
    made = ada.send("POST", "/aliases", whole, headers={"Idempotency-Key": "a"})
    assert made.status_code == 201, made.content
    assert ada.send("POST", "/aliases", whole, headers={"Idempotency-Key": "a"}).json() == made.json()
    body = made.json()
    assert (body["address"], body["health"], body["desk_name"]) == (f"hello@{domain.name}", "not_tested", "Greeters")
    assert Desk.objects.filter(name="Greeters").count() == 1
    path = f"/aliases/{body['id']}"
    changed = ada.send("PATCH", path, {"local_part": "hi", "title": "No subject", "who_may_write": "contacts"}).json()
    assert changed["retired"] == [f"hello@{domain.name}"]
    assert (changed["title"], changed["who_may_write"], changed["desk"]) == ("No subject", "contacts", body["desk"])
    assert changed["allowed_senders"] == ["shop@customer.example"]
    assert ada.send("PATCH", path, {"desk": None}).json()["desk"] is None
    listed = ada.get("/aliases", q="hi@", limit=1).json()
    assert [one["id"] for one in listed["items"]] == [body["id"]]
    assert ada.send("DELETE", path).status_code == 204
    problem(ada.get(path), 404)
    assert not Alias.objects.filter(pk=body["id"]).exists()


def test_aliases_of_others_are_not_there(ada: Caller, acme: Acme) -> None:
    alias = Alias.objects.filter(company=acme.company)[0]
    stranger = somebody("administrator", factory.company("Globex"))
    assert stranger.get("/aliases").json() == {"items": [], "next": None}
    for method, body in (("GET", None), ("PATCH", {"title": "x"}), ("DELETE", None)):
        problem(stranger.send(method, f"/aliases/{alias.pk}", body), 404)
    member = somebody("member", acme.company)
    for path in ("/aliases", "/domains", f"/aliases/{alias.pk}"):
        problem(member.get(path), 403)
    given = {"local_part": "x", "domain": domain_of(acme).pk, "company": acme.company.pk, "record_type": "lead"}
    found = problem(stranger.send("POST", "/aliases", given), 422)
    assert {error["where"] for error in found["errors"]} == {"body.company", "body.domain"}


def test_aliases_page_by_key(ada: Caller, acme: Acme) -> None:
    for number in range(3):
        factory.desk(acme.company, local_part=f"many{number}")
    seen, cursor = [], ""
    while cursor is not None:
        page = ada.get("/aliases", q="many", limit=2, cursor=cursor).json()
        seen += [one["address"].partition("@")[0] for one in page["items"]]
        cursor = page["next"]
    assert seen == ["many2", "many1", "many0"]
