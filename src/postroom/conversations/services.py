"""The verbs of conversations: post, note, accept what is unverified, follow, keep track of one's own reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from postroom.conversations import hearers
from postroom.conversations.access import may_write, readable
from postroom.conversations.audience import following_of
from postroom.conversations.carrying import answered, forward_subject, quote
from postroom.conversations.checks import (
    CannotPost,
    checked_body,
    checked_mentions,
    checked_people,
    checked_uploads,
    one_line,
    writable,
)
from postroom.conversations.composing import Composed, Upload, compose, own_contact
from postroom.conversations.drafts import forget_draft, resumed_draft
from postroom.conversations.inbox_services import mark_read, mark_unread
from postroom.conversations.leaving import Departure, departure, note_leaving
from postroom.conversations.limits import forget_counts
from postroom.conversations.models import DOUBTED, Follower, Message, Notification, Participant, Telling, Thread
from postroom.conversations.notes import delete_note, edit_note
from postroom.conversations.notify import Posted, notify
from postroom.conversations.people import MOST_NAMED, Came, Key, note_people
from postroom.conversations.posting import open_threads, refer_to
from postroom.conversations.suggestions import of_ours, suggested
from postroom.conversations.ways import ways_back
from postroom.core.addresses import Address
from postroom.directory.contacts import find_or_make
from postroom.directory.models import User
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import insert_values
from postroom.infra.search.index import mark
from postroom.records.models import Record

__all__ = [
    "CannotPost", "Upload", "accept_message", "delete_note", "edit_note", "follow", "mark_read", "mark_unread",
    "post_message", "post_note", "unfollow",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _People:
    """Whom a composed message names outside, and whom of us it mentions (contacts)."""

    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    mentions: tuple[int, ...] = ()


def post_message(
    *,
    user: User,
    record_id: int,
    body: str,
    subject: str = "",
    to: Sequence[Address] | None = None,
    cc: Sequence[Address] = (),
    uploads: Sequence[Upload] = (),
    mentions: Sequence[int] = (),
    answers: int = 0,
    forwards: int = 0,
    files: Sequence[int] = (),
    later: datetime | None = None,
    undo_seconds: float | None = None,
    draft: int = 0,
    kept: Sequence[int] = (),
) -> Message:
    """Write in the conversation of a record, to the people outside (`to` None: those that `audience` suggests) and to
    its followers. `body` is plain text, `mentions` are contacts of our own people. The author follows from now on.

    `answers` is the message that is answered. `forwards` is one that is passed on, with those of its `files` (ids of
    attachments): it goes to those in To and Cc alone, since the followers have it. It leaves after the time to undo it
    (`undo_seconds`; None: as `user` set it), or at the time `later`. `draft` is one of `user` that it was made of, with
    those of its files that are `kept`.

    Raises:
        CannotPost: the record is not there for `user`, or something of the message cannot be; nothing was written.
        OSError: a file could not be written.

    """
    record = writable(user, record_id)
    quoted = quote(user, record, forwards, files) if forwards else None
    after = answered(user, record, answers, internal=False) if answers else None
    resumed = resumed_draft(user, record, draft, kept)
    text = checked_body(body, uploads, bare=quoted is not None or bool(resumed.files))
    new_files = checked_uploads(uploads, (quoted.size if quoted else 0) + resumed.size)
    going = departure(user, later, undo_seconds)
    people = _People(*_outside(user, record, to, cc, forwards), checked_mentions(record.company_id, mentions))
    title = one_line(subject) or (forward_subject if forwards else reply_subject)(record.title)
    with transaction.atomic():
        thread = _met(record, people)
        written = Composed(
            thread, user, title, text, _host(record), to=people.to, cc=people.cc, uploads=new_files, quote=quoted,
            kept=resumed.files, referred=going is None or not going.scheduled,
        )  # fmt: skip
        message = _post(written, people, after, going)
        if going:
            note_leaving(message, going, answers, forwards, files, people.mentions, len(uploads) + len(resumed.files))
        forget_draft(resumed)
        _keep_following(thread, message)
        forget_counts([thread.pk])
    return message


def _outside(
    user: User, record: Record, to: Sequence[Address] | None, cc: Sequence[Address], forwards: int
) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """To and Cc as they were chosen; where To was not, those that are suggested, with the Cc."""
    if forwards and not (to or cc):
        raise CannotPost("Say to whom it is to be forwarded.")
    if to is None:
        proposed = suggested(record, following_of(record), user.pk)
        to = [one.address for one in proposed if one.field == "to"]
        cc = [*cc, *(one.address for one in proposed if one.field == "cc")]
    return checked_people(to, cc)


def _met(record: Record, people: _People) -> Thread:
    """Within a transaction: the conversation, locked, and a contact for each person outside."""
    thread = _locked_thread(record)
    met = find_or_make({(record.company_id, one.email): one.name for one in (*people.to, *people.cc)})
    mark({"contact": met.values()})
    return thread


def post_note(
    *,
    user: User,
    record_id: int,
    body: str,
    uploads: Sequence[Upload] = (),
    mentions: Sequence[int] = (),
    answers: int = 0,
) -> Message:
    """Write an internal note: only our own people hear of it, those who follow notes, those mentioned, and who wrote
    the note that it `answers`.

    Raises:
        CannotPost: the record is not there for `user`, or something of the note cannot be; nothing was written.
        OSError: a file could not be written.

    """
    record = writable(user, record_id)
    text, files = checked_body(body, uploads), checked_uploads(uploads)
    people = _People(mentions=checked_mentions(record.company_id, mentions))
    after = answered(user, record, answers, internal=True) if answers else None
    with transaction.atomic():
        thread = _locked_thread(record)
        return _post(
            Composed(thread, user, reply_subject(record.title), text, _host(record), internal=True, uploads=files),
            people,
            after,
        )


def reply_subject(title: str) -> str:
    """`Re: ` and the title, which keeps the one that it has."""
    return title if title[:3].lower() == "re:" else f"Re: {title}"


def _post(one: Composed, people: _People, after: Message | None = None, going: Departure | None = None) -> Message:
    message = compose(one)
    notify(
        [
            Posted(
                message,
                one.thread,
                message.html,
                message.text,
                people.mentions,
                people.to,
                people.cc,
                outside=not one.internal,
                answers=after.pk if after else 0,
                after=after.message_id if after else "",
                passed_on=one.quote is not None,
                wait=going.wait if going else None,
                in_time=going is not None and going.scheduled,
            )
        ]
    )
    tell([(message.company_id, "thread", one.thread.record.ref)])
    return message


def _locked_thread(record: Record) -> Thread:
    """Within a transaction: the record's thread, its row locked; opened where there is none."""
    found = Thread.objects.select_for_update().filter(record=record).first()
    thread = found or open_threads([record], [[]], now())[0]
    thread.record = record
    return thread


def _host(record: Record) -> str:
    return ways_back([record])[record.pk].host


def _keep_following(thread: Thread, message: Message) -> None:
    """Who writes hears of the answers."""
    row = (thread.pk, message.author_id, True, False)
    insert_values(Follower, ("thread", "contact", "discussions", "notes"), [row], skip_known=True)


def accept_message(*, user: User, message_id: int) -> Message:
    """Believe an outsider's or a claimed member's message: it is sent on to those who would have heard of it.

    Raises:
        CannotPost: the message is not there for `user`, or there is nothing to accept.

    """
    with transaction.atomic():
        message, thread = _doubted(user, message_id)
        proposed = suggested(thread.record, following_of(thread.record)) if _is_public(message) else ()
        was_outsider = message.standing == Message.Standing.OUTSIDER
        message.standing = Message.Standing.PARTICIPANT if was_outsider else Message.Standing.MEMBER
        if message.author_id is None and message.author_email:
            key = (message.company_id, message.author_email)
            message.author_id = find_or_make({key: message.author_name})[key]
            mark({"contact": [message.author_id]})
        accepted = [{"step": "accepted", "text": f"{user.name} accepted this message."}]
        Telling.objects.create(message=message, steps=accepted)
        note_people(_met_of(message))
        refer_to(thread, message)
        thread.save(update_fields=["references"])
        message.save(update_fields=["standing", "author"])
        notify([_sent_on(message, thread, [one.address for one in proposed])])
        tell([(message.company_id, "thread", thread.record.ref)])
    return message


def _met_of(message: Message) -> dict[Key, Came]:
    """Who takes part from now on: whoever wrote it and whom it names, but for addresses of ours."""
    way = Participant.Way
    addressed = [(email, Came(name, way.TO)) for email, name in message.to]
    addressed += [(email, Came(name, way.CC)) for email, name in message.cc]
    author = (message.author_email, Came(message.author_name, way.WROTE, message.level))
    named = [author, *addressed[:MOST_NAMED]]
    own = of_ours([email for email, _ in named])
    return {(message.thread_id, email): came for email, came in reversed(named) if email and email not in own}


def _is_public(message: Message) -> bool:
    return message.visibility == Message.Visibility.PUBLIC


def _sent_on(message: Message, thread: Thread, people: Sequence[Address]) -> Posted:
    """To the people outside and to our own who have not heard of it yet."""
    told = frozenset(Notification.objects.filter(message=message).values_list("email", flat=True))
    has_it = {message.author_email, *(email for email, _ in (*message.to, *message.cc))}
    return Posted(
        message,
        thread,
        message.html,
        message.text,
        to=tuple(one for one in people if one.email not in has_it),
        already=frozenset(has_it),
        outside=_is_public(message),
        told=told,
    )


def _doubted(user: User, message_id: int) -> tuple[Message, Thread]:
    message = readable(user).filter(pk=message_id).first()
    if message is None or not may_write(user, message.company_id):
        raise CannotPost(f"There is no message {message_id}, or {user.name} may not write in its conversation.")
    thread = Thread.objects.select_for_update(of=("self",)).select_related("record").get(pk=message.thread_id)
    message.refresh_from_db(fields=["standing"])  # another may have accepted it until we had the thread
    if message.standing not in DOUBTED:
        raise CannotPost("Nobody doubts this message: there is nothing to accept.")
    return message, thread


def follow(
    *, user: User, record_id: int, contact_id: int | None = None, discussions: bool = True, notes: bool = False
) -> Follower:
    """Let a contact hear of a conversation (None: `user` themselves), or change what they hear of.

    Raises:
        CannotPost: the record or the contact is not there, or somebody outside was to hear of notes.

    """
    record = writable(user, record_id)
    with transaction.atomic():
        thread = _locked_thread(record)
        contact = contact_id or own_contact(user, record.company_id)
        known = hearers.contacts([contact]).get(contact)
        if known is None or known.company != record.company_id:
            raise CannotPost(f"There is no contact {contact}.")
        if notes and not known.user:
            raise CannotPost(f"{known.name} is not one of us and can't hear of notes.")
        wanted = {"discussions": discussions, "notes": notes}
        follower, _ = Follower.objects.update_or_create(thread=thread, contact_id=contact, defaults=wanted)
        tell([(record.company_id, "followers", record.ref)])
    return follower


def unfollow(*, user: User, record_id: int, contact_id: int | None = None) -> bool:
    """Let a contact (None: `user` themselves) hear of a conversation no more; whether they did before.

    Raises:
        CannotPost: the record is not there for `user`.

    """
    record = writable(user, record_id)
    of_record = Follower.objects.filter(thread__record=record)
    found = of_record.filter(contact=contact_id) if contact_id else of_record.filter(contact__user=user)
    with transaction.atomic():
        gone = bool(found.delete()[0])
        if gone:
            tell([(record.company_id, "followers", record.ref)])
    return gone
