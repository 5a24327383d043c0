"""Bytes to Mail: never raises, always bounded, names what was wrong.

Header values are decoded here and nowhere else; the parts come from `parts`, bodies and files from `bodies`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from postroom.core.addresses import Address, local_mailboxes, parse_addresses
from postroom.core.encoded_words import without_controls
from postroom.core.headers import Headers
from postroom.core.message.bodies import Content, collect
from postroom.core.message.dates import parse_date
from postroom.core.message.mail import Mail
from postroom.core.message.parts import Walk, take_apart
from postroom.core.message_ids import ids_in

SLICE = 64 * 1024  # characters that are hashed at a time


def parse(raw: bytes) -> Mail:
    """One mail from its bytes; any bytes give a value."""
    walk = Walk(raw)
    root, leaves = take_apart(walk)
    headers = root.headers
    content = collect(walk, leaves)
    authors = _authors(walk, headers)
    return Mail(
        headers=headers,
        message_id=_message_id(walk, headers),
        date=_date(walk, headers),
        subject=headers.first("subject"),
        authors=authors,
        local_authors=() if authors else _local_authors(headers),
        sender=next(iter(_addresses(headers, "sender")), None),
        reply_to=_addresses(headers, "reply-to"),
        to=_addresses(headers, "to"),
        cc=_addresses(headers, "cc"),
        in_reply_to=_ids(headers, "in-reply-to"),
        references=_ids(headers, "references"),
        text=content.text,
        html=content.html,
        plain_part=content.plain_part,
        attachments=content.attachments,
        content_type=root.content_type,
        report_type=without_controls(root.parameters.get("report-type", "").lower()),
        defects=tuple(walk.defects),
        size=len(raw),
        content_key=content_key(headers, content),
    )


def _addresses(headers: Headers, name: str) -> tuple[Address, ...]:
    values = [parse_addresses(value) for value in headers.unfolded(name)]
    return values[0] if len(values) == 1 else tuple(address for value in values for address in value)


def _authors(walk: Walk, headers: Headers) -> tuple[Address, ...]:
    """The addresses of all From fields; a mail should have one field and mostly has one address (RFC 5322 §3.6.2)."""
    fields = len(headers.raw("from"))
    authors = _addresses(headers, "from")
    if not fields:
        walk.defect("No From header")
    elif not authors:
        walk.defect("No address in the From header")
    if fields > 1:
        walk.defect(f"{fields} From headers")
    if len({author.email for author in authors}) > 1:
        walk.defect(f"{len(authors)} addresses in From")
    return authors


def _local_authors(headers: Headers) -> tuple[Address, ...]:
    return tuple(address for value in headers.unfolded("from") for address in local_mailboxes(value))


def _message_id(walk: Walk, headers: Headers) -> str:
    values = list(headers.unfolded("message-id"))
    found = ids_in(values[0]) if values else ()
    if not found:
        walk.defect("The Message-ID is empty" if values else "No Message-ID header")
        return ""
    if len(values) > 1:
        walk.defect(f"{len(values)} Message-ID headers, the first counts")
    return found[0]


def _date(walk: Walk, headers: Headers) -> datetime | None:
    value = headers.first("date")
    date = parse_date(value)
    if date is None:
        walk.defect("The Date is unreadable" if value else "No Date header")
    return date


def _ids(headers: Headers, name: str) -> tuple[str, ...]:
    values = list(headers.unfolded(name))
    return ids_in(" ".join(values)) if values else ()


def content_key(headers: Headers, content: Content) -> str:
    """SHA-256 in hex of what the mail says and who says it when: equal for copies that came by different ways.

    Trace fields do not count. Where both Date and Message-ID are missing, two mails may be equal by chance: the caller
    adds the source's own key.
    """
    digest = hashlib.sha256()
    fields = ["\n".join(headers.unfolded(name)) for name in ("from", "date", "subject", "message-id")]
    texts = (*fields, content.text.rstrip(), content.html.rstrip())
    if sum(map(len, texts)) <= SLICE:
        _feed_all(digest, texts)
    else:
        for text in texts:
            _feed(digest, text)
    for file in content.attachments:
        _feed(digest, file.name)
        digest.update(b"%d:" % len(file.data))
        digest.update(file.data)
    return digest.hexdigest()


def _feed_all(digest: hashlib._Hash, texts: Iterable[str]) -> None:
    """Length and text of each: one call costs less than many."""
    digest.update("".join([f"{len(text)}:{text}" for text in texts]).encode("utf-8", "replace"))


def _feed(digest: hashlib._Hash, text: str) -> None:
    """Length and text, in slices, so that a large body is not held once more."""
    digest.update(b"%d:" % len(text))
    for start in range(0, len(text), SLICE):
        digest.update(text[start : start + SLICE].encode("utf-8", "replace"))
