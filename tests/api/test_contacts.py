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


def test_the_conversations_of_a_contact_come_in_pages(amara: Caller, acme: Company) -> None:
    desk, hanna = factory.desk(acme), factory.contact(acme, "Hanna", "hanna@vans.example")
    records = [factory.record(desk, f"Vans {number}", contact=hanna) for number in range(3)]
    words = "Good morning, here is the list."
    said = [factory.message(record, words, author_name="Hanna", author=hanna) for record in records]
    factory.attachment(said[-1], "list.pdf")
    factory.message(factory.record(desk, "Of somebody else", contact=factory.contact(acme, "Luca", "l@x.example")))
    path = f"/contacts/{hanna.pk}/conversations"
    first = amara.get(f"{path}?limit=2").json()
    assert [one["record"]["title"] for one in first["items"]] == ["Vans 2", "Vans 1"]
    assert [one["files"] for one in first["items"]] == [True, False]
    assert (first["items"][0]["author"], first["items"][0]["snippet"]) == ("Hanna", words)
    second = amara.get(f"{path}?limit=2&cursor={first['next']}").json()
    assert ([one["record"]["id"] for one in second["items"]], second["next"]) == ([records[0].pk], None)
    problem(amara.get(f"{path}?cursor=nonsense"), 422)
    problem(amara.get("/contacts/999999/conversations"), 404)


def test_a_merged_contact_answers_with_the_conversations_of_what_it_became(amara: Caller, acme: Company) -> None:
    hanna, other = factory.contact(acme, "Hanna", "h@x.example"), factory.contact(acme, "Hanna S.", "s@x.example")
    record = factory.record(factory.desk(acme), contact=other)
    factory.message(record, author=other)
    amara.send("POST", f"/contacts/{hanna.pk}/merge", {"other": other.pk})
    shown = amara.get(f"/contacts/{other.pk}/conversations").json()
    assert [one["record"]["id"] for one in shown["items"]] == [record.pk]
