"""The people of a conversation on its page, the offer of who wrote first, and contacts that may be one person."""

from __future__ import annotations

from html import unescape

import pytest
from django.test import Client

from postroom.conversations.forwards import Passed, note_forwards
from postroom.conversations.models import Participant
from postroom.core.addresses import Address
from postroom.directory.models import Contact, ContactAddress
from postroom.records.models import Record
from tests.support import factory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Target": "forwarded"}
FACTS = {"HX-Request": "true", "HX-Target": "facts"}


@pytest.fixture
def member(client: Client, world: World) -> Client:
    client.force_login(world.member)
    return client


def page(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return unescape(response.content.decode())


def person(of: Record, email: str, **fields: str) -> None:
    Participant.objects.create(thread=of.thread, email=email, **fields)


# --- people


def test_how_they_came_in_how_far_they_are_believed_and_who_is_a_contact(member: Client, world: World) -> None:
    nina = factory.contact(world.acme, "Nina Holm", "nina@holm.example")
    person(world.lead, "nina@holm.example", name="N.", way="wrote", level="verified")
    person(world.lead, "bob@holm.example", name="Bob <B>", way="cc")
    person(world.lead, "forged@holm.example", way="wrote", level="forged")
    person(world.lead, world.member.email, way="to")
    shown = page(member, f"/leads/{world.lead.pk}", **FACTS)
    assert f'<a href="/contacts/{nina.pk}">Nina Holm</a>' in shown
    for words in ("wrote here", "Verified", "had a copy", "Forged", "one of you", "was addressed"):
        assert words in shown, words
    assert f"/contacts/new?company={world.acme.pk}&email=bob%40holm.example&name=Bob+%3CB%3E" in shown
    assert shown.count("Add to contacts") == 3, "everybody unknown: Hanna of the world, Bob, the forger"


def test_a_link_fills_the_form_of_a_new_contact(member: Client, world: World) -> None:
    shown = page(member, f"/contacts/new?company={world.globex.pk}&email=bob@holm.example&name=Bob+%3CB%3E%00")
    assert 'value="bob@holm.example"' in shown
    assert 'value="Bob <B>"' in shown


def test_others_of_the_conversation_are_offered_in_the_composer(member: Client, world: World) -> None:
    person(world.lead, "bob@holm.example", name="Bob", way="cc")
    shown = page(member, f"/leads/{world.lead.pk}")
    assert "Also in this conversation" in shown
    assert 'name="cc" value=""Bob" <bob@holm.example>"' in shown
    answer = member.post(
        f"/records/{world.lead.pk}/post",
        {
            "kind": "message",
            "body": "To both",
            "key": "k",
            "to": ["hanna@norrgard.example"],
            "cc": ["bob@holm.example"],
        },
    )
    assert answer.status_code == 302
    shown = page(member, f"/leads/{world.lead.pk}")
    assert 'data-email="bob@holm.example"' in shown
    assert "Also in this conversation" not in shown, "who is written to is offered no more"


# --- who wrote first


@pytest.fixture
def passed_on(world: World) -> Record:
    """A lead that the member made by passing a mail of Nina's on."""
    ours = factory.contact(world.acme, world.member.name, world.member.email, user=world.member)
    desk = world.lead.desk
    assert desk
    made = factory.record(desk, "Forty chairs", contact=ours)
    message = factory.message(made, author=ours, author_name=ours.name, standing="member")
    note_forwards([Passed(message, Address("nina@holm.example", "Nina <Holm>"))])
    return made


def test_the_offer_says_who_and_by_whom(client: Client, world: World, passed_on: Record) -> None:
    client.force_login(world.member)
    shown = page(client, f"/leads/{passed_on.pk}")
    assert "From <b>Nina <Holm></b>" in shown
    assert "forwarded by you" in shown
    client.force_login(world.admin)
    assert f"forwarded by {world.member.name}" in page(client, f"/leads/{passed_on.pk}")
    raw = client.get(f"/leads/{passed_on.pk}").content.decode()
    assert "Nina &lt;Holm&gt;" in raw
    assert "Nina <Holm>" not in raw


def test_one_click_takes_and_one_gives_back(member: Client, passed_on: Record) -> None:
    place = f"/records/{passed_on.pk}/forwarded"
    shown = member.post(place, {"do": "take"}, headers=HTMX).content.decode()
    assert "is the contact, as you chose." in unescape(shown)
    assert "<html" not in shown
    passed_on.refresh_from_db()
    assert passed_on.contact
    assert passed_on.contact.name == "Nina <Holm>"
    again = member.post(place, {"do": "take"}, headers=HTMX).content.decode()
    assert 'role="alert"' in again
    response = member.post(place, {"do": "undo"})
    assert response.headers["Location"] == f"/leads/{passed_on.pk}"
    passed_on.refresh_from_db()
    assert passed_on.contact.user is not None
    assert member.post(place, {"do": "else"}).status_code == 404


def test_there_is_nothing_where_nothing_was_passed_on(member: Client, world: World) -> None:
    assert "offer-writer" not in page(member, f"/leads/{world.lead.pk}")
    assert page(member, f"/records/{world.lead.pk}/forwarded", **HTMX).strip() == ""


# --- contacts that may be one person


@pytest.fixture
def pair(world: World) -> tuple[Contact, Contact]:
    return (
        factory.contact(world.acme, "Nina Holm", "nina.holm@gmail.com"),
        factory.contact(world.acme, "Nina & Co", "ninaholm+post@gmail.com"),
    )


def test_it_is_asked_on_the_page_and_joined_by_one_click(member: Client, pair: tuple[Contact, Contact]) -> None:
    winner, loser = pair
    shown = page(member, f"/contacts/{winner.pk}").replace("<wbr>", "")
    assert "The same person?" in shown
    assert "ninaholm+post@gmail.com</span> looks like <span" in shown
    assert f"/contacts/{winner.pk}/merge?other={loser.pk}" in shown
    member.post(f"/contacts/{winner.pk}/merge", {"other": loser.pk})
    assert ContactAddress.objects.filter(contact=winner).count() == 2
    assert "The same person?" not in page(member, f"/contacts/{winner.pk}")


def test_it_is_asked_beside_the_conversation_too(member: Client, world: World, pair: tuple[Contact, Contact]) -> None:
    Record.objects.filter(pk=world.lead.pk).update(contact=pair[0])
    shown = page(member, f"/leads/{world.lead.pk}", **FACTS).replace("<wbr>", "")
    assert "ninaholm+post@gmail.com" in shown
    assert f'href="/contacts/{pair[0].pk}#alike-h"' in shown
