"""Contacts by the API."""

from __future__ import annotations

from typing import Any

import pytest

from postroom.directory.models import Company, Contact
from tests.api.calls import Caller, problem, somebody
from tests.support import factory

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Company:
    return factory.company()


@pytest.fixture
def amara(acme: Company) -> Caller:
    return somebody("member", acme)


def _given(acme: Company, **more: Any) -> dict[str, Any]:
    return {"company": acme.pk, "name": "Hanna", "addresses": ["Hanna@Norrgard.example", "h@home.example"], **more}


def test_a_contact_is_added_once_changed_and_read(amara: Caller, acme: Company) -> None:
    key = {"Idempotency-Key": "one"}
    made = amara.send("POST", "/contacts", _given(acme), headers=key)
    again = amara.send("POST", "/contacts", _given(acme), headers=key)
    assert (made.status_code, again.status_code, again.json()) == (201, 201, made.json())
    problem(amara.send("POST", "/contacts", _given(acme, name="Else"), headers=key), 422)
    body = made.json()
    assert [(one["email"], one["primary"]) for one in body["addresses"]] == [
        ("hanna@norrgard.example", True), ("h@home.example", False),
    ]  # fmt: skip
    path = f"/contacts/{body['id']}"
    changed = amara.send("PATCH", path, {"phone": "+46 8 1", "time_zone": "Europe/Stockholm"}).json()
    assert (changed["name"], changed["phone"], changed["time_zone"]) == ("Hanna", "+46 8 1", "Europe/Stockholm")
    assert amara.get(path).json() == changed
    wrong = problem(amara.send("PATCH", path, {"language": "xx"}), 422)
    assert [one["where"] for one in wrong["errors"]] == ["body.language"]
    problem(amara.send("PATCH", path, {"id": 3}), 422)


def test_addresses(amara: Caller, acme: Company) -> None:
    pk = amara.send("POST", "/contacts", _given(acme)).json()["id"]
    path = f"/contacts/{pk}/addresses"
    for _ in range(2):
        body = amara.send("POST", path, {"email": "new@home.example", "primary": True}).json()
        assert [one["email"] for one in body["addresses"] if one["primary"]] == ["new@home.example"]
        assert len(body["addresses"]) == 3
    left = amara.send("DELETE", f"{path}/new@home.example").json()["addresses"]
    assert [(one["email"], one["primary"]) for one in left] == [
        ("hanna@norrgard.example", True), ("h@home.example", False),
    ]  # fmt: skip
    problem(amara.send("DELETE", f"{path}/new@home.example"), 422)
    problem(amara.send("POST", path, {"email": "no address"}), 422)
    other = factory.contact(acme, "Other", "other@home.example")
    taken = problem(amara.send("POST", path, {"email": "other@home.example"}), 409)
    assert (taken["contact"], taken["detail"]) == (other.pk, "This address belongs to Other.")
    assert problem(amara.send("POST", "/contacts", _given(acme)), 409)["contact"] == pk


def test_pages_by_name(amara: Caller, acme: Company) -> None:
    for name in ("c", "a", "b", "A", "d"):
        factory.contact(acme, name)
    names, cursor = list[str](), ""
    while True:
        page = amara.get("/contacts", limit=2, cursor=cursor).json()
        names += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert names == ["a", "A", "b", "c", "d"]
    assert [one["name"] for one in amara.get("/contacts", q="d").json()["items"]] == ["d"]
    problem(amara.get("/contacts", cursor="x"), 422)


def test_a_merge_answers_under_both_numbers(amara: Caller, acme: Company) -> None:
    winner, loser = factory.contact(acme, "W"), factory.contact(acme, "L", phone="1")
    body = amara.send("POST", f"/contacts/{winner.pk}/merge", {"other": loser.pk}).json()
    assert (body["id"], body["phone"], len(body["addresses"])) == (winner.pk, "1", 2)
    assert amara.get(f"/contacts/{loser.pk}").json() == body
    problem(amara.send("POST", f"/contacts/{winner.pk}/merge", {"other": loser.pk}), 404)
    problem(amara.send("POST", f"/contacts/{winner.pk}/merge", {"other": winner.pk}), 409)


def test_another_companys_contacts_are_not_there(amara: Caller, acme: Company) -> None:
    foreign = factory.contact(factory.company("Globex"), "Foreign", "f@globex.example")
    own = factory.contact(acme)
    path = f"/contacts/{foreign.pk}"
    problem(amara.get(path), 404)
    problem(amara.send("PATCH", path, {"name": "X"}), 404)
    problem(amara.send("POST", f"{path}/addresses", {"email": "x@y.example"}), 404)
    problem(amara.send("DELETE", f"{path}/addresses/f@globex.example"), 404)
    problem(amara.send("POST", f"{path}/merge", {"other": own.pk}), 404)
    problem(amara.send("POST", f"/contacts/{own.pk}/merge", {"other": foreign.pk}), 404)
    problem(amara.send("POST", "/contacts", {"company": foreign.company_id, "name": "X"}), 422)
    problem(amara.get(f"/contacts/{10**30}"), 404)
    problem(amara.send("POST", f"/contacts/{10**30}/merge", {"other": own.pk}), 404)
    problem(somebody("operator", acme, "root").get("/contacts"), 403)
    assert Contact.objects.get(pk=foreign.pk).name == "Foreign"
