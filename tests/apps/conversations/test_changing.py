"""Editing and deleting one's own note: within limits; what has not reached anybody does not any more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.conversations import inbox, inbox_services, notes
from postroom.conversations.models import InboxEntry, Message, Notification
from postroom.conversations.services import CannotPost, Upload, delete_note, edit_note, post_message, post_note
from postroom.conversations.untelling import BECAUSE
from postroom.directory.models import User
from postroom.infra import parameters
from postroom.infra.clock import now
from postroom.infra.models import Change, Parameter
from postroom.outbound.models import Delivery
from postroom.outbound.services import send_due
from tests.apps.conversations.world import World, letters, make_world, told, words
from tests.support import factory
from tests.support.sending import sent_to
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    parameters.forget()
    return make_world()


def _note(world: World, **fields: object) -> Message:
    given = {"body": "Old words", **fields}
    return post_note(user=world.user, record_id=world.lead.pk, **given)  # type: ignore[arg-type]


def test_the_words_change_and_the_mail_that_left_keeps_its_own(world: World) -> None:
    world.follow(world.ben, notes=True)
    note = _note(world)
    (letter,) = letters(note)
    Change.objects.all().delete()
    changed = edit_note(user=world.user, message_id=note.pk, body="New <words>")
    assert (changed.own_text, changed.text, changed.html) == ("New <words>", "New <words>", "<p>New &lt;words&gt;</p>")
    assert changed.edited_at is not None
    assert told(note) == {"ben@acme.example": "mail"}, "nobody is told twice, nobody is untold"
    letter.refresh_from_db()
    assert "Old words" in letter.text
    assert "mail that had left keeps the first ones" in words(note, "edited")
    assert Change.objects.filter(topic="thread", ref=world.lead.ref).exists()


def test_who_is_mentioned_only_now_hears_and_the_followers_do_not_again(world: World) -> None:
    note = _note(world)
    world.follow(world.amara, notes=True)
    edit_note(user=world.user, message_id=note.pk, body="@Ben Okri look", mentions=[world.ben.pk])
    edit_note(user=world.user, message_id=note.pk, body="@Ben Okri look here", mentions=[world.ben.pk])
    (row,) = Notification.objects.filter(message=note)
    assert (row.email, row.mention) == ("ben@acme.example", True)


def test_the_same_words_change_nothing(world: World) -> None:
    assert edit_note(user=world.user, message_id=_note(world).pk, body="Old words\r\n").edited_at is None


def test_a_deleted_note_keeps_its_row_and_nothing_of_its_words(world: World) -> None:
    world.follow(world.ben, notes=True)
    note = _note(world, uploads=[Upload("a.txt", "text/plain", b"x")])
    gone = delete_note(user=world.user, message_id=note.pk)
    gone.refresh_from_db()
    assert (gone.text, gone.own_text, gone.html, gone.attachments.count()) == ("", "", "", 0)
    assert gone.deleted_at is not None
    assert told(note) == {"ben@acme.example": "mail"}
    assert letters(note)[0].files.count() == 1, "what was told stays told"
    for act in (delete_note, lambda **given: edit_note(body="x", **given)):
        with pytest.raises(CannotPost, match="was deleted"):
            act(user=world.user, message_id=note.pk)


def test_only_ones_own_note_and_only_for_a_while(world: World) -> None:
    assert world.ben.user
    note = _note(world)
    stranger = factory.user("zoe", {factory.company("Other"): "administrator"})
    sent = post_message(user=world.user, record_id=world.lead.pk, body="Hello")
    for user, message, why in (
        (world.ben.user, note, "Only who wrote"),
        (stranger, note, "no message"),
        (world.user, sent, "Only notes"),
        (world.user, world.comes(), "Only notes"),
    ):
        assert not notes.may_change(user, message)
        for act in (delete_note, lambda **given: edit_note(body="x", **given)):
            with pytest.raises(CannotPost, match=why):
                act(user=user, message_id=message.pk)
    assert notes.may_change(world.user, note)
    note.received_at = now() - timedelta(minutes=30)
    note.save()
    assert not notes.may_change(world.user, note)
    with pytest.raises(CannotPost, match="for 30 minutes"):
        edit_note(user=world.user, message_id=note.pk, body="x")


def test_what_waits_of_a_deleted_note_never_leaves(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.follow(world.ben, notes=True)
    with SmtpServer() as server, sent_to(server, monkeypatch):
        note, other = _note(world), _note(world, body="Stays")
        delete_note(user=world.user, message_id=note.pk)
        assert send_due() == 1, "only the other note leaves"
        assert [b"Stays" in mail.data for mail in server.mails] == [True]
        delete_note(user=world.user, message_id=other.pk)
    gone, left = Delivery.objects.order_by("pk")
    assert (gone.state, gone.words, gone.due) == ("cancelled", BECAUSE, None)
    assert (left.state, "Withdrawn" in left.words) == ("accepted", False)
    assert "a copy that had not left was withdrawn" in words(note, "deleted")
    assert "can't be called back" in words(other, "deleted")


def test_a_deleted_note_waits_in_no_inbox(world: World) -> None:
    assert world.ben.user
    User.objects.filter(pk=world.ben.user.pk).update(notify_by=User.NotifyBy.INBOX)
    ben = User.objects.get(pk=world.ben.user.pk)
    first = _note(world, body="@Ben Okri look", mentions=[world.ben.pk])
    second = _note(world, body="@Ben Okri look again", mentions=[world.ben.pk])
    Change.objects.all().delete()

    def entry() -> tuple[int, bool]:
        (row,) = InboxEntry.objects.filter(user=ben).values_list("unread", "mentioned")
        return row

    assert entry() == (2, True)
    delete_note(user=world.user, message_id=first.pk)
    assert entry() == (1, True), "the second one still names him"
    assert Change.objects.filter(topic="inbox", ref=str(ben.pk)).exists()
    inbox_services.mark_read(user=ben, record_id=world.lead.pk)
    delete_note(user=world.user, message_id=second.pk)
    assert entry() == (0, False), "what was read already is not counted twice"
    assert inbox.unread_count(ben) == 0


@pytest.mark.parametrize(("minutes", "may"), [("0", False), ("45", True), ("soon", True)])
def test_how_long_is_a_parameter(world: World, minutes: str, may: bool) -> None:
    Parameter.objects.create(key="conversation.note.change.minutes", value=minutes)
    parameters.forget()
    note = _note(world)
    Message.objects.filter(pk=note.pk).update(received_at=now() - timedelta(minutes=29))
    note.refresh_from_db()
    assert notes.may_change(world.user, note) is may
    parameters.forget()


def test_an_empty_note_needs_a_file(world: World) -> None:
    with pytest.raises(CannotPost, match="nothing to send"):
        edit_note(user=world.user, message_id=_note(world).pk, body=" ")
    with_file = _note(world, uploads=[Upload("a.txt", "text/plain", b"x")])
    assert edit_note(user=world.user, message_id=with_file.pk, body="").own_text == ""
