"""Messages that nobody vouches for, and notes by reply link: who hears, what the trace says, what accepting does."""

from __future__ import annotations

from typing import Any

import pytest

from postroom.conversations import services
from postroom.conversations.models import Message, Participant
from postroom.conversations.services import CannotPost, accept_message
from postroom.core.addresses import Address
from postroom.directory.models import Contact
from postroom.infra.models import Change
from postroom.outbound.choice import grounds
from postroom.outbound.steps.choose import dispatch
from tests.apps.conversations.world import World, by_inbox, envelopes, letters, told, words
from tests.support import factory

STRANGER = Address("eve@elsewhere.example", "Eve")
AMARA = Address("amara@acme.example", "Amara Okafor")


def _own(world: World, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(world.lead, name, value)
    world.lead.save()


def test_of_an_outsider_only_the_owner_hears_in_the_inbox(world: World) -> None:
    _own(world, owner=world.acme.admin)
    world.follow(world.amara, world.carla)
    message = world.comes(STRANGER, standing="outsider", message_id="bad@elsewhere.example")
    assert told(message) == {"admin@acme.example": "inbox"}
    assert not letters(message)
    assert world.lead.thread.references == []
    assert "Not redistributed until a member accepts it" in words(message)
    assert "nobody vouches for the sender yet" in words(message, "spared")
    assert Change.objects.filter(topic="inbox", ref=str(world.acme.admin.pk)).exists()


def test_an_outsider_without_an_owner_is_told_to_nobody(world: World) -> None:
    world.follow(world.amara)
    message = world.comes(STRANGER, standing="outsider")
    assert told(message) == {}
    assert words(message, "told") == "Nobody was told."


def test_a_claimed_member_reaches_own_followers_but_nobody_outside(world: World) -> None:
    world.follow(world.amara, world.ben, world.carla)
    message = world.comes(AMARA, standing="claimed-member")
    assert told(message) == {"ben@acme.example": "mail"}
    assert "Accept the message to send it on" in words(message, "kept back")
    assert "Carla" in words(message, "spared")


@pytest.mark.parametrize(
    ("standing", "kept"), [("claimed-member", False), ("reply-link", False), ("member", True), ("participant", False)]
)
def test_our_server_vouches_for_no_address_that_nothing_proves(world: World, standing: str, kept: bool) -> None:
    world.follow(world.ben, notes=True)
    message = world.comes(Address("amara@acme.example", "Amara Okafor"), standing=standing)
    (letter,) = letters(message)
    place = (letter.company_id, letter.domain_id)
    chosen = dispatch(letter, grounds([place])[place])
    assert chosen.from_name == "Amara Okafor"
    assert chosen.from_email == ("amara@acme.example" if kept else "notifications@acme.example")


def test_a_note_by_reply_link_reaches_followers_of_notes_and_who_wrote_the_note(world: World) -> None:
    note = services.post_note(user=world.user, record_id=world.lead.pk, body="What do you think?")
    third = factory.contact(
        world.acme.company,
        "Cleo",
        "cleo@acme.example",
        user=factory.user("cleo", {world.acme.company: "member"}, name="Cleo"),
    )
    world.follow(third, notes=True)
    world.follow(world.carla)
    answer = world.comes(
        Address("ben@acme.example", "Ben Okri"),
        standing="reply-link",
        visibility=Message.Visibility.INTERNAL,
        answers=note.pk,
        message_id="ben@laptop.example",
    )
    assert told(answer) == {"amara@acme.example": "mail", "cleo@acme.example": "mail"}
    assert "wrote the note that this answers" in words(answer, "told")
    assert all(letter.references == ["ben@laptop.example"] for letter in letters(answer))
    assert world.lead.thread.references == []


def test_an_accepted_outsider_takes_part_and_is_told_to_everybody(world: World) -> None:
    world.follow(world.amara, world.ben)
    by_inbox(world.ben)
    message = world.comes(STRANGER, standing="outsider", message_id="eve@elsewhere.example")
    accepted = accept_message(user=world.user, message_id=message.pk)
    assert accepted.standing == Message.Standing.PARTICIPANT
    assert told(message) == {
        "mary@customer.example": "mail", "amara@acme.example": "mail", "ben@acme.example": "inbox",
    }  # fmt: skip
    assert words(message).count("Ben Okri") == 2  # spared, then told
    assert words(message, "accepted") == "Amara Okafor accepted this message."
    assert Contact.objects.get(addresses__email=STRANGER.email) == Message.objects.get(pk=message.pk).author
    assert Participant.objects.filter(thread=world.lead.thread, email=STRANGER.email).exists()
    world.lead.thread.refresh_from_db()
    assert world.lead.thread.references == ["eve@elsewhere.example"]


def test_an_accepted_member_reaches_people_outside_and_nobody_twice(world: World) -> None:
    world.follow(world.amara, world.ben, world.carla)
    message = world.comes(AMARA, standing="claimed-member")
    accept_message(user=world.acme.admin, message_id=message.pk)
    assert told(message) == {
        "ben@acme.example": "mail", "mary@customer.example": "mail", "carla@partner.example": "mail",
    }  # fmt: skip
    sent = [address for letter in letters(message) for address in envelopes(letter)]
    assert sorted(sent) == ["ben@acme.example", "carla@partner.example", "mary@customer.example"]
    assert Message.objects.get(pk=message.pk).standing == Message.Standing.MEMBER


def test_who_was_told_before_is_not_told_again(world: World) -> None:
    _own(world, owner=world.user)
    world.follow(world.amara)
    message = world.comes(STRANGER, standing="outsider")
    accept_message(user=world.acme.admin, message_id=message.pk)
    assert told(message) == {"amara@acme.example": "inbox", "mary@customer.example": "mail"}
    assert words(message).count("amara@acme.example") == 1


def test_nothing_is_accepted_twice_or_by_strangers(world: World) -> None:
    message = world.comes(STRANGER, standing="outsider")
    with pytest.raises(CannotPost):
        accept_message(user=factory.user("zoe"), message_id=message.pk)
    accept_message(user=world.user, message_id=message.pk)
    with pytest.raises(CannotPost, match="nothing to accept"):
        accept_message(user=world.user, message_id=message.pk)
