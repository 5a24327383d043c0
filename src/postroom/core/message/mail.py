"""A mail, read: the frozen values that parsing yields and every later step works on."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from postroom.core.addresses import Address
from postroom.core.frozen import frozen
from postroom.core.headers import Headers


@frozen
class Attachment:
    """A part that is not a body: a file, an inline image, an attached mail, or a part that was not taken apart.

    `name` is safe to show and to save under: no path, no control or direction characters, never empty.
    `content_id` is without angle brackets, or empty. `inline` means that the mail shows the part within its body.
    `untouched` means that limits kept it from being taken apart: `data` then holds its source. `named` is false where
    the mail gave the part no name and `name` was made up. `misleading` says that the name had characters which make it
    look like another one. `risk` and `aside` are known once files were opened (`files`): what it may do to whoever
    opens it, and why it does not stand in the list of files.
    """

    name: str
    content_type: str
    data: bytes
    content_id: str = ""
    inline: bool = False
    untouched: bool = False
    named: bool = True
    misleading: bool = False
    risk: str = ""
    aside: str = ""


@frozen
class Mail:
    """One mail as its bytes say, decoded; nothing is believed and nothing is cut.

    `message_id`, `in_reply_to` and `references` are without angle brackets; `message_id` is empty where the mail has
    none. `date` is UTC, or None where absent or unreadable. `text` and `html` are the bodies as sent, several parts of
    the same kind one after the other; `html` is hostile until sanitised. `plain_part` is the first text/plain body
    alone, for those who compare parsers; readers want `text`. `defects` names in words what
    was wrong with the bytes and how it was read all the same.
    `local_authors` are the mailboxes of a From that has no address at all, without a domain: shown, never believed.
    `size` is in bytes.
    """

    headers: Headers
    message_id: str = ""
    date: datetime | None = None
    subject: str = ""
    authors: tuple[Address, ...] = ()
    local_authors: tuple[Address, ...] = ()
    sender: Address | None = None
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    text: str = ""
    html: str = ""
    plain_part: str = ""
    attachments: tuple[Attachment, ...] = ()
    content_type: str = "text/plain"
    report_type: str = ""
    defects: tuple[str, ...] = ()
    size: int = 0
    content_key: str = field(default="", compare=False)

    @property
    def author(self) -> Address | None:
        """The first address of From: a claim, not an identity."""
        return self.authors[0] if self.authors else None
