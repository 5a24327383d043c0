"""Reading the mail itself: only CRLF.CRLF ends it (RFC 5321 §4.1.1.4), and memory stays within the limit."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

BREAK = b"\r\n"
END = b"\r\n.\r\n"
LINE_LIMIT = 64 * 1024
AT_ONCE = 16 * 1024 * 1024  # more than a reader ever holds: a read leaves nothing behind

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class TooLarge(Exception):
    """More than the limit; everything up to the end was read and thrown away."""


class NoRoom(Exception):
    """Too much is being read at once by all sessions together; this mail was thrown away."""


async def read_data(reader: asyncio.StreamReader, limit: int, hold: Callable[[int], bool]) -> bytes:
    """The bytes up to the end mark, without it, dots doubled as they came. What follows the end stays in the reader.

    `hold` hears after every piece how many bytes are held by now, and answers whether there is room for them.

    Raises:
        TooLarge: above `limit` bytes.
        NoRoom: `hold` said so.
        asyncio.IncompleteReadError: the connection ended before the end mark.

    """
    kept = bytearray()
    size, tail, room = 0, BREAK, True  # the end of the DATA line counts as the break before a first dot
    while True:
        piece = await reader.read(AT_ONCE)
        if not piece:
            raise asyncio.IncompleteReadError(b"", None)
        kept += piece
        if size > limit or not room:
            kept.clear()
        room = hold(len(kept)) and room
        seen = tail + piece
        end = seen.find(END)
        if end >= 0:
            break
        size += len(piece)
        tail = seen[1 - len(END) :]
    if len(seen) > end + len(END) and not reader.at_eof():
        reader.feed_data(seen[end + len(END) :])  # commands that were sent ahead (RFC 2920)
    length = size + len(BREAK) - len(tail) + end  # up to the dot, less the break that was put before
    if length > limit:
        raise TooLarge
    if not room:
        raise NoRoom
    del kept[length:]
    return bytes(kept)


def undot(raw: bytes) -> bytes:
    """Without the dots that the sender doubled at the start of lines (RFC 5321 §4.5.2)."""
    body = raw.replace(b"\r\n.", b"\r\n")
    return body[1:] if body.startswith(b".") else body


def has_bare_breaks(raw: bytes) -> bool:
    """Whether a CR or LF stands alone."""
    pairs = raw.count(b"\r\n")
    return raw.count(b"\n") != pairs or raw.count(b"\r") != pairs


def mend_breaks(raw: bytes) -> bytes:
    """Every CR or LF that stands alone made a CRLF."""
    return _BARE.sub(b"\r\n", raw)


def has_long_line(raw: bytes) -> bool:
    """Whether a line is longer than 64 kB; linear, whatever the lines are like."""
    start = 0
    while len(raw) - start > LINE_LIMIT:
        last = raw.rfind(b"\n", start, start + LINE_LIMIT + 1)
        if last < 0:
            return True
        start = last + 1
    return False
