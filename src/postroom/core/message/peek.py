"""The ids of a mail, read from its first bytes without taking it apart: what a door needs before it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from postroom.core.message_ids import ids_in

HEADER_LIMIT = 256 * 1024  # bytes; what stands behind is left to the parser
_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(
    rb"^(message-id|in-reply-to|references)[ \t]*:((?:[^\r\n]++|\r?\n[ \t])*+)", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of a mail, without angle brackets; `message_id` is empty where it has none."""

    message_id: str = ""
    referenced: tuple[str, ...] = ()


def peek(raw: bytes) -> Ids:
    """The ids in the header section; never raises."""
    end = _END.search(raw, 0, HEADER_LIMIT)
    head = raw[: end.start() if end else HEADER_LIMIT]
    own = ""
    referenced: list[str] = []
    for match in _FIELD.finditer(head):
        ids = ids_in(match[2].decode("utf-8", "replace"))
        if match[1].lower() != b"message-id":
            referenced += ids
        elif ids and not own:
            own = ids[0]
    return Ids(own, tuple(referenced))
