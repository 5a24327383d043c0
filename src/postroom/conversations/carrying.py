"""What a message brings along from another one: the id that it answers, the words and files that it passes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from postroom.conversations.access import readable
from postroom.conversations.checks import CannotPost
from postroom.conversations.composing import Quote
from postroom.conversations.models import Attachment, Message
from postroom.conversations.suggestions import FORWARDED
from postroom.core.message.files import Aside
from postroom.core.sending.layout import plain_to_html
from postroom.directory.models import User
from postroom.records.models import Record

MOST_NAMED = 50  # recipients whom the head of a forwarded message names


def answered(user: User, record: Record, message_id: int, *, internal: bool) -> Message:
    """The message that is answered.

    Raises:
        CannotPost: it isn't in this conversation, was deleted, or is a note that a message would answer.

    """
    message = _of_record(user, record, message_id)
    if message.visibility == Message.Visibility.INTERNAL and not internal:
        raise CannotPost("A note is answered by a note: it stays among our own people.")
    return message


def quote(user: User, record: Record, message_id: int, files: Sequence[int]) -> Quote:
    """A message as it is passed on, with those of its files that were chosen and those that its body shows.

    Raises:
        CannotPost: it isn't in this conversation, or is a note.

    """
    message = _of_record(user, record, message_id)
    if message.visibility == Message.Visibility.INTERNAL:
        raise CannotPost("A note stays among our own people: it can't be forwarded.")
    attached = list(message.attachments.select_related("file").order_by("position"))
    if strange := set(files) - {one.pk for one in attached}:
        raise CannotPost(f"File {min(strange)} is not one of the forwarded message.")
    lines = list(head_of(message))
    html = message.html or plain_to_html(message.text)
    head = "<br>".join(escape(line) for line in lines)
    return Quote(
        html=f'<div class="pr-quote"><p>{head}</p>{html}</div>',
        text="\n".join([*lines, "", message.text or message.own_text]),
        files=tuple(one for one in attached if one.pk in files or is_shown(one, html)),
    )


def usually_carried(message: Message) -> list[int]:
    """The files that go along where nobody chooses: those that a list shows, and the file of an invitation."""
    listed = message.attachments.filter(aside__in=(Aside.LISTED, Aside.CALENDAR))
    return list(listed.order_by("position").values_list("pk", flat=True))


def is_shown(one: Attachment, html: str) -> bool:
    """Whether a body names this file as an image of its own."""
    return bool(one.content_id) and f"cid:{one.content_id}" in html


def head_of(message: Message) -> Iterator[str]:
    """Who wrote a message, when and to whom, as lines in the language of whoever passes it on."""
    yield _("---------- Forwarded message ----------")
    yield _("From: %(who)s") % {"who": _named(message.author_email, message.author_name)}
    at = timezone.localtime(message.sent_at or message.received_at)
    yield _("Date: %(date)s") % {"date": date_format(at, "DATETIME_FORMAT")}
    yield _("Subject: %(subject)s") % {"subject": message.subject}
    for words, people in ((_("To: %(people)s"), message.to), (_("Cc: %(people)s"), message.cc)):
        if people:
            yield words % {"people": ", ".join(_named(email, name) for email, name in people[:MOST_NAMED])}


def forward_subject(subject: str) -> str:
    """`Fwd: ` and the subject, which keeps the one that it has."""
    return subject if subject[: len(FORWARDED)].lower() == FORWARDED.lower() else f"{FORWARDED}{subject}"


def _named(email: str, name: str) -> str:
    return f"{name} <{email}>" if name else email


def _of_record(user: User, record: Record, message_id: int) -> Message:
    message = readable(user).filter(pk=message_id, thread__record=record, deleted_at=None).first()
    if message is None:
        raise CannotPost(f"There is no message {message_id} in this conversation.")
    return message
