"""Answers to a message, and messages that pass another one on."""

from __future__ import annotations

import pytest

from postroom.conversations.models import Attachment, Message
from postroom.conversations.services import CannotPost, Upload, post_message, post_note
from postroom.core.addresses import Address
from tests.apps.conversations.world import World, by_inbox, letters, make_world, told, words
from tests.support import factory

pytestmark = pytest.mark.django_db

NINA = Address("nina@supplier.example", "Nina")


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def _forward(world: World, message: Message, **fields: object) -> Message:
    given = {"to": [NINA], "body": "Can you do this?", **fields}
    return post_message(user=world.user, record_id=world.lead.pk, forwards=message.pk, **given)  # type: ignore[arg-type]


def test_a_forward_goes_to_the_chosen_alone(world: World) -> None:
    world.follow(world.ben, world.carla)
    by_inbox(world.ben)
    mail = world.comes()
    sent = _forward(world, mail)
    assert told(sent) == {NINA.email: "mail"}
    assert "Ben Okri <ben@acme.example> follows, and has what is forwarded already: not told." in words(sent, "spared")
    assert "Carla <carla@partner.example> follows, and has what is forwarded already" in words(sent, "spared")


def test_a_follower_who_is_chosen_gets_one_copy(world: World) -> None:
    world.follow(world.carla)
    sent = _forward(world, world.comes(), to=[Address("carla@partner.example")], cc=[NINA])
    assert told(sent) == {"carla@partner.example": "mail", NINA.email: "mail"}
    assert "follows, and has" not in words(sent)


def test_a_forward_carries_the_quoted_words_with_their_head(world: World) -> None:
    mail = world.comes()
    sent = _forward(world, mail)
    (letter,) = letters(sent)
    assert letter.subject.startswith("Fwd: ")
    for text in (letter.text, sent.text):
        assert (
            text.index("Can you do this?") < text.index("From: Mary <mary@customer.example>") < text.index("How much?")
        )
    assert '<div class="pr-quote"' in sent.html
    assert (sent.own_text, "How much?" in sent.quoted_text) == ("Can you do this?", True)


def test_a_forward_may_have_no_words_of_its_own(world: World) -> None:
    assert _forward(world, world.comes(), body="").own_text == ""


def test_chosen_files_go_along_and_images_of_the_body_do_by_themselves(world: World) -> None:
    mail = world.comes()
    Message.objects.filter(pk=mail.pk).update(html='<p>see <img src="cid:a@b"></p>')
    wanted, _left = factory.attachment(mail, "offer.pdf"), factory.attachment(mail, "secret.pdf")
    factory.attachment(mail, "photo.png", content_id="a@b", inline=True)
    sent = _forward(world, mail, files=[wanted.pk], uploads=[Upload("new.txt", "text/plain", b"x")])
    rows = Attachment.objects.filter(message=sent).order_by("position")
    assert list(rows.values_list("file__name", flat=True)) == ["new.txt", "offer.pdf", "photo.png"]
    assert rows[1].file_id == wanted.file_id, "the bytes are kept once"
    assert list(letters(sent)[0].files.order_by("position").values_list("content_id", flat=True)) == ["", "", "a@b"]


def test_carried_files_count_towards_the_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = world.comes()
    file = factory.attachment(mail, "big.bin", b"x" * 8)
    monkeypatch.setattr("postroom.conversations.checks.LARGEST_FILES", 10)
    with pytest.raises(CannotPost, match="too large"):
        _forward(world, mail, files=[file.pk], uploads=[Upload("a", "text/plain", b"xxx")])


def test_one_file_has_a_limit_of_its_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("postroom.conversations.checks.LARGEST_FILE", 2)
    with pytest.raises(CannotPost, match=r"a\.txt is too large"):
        post_note(user=world.user, record_id=world.lead.pk, body="x", uploads=[Upload("a.txt", "text/plain", b"xxx")])


def test_what_cannot_be_forwarded(world: World) -> None:
    mail, other = world.comes(), factory.record(world.acme.sales, "Other")
    note = post_note(user=world.user, record_id=world.lead.pk, body="Between us")
    strange = factory.attachment(factory.message(other), "theirs.pdf")
    for message, fields, why in (
        (note, {}, "can't be forwarded"),
        (factory.message(other), {}, "no message"),
        (mail, {"files": [strange.pk]}, "not one of the forwarded"),
        (mail, {"to": []}, "to whom"),
    ):
        with pytest.raises(CannotPost, match=why):
            _forward(world, message, **fields)
    assert not Message.objects.filter(user=world.user, visibility="public").exists()


def test_who_was_asked_aside_is_not_suggested_for_the_next_answer(world: World) -> None:
    _forward(world, world.comes())
    answer = post_message(user=world.user, record_id=world.lead.pk, body="Thank you, Mary.")
    assert told(answer) == {"mary@customer.example": "mail"}


def test_an_answer_names_what_it_answers_last(world: World) -> None:
    first, second = (world.comes(message_id=f"{name}@customer.example") for name in ("first", "second"))
    sent = post_message(user=world.user, record_id=world.lead.pk, body="To the first", answers=first.pk)
    (letter,) = letters(sent)
    assert letter.in_reply_to == first.message_id
    assert letter.references[-1] == first.message_id
    assert second.message_id in letter.references


def test_an_answer_to_a_note_stays_a_note_and_its_author_hears(world: World) -> None:
    assert world.ben.user
    note = post_note(user=world.ben.user, record_id=world.lead.pk, body="What now?")
    with pytest.raises(CannotPost, match="answered by a note"):
        post_message(user=world.user, record_id=world.lead.pk, body="x", answers=note.pk)
    answer = post_note(user=world.user, record_id=world.lead.pk, body="Wait.", answers=note.pk)
    assert list(told(answer)) == [world.ben.user.email]
    assert "wrote the note that this answers" in words(answer)
