"""What a server's answer means for one copy (RFC 5321 §4.2), its enhanced code (RFC 3463), its words fit to keep."""

from __future__ import annotations

import re
from enum import StrEnum

from postroom.core.encoded_words import without_controls

LONGEST_WORDS = 500  # characters kept of an answer


class Result(StrEnum):
    """What became of one copy. `unknown`: the connection ended between the final dot and the answer."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"


# In these phases the answer is about us or the server and not about this mail: it is no reason to give a copy up.
_BEFORE_THE_MAIL = frozenset({"connect", "greeting", "tls", "login"})
_ENHANCED = re.compile(r"(?<![\w.])([245]\.[0-9]{1,3}\.[0-9]{1,3})(?![\w-]|\.[0-9])")
_LOOKED_AT = 2000  # characters
_UNREAD = re.compile("[\ud800-\udfff]")  # surrogates: no text holds them, and no database takes them


def result_of(code: int, phase: str) -> Result:
    """Accepted, deferred or refused, by the first digit of the code and the phase (see `Outcome.phase`).

    5xx is final for the copy from MAIL on; before that (a wrong password, a server that is closed) it is deferred. A
    code that means nothing (RFC 5321 knows 2xx to 5xx) is deferred.
    """
    if 200 <= code < 300 or (code == 354 and phase == "data"):
        return Result.ACCEPTED
    if 500 <= code < 600 and phase not in _BEFORE_THE_MAIL:
        return Result.REFUSED
    return Result.DEFERRED


def enhanced_code(words: str) -> str:
    """The enhanced status code in an answer, such as `5.1.1`; empty where there is none."""
    match = _ENHANCED.search(words[:_LOOKED_AT])
    return match[1] if match else ""


def clean_words(words: str) -> str:
    """An answer as one line of at most 500 characters, without control characters.

    Bytes that were not UTF-8 (U+DC80 to U+DCFF, by `surrogateescape`) are read as Latin-1, which older servers speak.
    """
    read = _UNREAD.sub(_latin, words[: 4 * LONGEST_WORDS])
    line = " ".join(without_controls(read).split())
    return line if len(line) <= LONGEST_WORDS else f"{line[: LONGEST_WORDS - 1].rstrip()}…"


def _latin(unread: re.Match[str]) -> str:
    byte = ord(unread[0]) - 0xDC00
    return chr(byte) if 0x80 <= byte <= 0xFF else "\N{REPLACEMENT CHARACTER}"
