"""Posting what came by mail: messages with their ids, people and files, many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from postroom.conversations.invitations import written
from postroom.conversations.logos import without_logos
from postroom.conversations.models import DOUBTED, Attachment, Follower, Message, MessageId, Participant, Thread
from postroom.conversations.people import MOST_NAMED, Came, Key, note_people
from postroom.core.addresses import Address
from postroom.core.message.mail import Attachment as Part
from postroom.core.message.mail import Mail
from postroom.core.message.understood import Understood
from postroom.core.sending.references import extend
from postroom.infra import blobs
from postroom.infra.database.base import insert, insert_values, update_rows
from postroom.infra.models import File
from postroom.infra.search.index import mark
from postroom.records.models import Record

LONGEST_ID = 255
LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class Post:
    """One mail for one thread. `author` is the contact of its From, if any; `ours` are addresses of ours that it
    names, which are nobody's own. `is_doubted`: its people do not take part before a member believes it. `new_record`
    and `new_author` are false where these were there before: a search knows them. `level` and `verdict` say how far its
    From is believed and why, `marks` what of it misleads.
    """

    thread: Thread
    understood: Understood
    author: int | None
    standing: str
    visibility: str
    received_at: datetime
    ours: frozenset[str] = frozenset()
    is_doubted: bool = False
    new_record: bool = True
    new_author: bool = True
    level: str = ""
    verdict: str = ""
    marks: tuple[str, ...] = ()


def open_threads(records: Sequence[Record], followers: Sequence[Sequence[int]], at: datetime) -> list[Thread]:
    """Within a transaction: a thread for each record, followed by these contacts."""
    threads = insert(Thread(record=record, company_id=record.company_id, last_message_at=at) for record in records)
    insert_values(
        Follower,
        ("thread", "contact", "discussions", "notes"),
        [(t.pk, contact, True, False) for t, contacts in zip(threads, followers, strict=True) for contact in contacts],
    )
    return threads


def post(posts: Sequence[Post]) -> list[Message]:
    """Within a transaction: write these messages with their ids, participants and attachments; at most fourteen
    queries.

    Raises:
        OSError: an attachment could not be written.

    """
    messages = insert(_message(one) for one in posts)
    insert_values(
        MessageId,
        ("message", "company", "value"),
        [(m.pk, m.company_id, m.message_id[:LONGEST_ID]) for m in messages if m.message_id],
    )
    _attach(posts, messages)
    _note_people(posts)
    for one, message in zip(posts, messages, strict=True):
        one.thread.last_message_at = one.received_at
        refer_to(one.thread, message)
    threads = {one.thread.pk: one.thread for one in posts}
    update_rows(Thread, [threads[key] for key in sorted(threads)], ["last_message_at", "references"])
    stir([threads[key] for key in sorted(threads)])
    _mark(posts, messages)
    return messages


def _attach(posts: Sequence[Post], messages: Sequence[Message]) -> None:
    having = [(m, one.understood.files) for one, m in zip(posts, messages, strict=True) if one.understood.files]
    attach(without_logos(having) if having else having)


def _mark(posts: Sequence[Post], messages: Sequence[Message]) -> None:
    """Let the messages be found, and what is new with them: their records and authors."""
    authors = [one.author for one in posts if one.author and one.new_author]
    records = [one.thread.record_id for one in posts if one.new_record]
    mark({"message": [message.pk for message in messages], "record": records, "contact": authors})


def stir(threads: Sequence[Thread]) -> None:
    """Within a transaction: the records of these conversations were last active when their threads were; those that
    were made by the message itself are so already.
    """
    of = {thread.record_id: thread.last_message_at for thread in threads}
    update_rows(Record, [Record(pk=pk, active_at=of[pk]) for pk in sorted(of)], ["active_at"])


def refer_to(thread: Thread, message: Message) -> None:
    """Let further mails of the thread name this message, where it is public and nobody doubts its place in it; the
    caller writes the row.
    """
    believed = message.visibility == Message.Visibility.PUBLIC and message.standing not in DOUBTED
    if believed and carriable(message.message_id):
        thread.references = list(extend(thread.references, message.message_id))


def carriable(message_id: str) -> bool:
    """Whether a header of ours can carry an id that somebody else made: whole, visible ASCII, no brackets."""
    plain = message_id.isascii() and message_id.isprintable() and len(message_id) <= LONGEST_ID
    return plain and bool(message_id) and not any(character in message_id for character in " <>")


def _is_note(one: Post) -> bool:
    """Whether it is a note that one of us wrote, by mail."""
    return one.visibility == Message.Visibility.INTERNAL and one.standing == Message.Standing.MEMBER


def _message(one: Post) -> Message:
    mail, author = one.understood.mail, one.understood.mail.author
    return Message(
        thread=one.thread,
        company_id=one.thread.company_id,
        visibility=one.visibility,
        kind=Message.Kind.NOTE if _is_note(one) else Message.Kind.EMAIL,
        standing=one.standing,
        automatic=one.understood.triage.automatic,
        author_id=one.author,
        author_name=author.name if author else _unaddressed(mail),
        author_email=author.email[:320] if author else "",
        subject=mail.subject,
        html=one.understood.html,
        text=mail.text,
        own_text=one.understood.split.own,
        quoted_text=one.understood.split.quoted,
        to=_people(mail.to),
        cc=_people(mail.cc),
        defects=list(mail.defects),
        level=one.level,
        verdict=one.verdict,
        marks=list(one.marks),
        invitation=written(one.understood.invitation),
        message_id=mail.message_id,
        sent_at=mail.date,
        received_at=one.received_at,
    )


def _unaddressed(mail: Mail) -> str:
    """Whom a From names that has no address: a program on the server that sent it, mostly. The word that stands in its
    place is shown too, so that a name alone can't pose as somebody; a name that looks like an address is not shown.
    """
    author = next(iter(mail.local_authors), Address(""))
    return f"{author.name} <{author.email}>" if author.name and "@" not in author.name else author.email


def _people(addresses: Sequence[Address]) -> list[list[str]]:
    return [[address.email, address.name] for address in addresses]


def attach(wanted: Sequence[tuple[Message, Sequence[Part]]]) -> None:
    """Within a transaction: keep these files of messages.

    Raises:
        OSError: a file could not be written.

    """
    parts = [(message, position, part) for message, some in wanted for position, part in enumerate(some)]
    if not parts:
        return
    digests = blobs.put([part.data for _, _, part in parts])
    files = insert(
        [
            File(
                company_id=message.company_id,
                blob_id=digest,
                name=part.name,
                content_type=part.content_type,
                size=len(part.data),
                created_at=message.received_at,
            )
            for (message, _, part), digest in zip(parts, digests, strict=True)
        ]
    )
    insert(
        [
            Attachment(
                message=message,
                file=file,
                content_id=part.content_id,
                inline=part.inline,
                untouched=part.untouched,
                risk=part.risk,
                aside=part.aside,
                position=position,
            )
            for (message, position, part), file in zip(parts, files, strict=True)
        ]
    )


def _note_people(posts: Sequence[Post]) -> None:
    """Let take part who wrote and whom the mails name; who is named first came in that way."""
    came: dict[Key, Came] = {}
    for one in posts:
        if not one.is_doubted:
            for address, how in _named(one):
                came.setdefault((one.thread.pk, address), how)
    note_people(came, {one.thread.pk for one in posts if one.new_record})


def _named(one: Post) -> Iterator[tuple[str, Came]]:
    mail = one.understood.mail
    wrote = [(who, Participant.Way.WROTE, one.level) for who in mail.authors[:1]]
    named = [(who, Participant.Way.TO, "") for who in mail.to] + [(who, Participant.Way.CC, "") for who in mail.cc]
    for who, way, level in wrote + named[:MOST_NAMED]:
        if (email := who.email[:LONGEST_ADDRESS]) not in one.ours:
            yield email, Came(who.name, way, level)
