"""Audiences, followers, copies, the inbox, and what is doubted, by the API."""

from __future__ import annotations

from typing import Any

import pytest

from postroom.conversations.models import Message
from postroom.directory.models import Contact
from postroom.records.models import Record
from tests.api.calls import Caller, caller, problem
from tests.support import factory
from tests.support.acme import Acme

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(acme: Acme) -> Caller:
    """A colleague who hears in the inbox."""
    acme.admin.notify_by = "inbox"
    acme.admin.save()
    return caller(acme.admin)


def contact_of(acme: Acme) -> int:
    return Contact.objects.get(user=acme.admin).pk


def test_the_audience_says_who_would_hear_and_from_which_address(amara: Caller, acme: Acme, record: Record) -> None:
    factory.follower(record, Contact.objects.get(user=acme.admin))
    found = amara.get(f"/records/{record.pk}/audience").json()
    assert [(one["email"], one["because"]) for one in found["outside"]] == [
        ("hanna@customer.example", "the contact of this record")
    ]
    assert [(one["email"], one["fixed"]) for one in found["inside"]] == [("admin@acme.example", True)]
    assert found["sender"]["author"] == {"email": "amara@acme.example", "name": "Amara Okafor"}
    assert found["sender"]["server"] == 0
    assert found["sender"]["trace"]
    assert amara.get(f"/records/{record.pk}/audience", internal=True).json()["outside"] == []
    problem(amara.get(f"/records/{record.pk}/audience", internal="perhaps"), 422)


def test_what_the_audience_names_can_be_sent_back(amara: Caller, record: Record) -> None:
    outside = amara.get(f"/records/{record.pk}/audience").json()["outside"]
    to = [{"email": one["email"], "name": one["name"]} for one in outside]
    made = amara.send("POST", f"/records/{record.pk}/messages", {"body": "Hi", "to": to})
    assert [one["email"] for one in made.json()["to"]] == ["hanna@customer.example"]


def test_followers_come_change_and_go(amara: Caller, acme: Acme, record: Record) -> None:
    path = f"/records/{record.pk}/followers"
    who = contact_of(acme)
    assert amara.get(path).json() == {"items": [], "next": None}
    put = amara.send("PUT", f"{path}/{who}", {"notes": True})
    assert (put.json()["discussions"], put.json()["notes"]) == (True, True)
    changed = amara.send("PUT", f"{path}/{who}", {"discussions": False}).json()
    assert (changed["discussions"], changed["notes"], changed["email"]) == (False, False, "admin@acme.example")
    mine = amara.send("PUT", f"{path}/me", {}).json()
    assert mine["user"] == acme.amara.pk
    assert amara.get(path).json() == {"items": [changed, mine], "next": None}
    problem(amara.send("DELETE", f"{path}/0"), 422)
    assert amara.send("DELETE", f"{path}/{who}").status_code == 204
    assert amara.send("DELETE", f"{path}/me").status_code == 204
    problem(amara.send("DELETE", f"{path}/{who}"), 404)
    assert amara.get(path).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("who", "body", "status", "words"),
    [
        ("4711", {}, 422, "no contact 4711"),
        ("0", {}, 422, "path.contact"),
        ("9" * 30, {}, 422, "path.contact"),
        ("hanna", {"notes": True}, 422, "can't hear of notes"),
        ("foreign", {}, 422, "no contact"),
        ("hanna", {"colour": "red"}, 422, "colour"),
        ("hanna", {"notes": "perhaps"}, 422, "notes"),
        ("hanna", None, 422, "given"),
        ("hanna", "{", 400, "body"),
        ("hanna", [], 422, "given"),
    ],
)
def test_followers_that_cannot_be(
    amara: Caller, record: Record, who: str, body: object, status: int, words: str
) -> None:
    numbers = {"hanna": record.contact_id, "foreign": factory.contact(factory.company("Globex")).pk}
    found = problem(amara.send("PUT", f"/records/{record.pk}/followers/{numbers.get(who, who)}", body), status)
    assert words in str(found)
    assert amara.get(f"/records/{record.pk}/followers").json() == {"items": [], "next": None}


def test_every_copy_says_what_became_of_it(amara: Caller, ada: Caller, acme: Acme, record: Record) -> None:
    factory.follower(record, Contact.objects.get(user=acme.admin))
    message = amara.send("POST", f"/records/{record.pk}/messages", {"body": "Hi"}).json()
    copies = {one["person"]["email"]: one for one in amara.get(f"/messages/{message['id']}/copies").json()["items"]}
    mail, inbox = copies["hanna@customer.example"], copies["admin@acme.example"]
    assert (mail["channel"], mail["state"]) == ("mail", "queued")
    assert ada.get(f"/outbound/{mail['delivery']}").json()["about"] == record.ref
    assert (inbox["channel"], inbox["state"], inbox["delivery"]) == ("inbox", "unread", None)
    assert mail["because"]
    assert mail["words"]


def test_the_inbox_is_read_and_unread(amara: Caller, ada: Caller, acme: Acme, record: Record) -> None:
    factory.follower(record, Contact.objects.get(user=acme.admin))
    made = [amara.send("POST", f"/records/{record.pk}/messages", {"body": f"Hi {number}"}).json() for number in (1, 2)]
    (row,) = ada.get("/inbox").json()["items"]
    assert (row["record"], row["ref"], row["message"], row["count"]) == (record.pk, record.ref, made[1]["id"], 2)
    assert (row["snippet"], row["author"], row["internal"]) == ("Hi 2", "Amara Okafor", False)
    assert ada.send("POST", f"/records/{record.pk}/read").json() == {"read": 2}
    assert ada.send("POST", f"/records/{record.pk}/read").json() == {"read": 0}
    assert ada.get("/inbox").json() == {"items": [], "next": None}
    assert ada.send("POST", f"/messages/{made[0]['id']}/unread").status_code == 204
    assert [(row["message"], row["count"]) for row in ada.get("/inbox").json()["items"]] == [(made[1]["id"], 1)]
    assert amara.get("/inbox").json()["items"] == []


def test_the_inbox_comes_page_by_page(amara: Caller, ada: Caller, acme: Acme) -> None:
    for number in range(5):
        of = factory.record(acme.sales, f"Lead {number}")
        factory.follower(of, Contact.objects.get(user=acme.admin))
        amara.send("POST", f"/records/{of.pk}/messages", {"body": "Hi"})
    titles: list[str] = []
    cursor: Any = ""
    while cursor is not None:
        page = ada.get("/inbox", limit=2, cursor=cursor).json()
        titles += [row["title"] for row in page["items"]]
        cursor = page["next"]
    assert titles == [f"Lead {number}" for number in (4, 3, 2, 1, 0)]
    problem(ada.get("/inbox", cursor="x"), 422)
    problem(ada.get("/inbox", limit=0), 422)


def test_a_doubted_message_is_accepted_once(amara: Caller, record: Record) -> None:
    doubted = factory.message(record, standing="outsider", author_email="new@customer.example")
    assert amara.send("POST", f"/messages/{doubted.pk}/accept").json()["standing"] == "participant"
    assert "nothing to accept" in problem(amara.send("POST", f"/messages/{doubted.pk}/accept"), 409)["detail"]
    assert Message.objects.get(pk=doubted.pk).standing == "participant"


@pytest.mark.parametrize("number", [0, 4711, 10**30])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/records/{}/audience"),
        ("GET", "/records/{}/followers"),
        ("PUT", "/records/{}/followers/1"),
        ("PUT", "/records/{}/followers/me"),
        ("DELETE", "/records/{}/followers/1"),
        ("DELETE", "/records/{}/followers/me"),
        ("POST", "/records/{}/messages"),
        ("POST", "/records/{}/notes"),
        ("POST", "/records/{}/read"),
        ("POST", "/messages/{}/accept"),
        ("POST", "/messages/{}/unread"),
        ("GET", "/messages/{}/copies"),
        ("GET", "/outbound/{}"),
        ("GET", "/outbound/{}/source"),
        ("POST", "/outbound/{}/cancel"),
        ("GET", "/servers/{}"),
        ("PATCH", "/servers/{}"),
        ("POST", "/servers/{}/archive"),
        ("POST", "/servers/{}/restore"),
        ("POST", "/servers/{}/try"),
        ("POST", "/servers/{}/test"),
    ],
)
def test_what_is_not_there(acme: Acme, method: str, path: str, number: int) -> None:
    body: object = {} if method in {"PUT", "PATCH"} else {"body": "x"}
    problem(caller(acme.admin).send(method, path.format(number), body), 404)
