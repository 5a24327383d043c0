"""Copies by the API: lists by state and record, one with its letter and tries, its source, and what is decided."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default

import pytest
from django.test import Client

from postroom.infra.clock import now
from postroom.outbound import services
from postroom.outbound.models import Delivery
from postroom.outbound.transports.memory import Memory
from tests.api.calls import Caller, caller, problem
from tests.support import factory
from tests.support.acme import Acme
from tests.support.sending import post, sent_into_memory

pytestmark = pytest.mark.django_db


@pytest.fixture
def memory(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    with sent_into_memory(monkeypatch) as sent:
        yield sent


@pytest.fixture
def ada(acme: Acme) -> Caller:
    return caller(acme.admin)


def test_a_copy_says_everything_about_its_way(ada: Caller, acme: Acme, memory: Memory) -> None:
    (row,) = post(acme, "hanna@customer.example")
    waiting = ada.get(f"/outbound/{row.pk}").json()
    assert (waiting["state"], waiting["dispatch"], waiting["tries"]) == ("queued", None, [])
    assert waiting["letter"]["text"] == "We have 42 vans.\n"
    before = ada.get(f"/outbound/{row.pk}/source").content
    services.send_due()
    sent = ada.get(f"/outbound/{row.pk}").json()
    assert (sent["state"], sent["recipient"]["email"]) == ("accepted", "hanna@customer.example")
    assert sent["dispatch"]["trace"]
    assert sent["dispatch"]["server"] == 0
    (attempt,) = sent["tries"]
    assert (attempt["number"], attempt["code"], attempt["words"]) == (1, 250, "250 2.0.0 Kept in memory")
    assert ada.get(f"/outbound/{row.pk}/source").content == memory.copies[0].mime == before


def test_the_source_is_text_to_keep(ada: Caller, acme: Acme) -> None:
    (row,) = post(acme, "hanna@customer.example")
    response = ada.get(f"/outbound/{row.pk}/source")
    assert response["Content-Type"].startswith("text/plain")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert message_from_bytes(response.content, policy=default)["Subject"] == "Re: Vans"


def test_what_a_reply_meant_is_told(ada: Caller, acme: Acme) -> None:
    row = factory.delivery(
        factory.record(acme.sales), state="failed", reply_class="mailbox-unknown", words="550 5.1.1 no such user"
    )
    late = factory.delivery(
        factory.record(acme.sales), reason="put-off", reply_class="greylisted", created_at=now() - timedelta(hours=5)
    )
    told = ada.get(f"/outbound/{row.pk}").json()
    assert (told["reply_class"], told["reason"], told["delayed"]) == ("mailbox-unknown", "", False)
    assert told["advice"].startswith("Check the spelling")
    told = ada.get("/outbound", state="queued").json()["items"][0]
    assert (told["id"], told["reply_class"], told["reason"]) == (late.pk, "greylisted", "put-off")
    assert told["delayed"] is True
    plain = factory.delivery(factory.record(acme.sales), state="accepted")
    assert ada.get(f"/outbound/{plain.pk}").json()["advice"] == ""


def test_lists_by_state_and_record(ada: Caller, acme: Acme) -> None:
    one, other = factory.record(acme.sales), factory.record(acme.sales)
    rows = [factory.delivery(one), factory.delivery(one, state="failed"), factory.delivery(other, state="accepted")]

    def ids(**query: object) -> list[int]:
        return [row["id"] for row in ada.get("/outbound", **query).json()["items"]]

    keys = [row.pk for row in rows]
    assert ids() == keys[::-1]
    assert ids(state=["failed", "accepted"]) == [keys[2], keys[1]]
    assert ids(about=one.ref) == [keys[1], keys[0]]
    assert ids(about=one.ref, state="queued") == [keys[0]]
    assert ids(about="lead:nothing") == []
    page = ada.get("/outbound", limit=2).json()
    assert [row["id"] for row in page["items"]] == [keys[2], keys[1]]
    assert ids(cursor=page["next"]) == [keys[0]]


@pytest.mark.parametrize(
    "query", ["state=lost", "state=queued&state=", "limit=0", "limit=x", "cursor=x", f"about={'x' * 81}"]
)
def test_a_list_that_cannot_be(ada: Caller, query: str) -> None:
    assert query.partition("=")[0] in problem(ada.get(f"/outbound?{query}"), 422)["detail"]


@pytest.mark.parametrize(
    ("state", "verb", "after"),
    [
        ("queued", "hold", "held"),
        ("queued", "cancel", "cancelled"),
        ("held", "release", "queued"),
        ("held", "cancel", "cancelled"),
        ("unknown", "send-again", "queued"),
        ("failed", "send-again", "queued"),
        ("unknown", "arrived", "accepted"),
        ("unknown", "lost", "failed"),
        ("queued", "lost", None),
        ("accepted", "arrived", None),
        ("accepted", "cancel", None),
        ("accepted", "hold", None),
        ("transmitting", "cancel", None),
        ("transmitting", "send-again", None),
        ("queued", "release", None),
        ("cancelled", "hold", None),
    ],
)
def test_what_is_decided(ada: Caller, acme: Acme, state: str, verb: str, after: str | None) -> None:
    row = factory.delivery(factory.record(acme.sales), state=state)
    response = ada.send("POST", f"/outbound/{row.pk}/{verb}")
    if after is None:
        assert problem(response, 409)["state"] == state
        assert Delivery.objects.get(pk=row.pk).state == state
    else:
        assert response.json()["state"] == after
        assert acme.admin.name in response.json()["words"]


@pytest.mark.parametrize("verb", ["explode", "SEND-AGAIN", "cancel%20"])
def test_a_verb_that_is_none(ada: Caller, acme: Acme, verb: str) -> None:
    row = factory.delivery(factory.record(acme.sales))
    problem(ada.send("POST", f"/outbound/{row.pk}/{verb}"), 422)


def test_a_token_that_reads_decides_nothing(acme: Acme) -> None:
    row = factory.delivery(factory.record(acme.sales))
    problem(caller(acme.admin, "read").send("POST", f"/outbound/{row.pk}/cancel"), 403)
    assert Delivery.objects.get(pk=row.pk).state == "queued"


def test_a_mail_that_cannot_be_written_is_shown_with_the_reason(ada: Caller, acme: Acme, memory: Memory) -> None:
    (row,) = post(acme, "hanna@customer.example", message_id="no id")
    services.send_due()
    assert ada.get(f"/outbound/{row.pk}").json()["state"] == "failed"
    assert "can't be written" in problem(ada.get(f"/outbound/{row.pk}/source"), 409)["detail"]
    browser = Client()
    browser.force_login(acme.admin)
    for page in ("", "/source"):
        shown = browser.get(f"/outbox/{row.pk}{page}")
        assert (shown.status_code, b"be written" in shown.content) == (200, True)
    assert browser.get(f"/outbox/{row.pk}/body").status_code == 404
    assert browser.get(f"/outbox/{row.pk}/download").status_code == 410
