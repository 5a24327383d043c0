"""Posting what came by mail: messages with their ids, people and files, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from postroom.conversations.models import Attachment, Follower, Message, MessageId, Participant, Thread
from postroom.core.addresses import Address
from postroom.core.message.understood import Understood
from postroom.infra import blobs
from postroom.infra.database.base import insert, insert_values, update_rows
from postroom.infra.models import File
from postroom.records.models import Record

LONGEST_ID = 255


@dataclass(frozen=True, slots=True)
class Post:
    """One mail for one thread. `author` is the contact of its From, if any; `ours` are recipients that are addresses of
    ours and so nobody's own.
    """

    thread: Thread
    understood: Understood
    author: int | None
    standing: str
    visibility: str
    received_at: datetime
    ours: frozenset[str] = frozenset()


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
    """Within a transaction: write these messages with their ids, participants and attachments; at most eight queries.

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
    _note_participants(posts)
    for one in posts:
        one.thread.last_message_at = one.received_at
    threads = {one.thread.pk: one.thread for one in posts}
    update_rows(Thread, [threads[key] for key in sorted(threads)], ["last_message_at"])
    return messages


def _message(one: Post) -> Message:
    mail, author = one.understood.mail, one.understood.mail.author
    return Message(
        thread=one.thread,
        company_id=one.thread.company_id,
        visibility=one.visibility,
        kind=Message.Kind.NOTE if one.visibility == Message.Visibility.INTERNAL else Message.Kind.EMAIL,
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


def _attach(posts: Sequence[Post], messages: Sequence[Message]) -> None:
    parts = [
        (message, position, part)
        for one, message in zip(posts, messages, strict=True)
        for position, part in enumerate(one.understood.mail.attachments)
    ]
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
        mail = one.understood.mail
        for address in (*mail.authors[:1], *mail.to, *mail.cc):
            email = address.email[:320]
            if email not in one.ours:
                rows.setdefault((one.thread.pk, email), address.name)
    insert_values(
        Participant,
        ("thread", "email", "name"),
        [(*key, rows[key]) for key in sorted(rows)],  # in one order, so that nobody waits in a circle
        skip_known=True,
    )
