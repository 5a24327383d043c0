"""Posting what came by mail: messages with their ids, people and files, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from postroom.conversations.models import Attachment, Follower, Message, MessageId, Participant, Thread
from postroom.core.addresses import Address
from postroom.core.message.mail import Attachment as Part
from postroom.core.message.understood import Understood
from postroom.core.sending.references import extend
from postroom.infra import blobs
from postroom.infra.database.base import insert, insert_values, update_rows
from postroom.infra.models import File
from postroom.infra.search.index import mark
from postroom.records.models import Record

LONGEST_ID = 255


@dataclass(frozen=True, slots=True)
class Post:
    """One mail for one thread. `author` is the contact of its From, if any; `ours` are recipients that are addresses of
    ours and so nobody's own. `is_doubted`: its people do not take part before a member believes it. `new_record` and
    `new_author` are false where these were there before: a search knows them.
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
    """Within a transaction: write these messages with their ids, participants and attachments; at most nine queries.

    Raises:
        OSError: an attachment could not be written.

    """
    messages = insert(_message(one) for one in posts)
    insert_values(
        MessageId,
        ("message", "company", "value"),
        [(m.pk, m.company_id, m.message_id[:LONGEST_ID]) for m in messages if m.message_id],
    )
    attach(
        [
            (message, one.understood.mail.attachments)
            for one, message in zip(posts, messages, strict=True)
            if one.understood.mail.attachments
        ]
    )
    _note_participants(posts)
    for one, message in zip(posts, messages, strict=True):
        one.thread.last_message_at = one.received_at
        refer_to(one.thread, message)
    threads = {one.thread.pk: one.thread for one in posts}
    update_rows(Thread, [threads[key] for key in sorted(threads)], ["last_message_at", "references"])
    stir([threads[key] for key in sorted(threads)])
    _mark(posts, messages)
    return messages


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
    doubted = message.standing in (Message.Standing.OUTSIDER, Message.Standing.CLAIMED_MEMBER)
    if message.visibility == Message.Visibility.PUBLIC and not doubted and carriable(message.message_id):
        thread.references = list(extend(thread.references, message.message_id))


def carriable(message_id: str) -> bool:
    """Whether a header of ours can carry an id that somebody else made: whole, visible ASCII, no brackets."""
    plain = message_id.isascii() and message_id.isprintable() and len(message_id) <= LONGEST_ID
    return plain and bool(message_id) and not any(character in message_id for character in " <>")


def _message(one: Post) -> Message:
    mail, author = one.understood.mail, one.understood.mail.author
    return Message(
        thread=one.thread,
        company_id=one.thread.company_id,
        visibility=one.visibility,
        kind=Message.Kind.NOTE if one.standing == Message.Standing.REPLY_LINK else Message.Kind.EMAIL,
        standing=one.standing,
        automatic=one.understood.triage.automatic,
        author_id=one.author,
        author_name=author.name if author else "",
        author_email=author.email[:320] if author else "",
        subject=mail.subject,
        html=one.understood.html,
        text=mail.text,
        own_text=one.understood.split.own,
        quoted_text=one.understood.split.quoted,
        to=_people(mail.to),
        cc=_people(mail.cc),
        defects=list(mail.defects),
        message_id=mail.message_id,
        sent_at=mail.date,
        received_at=one.received_at,
    )


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
                position=position,
            )
            for (message, position, part), file in zip(parts, files, strict=True)
        ]
    )


def _note_participants(posts: Sequence[Post]) -> None:
    rows: dict[tuple[int, str], str] = {}
    for one in posts:
        if one.is_doubted:
            continue
        mail = one.understood.mail
        for address in (*mail.authors[:1], *mail.to, *mail.cc):
            email = address.email[:320]
            if email not in one.ours:
                rows.setdefault((one.thread.pk, email), address.name)
    note_participants(rows)


def note_participants(names: Mapping[tuple[int, str], str]) -> None:
    """Within a transaction: these (thread, address) pairs take part, under these names."""
    insert_values(
        Participant,
        ("thread", "email", "name"),
        [(*key, names[key]) for key in sorted(names)],  # in one order, so that nobody waits in a circle
        skip_known=True,
    )
