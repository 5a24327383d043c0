"""What a reply meant and what to do, on the page of a copy and in its conversation; what is late; what is closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from postroom.conversations.models import Notification
from postroom.conversations.states import states_of
from postroom.infra.clock import now
from postroom.outbound.models import Attempt, Delivery, Dispatch
from postroom.records.models import Record
from postroom.web.pages.records.strips import strips_of
from tests.support import factory
from tests.web.conftest import World

HOURS_AGO = timedelta(hours=5)
NO_USER = "550 5.1.1 The address is not one of ours"
GREY = "451 4.7.1 See you in five minutes"


@pytest.fixture
def lead(world: World) -> Record:
    return world.lead


def told(lead: Record, words: str, key: str, state: str, **fields: Any) -> Delivery:
    """A copy of a message that a server answered with these words."""
    row = factory.delivery(lead, state=state, reply_class=key, attempts=1)
    chosen = Dispatch.objects.create(
        letter=row.letter, server_name="Relay EU", from_email="a@acme.example", case="domain", created_at=now()
    )
    Attempt.objects.create(
        delivery=row, dispatch=chosen, number=1, began_at=now(), ended_at=now(), outcome="refused", phase="rcpt",
        code=int(words[:3]), words=words,
    )  # fmt: skip
    said = f"Relay EU said: {words}. And what that means."
    Delivery.objects.filter(pk=row.pk).update(dispatch=chosen, words=said, **fields)
    row.refresh_from_db()
    return row


def page(client: Client, row: Delivery) -> str:
    response = client.get(f"/outbox/{row.pk}")
    assert response.status_code == 200
    return response.content.decode()


def test_a_refusal_is_explained_above_the_servers_own_words(client: Client, world: World, lead: Record) -> None:
    client.force_login(world.admin)
    shown = page(client, told(lead, NO_USER, "mailbox-unknown", "failed"))
    in_order = [
        "No such mailbox.",
        "There is no mailbox with this address.",
        "What you can do:",
        "Check the spelling",
        NO_USER,
    ]
    places = [shown.index(words) for words in in_order]
    assert places == sorted(places)
    assert "And what that means." not in shown, "the class has said it already"


@pytest.mark.parametrize(
    ("key", "who"),
    [("spf-refused", "What an administrator can do:"), ("greylisted", ""), ("mailbox-full", "What you can do:")],
)
def test_who_can_do_something_is_said(client: Client, world: World, lead: Record, key: str, who: str) -> None:
    client.force_login(world.admin)
    shown = page(client, told(lead, GREY, key, "queued", reason="put-off"))
    assert [one for one in ("What you can do:", "What an administrator can do:") if one in shown] == list(
        filter(None, [who])
    )


def test_what_ended_is_not_said_to_be_tried_again(client: Client, world: World, lead: Record) -> None:
    client.force_login(world.admin)
    waits = page(client, told(lead, GREY, "greylisted", "queued", reason="put-off"))
    ended = page(client, told(lead, GREY, "greylisted", "failed"))
    assert "this mail is tried again" in waits
    assert "this mail is tried again" not in ended
    assert "It is not tried again by itself." in ended


def test_what_waits_for_a_limit_is_not_explained_by_an_old_reply(client: Client, world: World, lead: Record) -> None:
    client.force_login(world.admin)
    shown = page(client, told(lead, GREY, "greylisted", "queued", reason="server-limit"))
    assert "Greylisted." not in shown
    assert "And what that means." in shown, "its own words stand there"


@pytest.mark.parametrize("key", ["permanent-other", "of-another-release", ""])
def test_where_nothing_is_known_the_words_stand_alone(client: Client, world: World, lead: Record, key: str) -> None:
    client.force_login(world.admin)
    row = told(lead, NO_USER, key, "failed")
    shown = page(client, row)
    assert row.words in shown
    assert "What you can do:" not in shown


@pytest.mark.parametrize("state", ["accepted", "held", "unknown", "cancelled"])
def test_what_ended_otherwise_is_not_explained_by_an_old_reply(
    client: Client, world: World, lead: Record, state: str
) -> None:
    client.force_login(world.admin)
    shown = page(client, told(lead, NO_USER, "mailbox-unknown", state))
    assert ("Check the spelling" in shown) is (state == "held"), "a held copy still waits after that reply"


def test_a_copy_that_is_late_says_so(client: Client, world: World, lead: Record) -> None:
    client.force_login(world.admin)
    late = told(lead, GREY, "greylisted", "queued", reason="put-off", created_at=now() - HOURS_AGO)
    young = told(lead, GREY, "greylisted", "queued", reason="put-off")
    renewed = told(lead, GREY, "greylisted", "queued", reason="put-off", created_at=now() - HOURS_AGO, renewed_at=now())
    limited = told(lead, GREY, "", "queued", reason="server-limit", created_at=now() - HOURS_AGO)
    assert "It is late: it was queued more than 4 hours ago." in page(client, late)
    for one in (young, renewed, limited):
        assert "It is late" not in page(client, one)
    states = {row.id: str(row.state.word) for row in client.get("/outbox").context["list"].rows}
    assert [states[one.pk] for one in (late, young, renewed)] == ["Delayed", "Trying again", "Trying again"]


def test_a_late_copy_is_marked_in_its_conversation(client: Client, world: World) -> None:
    message = factory.message(world.lead, user=world.member)
    row = told(world.lead, GREY, "greylisted", "queued", reason="put-off", due=now() + timedelta(hours=1))
    Notification.objects.create(
        message=message,
        company=message.company,
        name=row.name,
        email=row.address,
        channel="mail",
        delivery=row,
        created_at=now(),
    )
    before = strips_of(world.admin, {message.pk: False})[message.pk]
    assert [str(line.state.word) for line in before.lines] == ["waits for the next try"]
    assert [one.delayed for one in states_of(world.admin, [message.pk])[message.pk]] == [False]
    Delivery.objects.filter(pk=row.pk).update(created_at=now() - HOURS_AGO)
    after = strips_of(world.admin, {message.pk: False})[message.pk]
    assert [str(line.state.word) for line in after.lines] == ["delayed: waits for the next try"]
    assert [one.delayed for one in states_of(world.admin, [message.pk])[message.pk]] == [True]
    assert after.mark != before.mark, "pages that stand open learn of it"
    client.force_login(world.member)
    details = client.get(f"/copies/{row.pk}").content.decode()
    assert "The receiving server asks every new sender to come back a little later." in details
    assert "Nothing has to be done" in details


def test_what_is_unknown_is_closed_from_its_page(client: Client, world: World, lead: Record) -> None:
    client.force_login(world.admin)
    row = factory.delivery(lead, state="unknown")
    shown = page(client, row)
    assert "It arrived" in shown
    assert "It did not arrive" in shown
    client.post(f"/outbox/{row.pk}/act", {"action": "lost"})
    shown = page(client, row)
    assert f"Closed by {world.admin.name}: it did not arrive." in shown
    assert "Send again" in shown
