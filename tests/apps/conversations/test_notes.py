"""A note stays a note: a table of who is around, and nobody outside ever hears."""

from __future__ import annotations

import itertools

import pytest

from postroom.conversations.models import Notification
from postroom.conversations.services import post_message, post_note
from postroom.outbound.models import Delivery
from tests.apps.conversations.world import World, by_inbox, leave, letters, told, words


@pytest.mark.parametrize(
    ("discussions", "notes", "mentioned", "inbox"), list(itertools.product((False, True), repeat=4))
)
def test_only_our_own_hear_of_a_note(
    world: World, discussions: bool, notes: bool, mentioned: bool, inbox: bool
) -> None:
    everybody = (world.mary, world.amara, world.ben, world.carla)
    world.follow(*everybody, discussions=discussions, notes=notes)
    if inbox:
        by_inbox(world.ben)
    note = post_note(
        user=world.user, record_id=world.lead.pk, body="Careful.", mentions=[world.ben.pk] if mentioned else []
    )
    channel = "inbox" if inbox else "mail"
    assert told(note) == ({"ben@acme.example": channel} if notes or mentioned else {})
    assert not Delivery.objects.exclude(address="ben@acme.example").exists()
    assert "stays among our own people" in words(note, "kept back")


def test_a_note_is_no_part_of_what_goes_outside(world: World) -> None:
    note = post_note(user=world.user, record_id=world.lead.pk, body="Careful.", mentions=[world.ben.pk])
    message = post_message(user=world.user, record_id=world.lead.pk, body="Dear Mary")
    (inside,), (outside,) = letters(note), letters(message)
    assert note.message_id not in outside.references
    assert inside.message_id == note.message_id
    assert (note.kind, note.visibility) == ("note", "internal")


def test_a_colleague_who_left_hears_of_no_note_even_mentioned_before(world: World) -> None:
    world.follow(world.ben, notes=True)
    leave(world, world.ben)
    post_note(user=world.user, record_id=world.lead.pk, body="Careful.")
    assert not Notification.objects.exists()


def test_a_mention_beats_what_somebody_does_not_follow(world: World) -> None:
    world.follow(world.ben, discussions=False)
    message = post_message(user=world.user, record_id=world.lead.pk, body="@Ben?", to=[], mentions=[world.ben.pk])
    assert told(message) == {"ben@acme.example": "mail"}
    assert "was mentioned" in words(message, "told")


def test_the_author_who_mentions_themselves_is_not_told(world: World) -> None:
    note = post_note(user=world.user, record_id=world.lead.pk, body="@me", mentions=[world.amara.pk])
    assert told(note) == {}
