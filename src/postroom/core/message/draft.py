"""A mail to be written: the values that `render` turns into bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from postroom.core.addresses import Address


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file to attach; with a `content_id` (no angle brackets) it goes inline, beside the HTML that shows it."""

    name: str
    content_type: str
    data: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a mail says and to whom. `message_id`, `in_reply_to` and `references` are without angle brackets.

    `date` must have a time zone. `headers` are further unstructured fields in order, such as Auto-Submitted.
    """

    author: Address
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    subject: str = ""
    text: str = ""
    html: str = ""
    attachments: tuple[DraftFile, ...] = ()
    message_id: str = ""
    date: datetime | None = None
    reply_to: tuple[Address, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
