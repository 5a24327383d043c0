"""Answers that a calendar program gave: accepted, declined, another time (iTIP, RFC 5546; in mail, RFC 6047)."""

from __future__ import annotations

import re

from postroom.core.message.mail import Mail

CALENDAR_TYPES = frozenset(("text/calendar", "application/ics"))
MOST_LOOKED_AT = 16 * 1024  # bytes of a part; METHOD stands near its begin

_METHOD = re.compile(rb"^METHOD[^:\r\n]{0,60}:[ \t]*([A-Za-z]{3,20})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_SAYS = {
    "REPLY": "An answer to an invitation, as calendar programs send it (RFC 5546 REPLY)",
    "REFRESH": "A calendar program asks for the present state of an event (RFC 5546 REFRESH)",
}


def calendar_answer(mail: Mail) -> str:
    """A sentence saying why `mail` is what a calendar program wrote, not a person, or empty.

    An invitation, a counter-proposal and a cancellation are a person's business: they count as messages.
    """
    return next(filter(None, (_SAYS.get(_method(part.data), "") for part in mail.attachments
                              if part.content_type in CALENDAR_TYPES)), "")  # fmt: skip


def _method(data: bytes) -> str:
    found = _METHOD.search(data[:MOST_LOOKED_AT])
    return found[1].decode("ascii").upper() if found else ""
