"""The inbox by the API: its lists page by page, what is done with a conversation, and beginning one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.conversations.models import Message
from postroom.infra.clock import now
from postroom.records.models import Record
from tests.api.calls import Caller, problem, somebody
from tests.support import factory
from tests.support.acme import Acme

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(acme: Acme) -> Record:
    made = factory.record(acme.sales, "Vans")
    factory.told(acme.amara, made, mention=True)
    return made


def _tabs(of: Caller, record: Record) -> set[str]:
    tabs = ("unread", "mentions", "starred", "all", "done", "snoozed")
    return {tab for tab in tabs if record.pk in {row["record"] for row in of.get("/inbox", tab=tab).json()["items"]}}


def test_each_verb_moves_the_conversation_and_its_opposite_brings_it_back(amara: Caller, record: Record) -> None:
    here, until = {"unread", "mentions", "all"}, (now() + timedelta(days=1)).isoformat()
    assert _tabs(amara, record) == here
    for verb, body, stands in (
        ("star", None, here | {"starred"}),
        ("snooze", {"until": until}, {"snoozed"}),
        ("done", None, {"done"}),
    ):
        row = amara.send("PUT", f"/inbox/{record.pk}/{verb}", body).json()
        assert row["record"] == record.pk
        assert _tabs(amara, record) == stands, verb
        assert amara.send("DELETE", f"/inbox/{record.pk}/{verb}").json()["done_at"] is None
    assert _tabs(amara, record) == {"mentions", "all"}, "what is done is read, and stays so"
    row = amara.get(f"/inbox/{record.pk}").json()
    assert (row["count"], row["mentioned"], row["starred"], row["snoozed_until"]) == (0, True, False, None)


def test_what_cannot_be_is_said_in_words(amara: Caller, acme: Acme, record: Record) -> None:
    past = {"until": "2020-01-01T08:00:00Z"}
    assert "has passed" in problem(amara.send("PUT", f"/inbox/{record.pk}/snooze", past), 422)["detail"]
    naive = {"until": "2040-01-01T08:00:00"}
    assert "until" in problem(amara.send("PUT", f"/inbox/{record.pk}/snooze", naive), 422)["detail"]
    problem(amara.get("/inbox", tab="elsewhere"), 422)
    other = factory.record(acme.sales, "Nobody wrote")
    problem(amara.send("PUT", f"/inbox/{other.pk}/star"), 422)
    problem(amara.get(f"/inbox/{other.pk}"), 404)
    stranger = somebody("member", factory.company("Globex"))
    for verb in ("star", "done"):
        problem(stranger.send("PUT", f"/inbox/{record.pk}/{verb}"), 404)
        problem(stranger.send("DELETE", f"/inbox/{record.pk}/{verb}"), 404)


def test_everything_is_read(amara: Caller, acme: Acme, record: Record) -> None:
    factory.told(acme.amara, record)
    assert amara.send("POST", "/inbox/read").json() == {"read": 2}
    assert amara.get("/inbox").json()["items"] == []


def test_a_conversation_begins_once_for_a_key(amara: Caller, acme: Acme) -> None:
    body = {"desk": acme.sales.pk, "subject": "Trackers", "body": "Dear Nina", "to": ["Nina <nina@holm.example>"]}
    key = {"Idempotency-Key": "one"}
    first = amara.send("POST", "/conversations", body, key)
    assert first.status_code == 201, first.content
    assert amara.send("POST", "/conversations", body, key).json()["id"] == first.json()["id"]
    message = Message.objects.get()
    record = message.thread.record
    assert (record.title, record.owner, record.type, message.subject) == ("Trackers", acme.amara, "lead", "Trackers")
    assert record.contact is not None
    assert record.contact.name == "Nina"
    assert message.to == [["nina@holm.example", "Nina"]]
    wrongs: list[dict[str, object]] = [
        {"to": []}, {"subject": " "}, {"desk": 99999}, {"body": ""}, {"to": ["sales@acme.example"]},
    ]  # fmt: skip
    for wrong in wrongs:
        problem(amara.send("POST", "/conversations", {**body, **wrong}), 422)
    assert Record.objects.count() == 1
