"""Changing and deleting one's own note, for as long as that is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from postroom.conversations import hearers
from postroom.conversations.access import may_write, readable
from postroom.conversations.checks import CannotPost, checked_body, checked_mentions
from postroom.conversations.models import Message, Notification, Telling, Thread
from postroom.conversations.notify import Posted, notify
from postroom.conversations.untelling import untell
from postroom.core.sending.layout import plain_to_html
from postroom.directory.models import User
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.parameters import note_minutes
from postroom.infra.search.index import mark

WORDS = ["html", "text", "own_text", "quoted_text"]


def may_change(user: User, message: Message) -> bool:
    """Whether `user` may edit or delete a message now: a note that they wrote here, not long ago."""
    own = message.user_id is not None and message.user_id == user.pk
    note = message.visibility == Message.Visibility.INTERNAL and message.kind == Message.Kind.NOTE
    return own and note and message.deleted_at is None and now() < until(message)


def until(message: Message) -> datetime:
    """Until when a note may be changed."""
    return message.received_at + timedelta(minutes=note_minutes())


def edit_note(*, user: User, message_id: int, body: str, mentions: Sequence[int] = ()) -> Message:
    """Give one's own note other words. Who is mentioned only now is told; nobody else is told again, and the mail that
    left keeps the first words.

    Raises:
        CannotPost: it isn't there for `user`, isn't their note, is too old or deleted, or the words cannot be.

    """
    with transaction.atomic():
        message = _own_note(user, message_id)
        text = checked_body(body, (), bare=message.attachments.exists())
        people = checked_mentions(message.company_id, mentions)
        if text == message.own_text:
            return message
        message.text, message.own_text, message.html = text, text, plain_to_html(text)
        message.edited_at = now()
        message.save(update_fields=[*WORDS, "edited_at"])
        _tell_the_newly_mentioned(message, people)
        _say(message, "edited", f"{user.name} changed the words of this note; mail that had left keeps the first ones.")
    return message


def delete_note(*, user: User, message_id: int) -> Message:
    """Take the words and files of one's own note away; its row stays and says who deleted it. It stands unread in no
    inbox any more, and copies that wait do not leave.

    Raises:
        CannotPost: it isn't there for `user`, isn't their note, is too old or deleted already.

    """
    with transaction.atomic():
        message = _own_note(user, message_id)
        message.text = message.own_text = message.html = message.quoted_text = ""
        message.deleted_at = now()
        message.save(update_fields=[*WORDS, "deleted_at"])
        message.attachments.all().delete()
        _say(message, "deleted", _deleted(user, untell(message)))
    return message


def _deleted(user: User, withdrawn: int) -> str:
    if not withdrawn:
        return f"{user.name} deleted this note; mail that had left can't be called back."
    copies = "a copy that had not left was" if withdrawn == 1 else f"{withdrawn} copies that had not left were"
    return f"{user.name} deleted this note; {copies} withdrawn."


def _own_note(user: User, message_id: int) -> Message:
    """Within a transaction: the note, locked.

    Raises:
        CannotPost: `user` may not change it.

    """
    message = readable(user).select_for_update(of=("self",)).filter(pk=message_id).first()
    if message is None or not may_write(user, message.company_id):
        raise CannotPost(f"There is no message {message_id}, or {user.name} may not write in its conversation.")
    if message.visibility != Message.Visibility.INTERNAL or message.kind != Message.Kind.NOTE:
        raise CannotPost("Only notes can be changed: a message has left already.")
    if message.user_id != user.pk:
        raise CannotPost("Only who wrote a note here can change it.")
    if message.deleted_at is not None:
        raise CannotPost("This note was deleted.")
    if now() >= until(message):
        raise CannotPost(f"A note can be changed for {note_minutes()} minutes; this one is older. Write another one.")
    return message


def _tell_the_newly_mentioned(message: Message, people: Sequence[int]) -> None:
    """Nobody hears twice: neither those who were told, nor the followers."""
    told = Notification.objects.filter(message=message).values_list("contact", "email")
    known = {contact for contact, _ in told}
    fresh = tuple(contact for contact in people if contact not in known)
    if not fresh:
        return
    thread = Thread.objects.select_related("record").get(pk=message.thread_id)
    following = hearers.followers([thread.pk]).get(thread.pk, [])
    spared = {email for _, email in told} | {email for one in following for email in one.emails}
    notify([Posted(message, thread, message.html, message.text, fresh, outside=False, told=frozenset(spared))])


def _say(message: Message, step: str, text: str) -> None:
    Telling.objects.create(message=message, steps=[{"step": step, "text": text}])
    mark({"message": [message.pk]})
    tell([(message.company_id, "thread", message.thread.record.ref)])
