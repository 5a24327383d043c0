"""Reading the mail itself: only CRLF.CRLF ends it (RFC 5321 §4.1.1.4), and memory stays within the limit."""

from __future__ import annotations

import asyncio
import re

END = b".\r\n"
BREAK = b"\r\n"
LINE_LIMIT = 64 * 1024

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_LONG_LINE = re.compile(rb"[^\n]{%d}" % (LINE_LIMIT + 1))


class TooLarge(Exception):
    """More than the limit; everything up to the end was read and thrown away."""


async def read_data(reader: asyncio.StreamReader, limit: int) -> bytes:
    """The bytes up to the end mark, without it, dots doubled as they came.

    Raises:
        TooLarge: above `limit` bytes.
        asyncio.IncompleteReadError: the connection ended before the end mark.

    """
    pieces: list[bytes] = []
    size, tail = 0, BREAK  # the end of the DATA line counts as the break before a first dot
    while True:
        try:
            piece = await reader.readuntil(END)
        except asyncio.LimitOverrunError as overrun:
            piece = await reader.read(max(1, overrun.consumed))
        ended = piece.endswith(END) and (tail + piece)[-5:-3] == BREAK
        tail = (tail + piece)[-4:]
        size += len(piece)
        if size <= limit:
            pieces.append(piece)
        else:
            pieces.clear()
        if ended:
            break
    if size - len(END) > limit:
        raise TooLarge
    return b"".join(pieces)[: -len(END)]


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
    """Whether a line is longer than 64 kB."""
    return len(raw) > LINE_LIMIT and _LONG_LINE.search(raw) is not None
