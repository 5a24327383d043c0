"""A message's own mail and headers, for those who may have them: what came, what was sent, what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from postroom.conversations.copies import sent_copy
from postroom.conversations.models import Message
from postroom.core.encoded_words import decode_words, unfold
from postroom.core.message.parse import parse
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.inbound.selectors import arrival, reasons
from postroom.outbound.selectors import rendered

MOST_NAMED = 200  # recipients that a header names


def sent_bytes(user: User, message: Message) -> bytes | None:
    """A copy of what was sent, as bytes; None where there is none for `user`.

    Raises:
        BlobMissing: one of its files is gone.

    """
    copy = sent_copy(user, message)
    return rendered(copy) if copy else None


def headers_of(message: Message, sent: bytes | None) -> tuple[tuple[str, str], ...]:
    """The header fields of what was sent, else those that are kept of a message."""
    return tuple(_headers_of(sent) if sent else _stored(message))


def arrival_of(user: User, message: Message) -> int:
    """The arrival that the message came by, for those who may look at arrivals; else 0."""
    if not may(user, Permission.ARRIVALS_READ):
        return 0
    route = reasons(user, [message.pk]).get(message.pk)
    return route.arrival_id if route and arrival(user, route.arrival_id) else 0


def _headers_of(raw: bytes) -> Iterator[tuple[str, str]]:
    """Each header field in order, decoded."""
    head, _mark, _body = raw.partition(b"\r\n\r\n")
    for name, value in parse(head + b"\r\n\r\n").headers.fields:
        yield name, decode_words(unfold(value))


def _stored(message: Message) -> Iterator[tuple[str, str]]:
    """What we keep of the headers."""
    date = message.sent_at.strftime("%a, %d %b %Y %H:%M:%S %z") if message.sent_at else ""
    fields = (
        ("From", _named([[message.author_email, message.author_name]])),
        ("To", _named(message.to)),
        ("Cc", _named(message.cc)),
        ("Subject", message.subject),
        ("Date", date),
        ("Message-ID", f"<{message.message_id}>" if message.message_id else ""),
    )
    return (field for field in fields if field[1])


def _named(people: Sequence[Sequence[str]]) -> str:
    return ", ".join(f"{name} <{email}>" if name else email for email, name in people[:MOST_NAMED] if email)
