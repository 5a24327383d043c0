"""Bytes of a server as replies (RFC 5321 §4.2), within limits that no answer of any length or shape exceeds."""

from __future__ import annotations

from typing import NamedTuple

LONGEST_LINE = 4096  # octets; RFC 5321 §4.5.3.1.5 has 512
MOST_LINES = 200  # of one reply: an EHLO of a large server has thirty
MOST_BYTES = 64 * 1024  # of one reply
_SIGNS = frozenset({b" ", b"-", b""})
SHOWN = 200  # characters of what is no reply


class NotSmtp(Exception):
    """What came is no reply; `said` is a part of it, as it came."""

    def __init__(self, said: bytes | str, words: str = "its answer is not SMTP") -> None:
        shown = said if isinstance(said, str) else said[:SHOWN].decode("utf-8", "replace")
        clean = "".join(letter if letter.isprintable() else " " for letter in shown[:SHOWN]).strip()
        super().__init__(f"{words} ({clean})")


class Reply(NamedTuple):
    """What a server answered: its code, and its lines joined by LF, as bytes: of most answers only the code is read."""

    code: int
    said: bytes

    @property
    def text(self) -> str:
        """Bytes that are not UTF-8 are surrogates."""
        return self.said.decode("utf-8", "surrogateescape")

    @property
    def is_good(self) -> bool:
        return 200 <= self.code < 300


class Replies:
    """Takes bytes as they come, and gives the replies that are complete."""

    __slots__ = ("_bytes", "_lines", "_rest")

    def __init__(self) -> None:
        self._rest = b""  # of a line that is not complete
        self._lines: list[bytes] = []  # of a reply that is not complete
        self._bytes = 0

    @property
    def is_between(self) -> bool:
        """Whether nothing of a further reply has come."""
        return not (self._rest or self._lines)

    def feed(self, data: bytes, into: list[Reply]) -> None:
        """Append the replies that are complete now.

        Raises:
            NotSmtp: it is none, or has no end; those before it were appended.

        """
        if self._rest:
            data = self._rest + data
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            reply = self._line(data[start:end])
            if reply is not None:
                into.append(reply)
            start = end + 1
        self._rest = data[start:]
        if len(self._rest) > LONGEST_LINE:
            raise NotSmtp(self._rest, "its answer has no end")

    def _line(self, line: bytes) -> Reply | None:
        if line[-1:] == b"\r":
            line = line[:-1]
        code, sign = line[:3], line[3:4]
        if not code.isdigit() or len(code) != 3 or sign not in _SIGNS:
            raise NotSmtp(line)
        if not self._lines and sign != b"-":
            return Reply(int(code), line[4:])
        return self._one_of_many(code, line, last=sign != b"-")

    def _one_of_many(self, code: bytes, line: bytes, *, last: bool) -> Reply | None:
        lines = self._lines
        if lines and lines[0][:3] != code:
            raise NotSmtp(b"%s and %s in one answer" % (lines[0][:3], code))
        lines.append(line)
        self._bytes += len(line)
        if len(lines) > MOST_LINES or self._bytes > MOST_BYTES:
            raise NotSmtp(line, "its answer has no end")
        if not last:
            return None
        self._lines, self._bytes = [], 0
        return Reply(int(code), b"\n".join(one[4:] for one in lines))
