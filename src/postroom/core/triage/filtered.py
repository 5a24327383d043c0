"""What filters say of a mail, and what one before us wrote into it, where that can be trusted to be its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from postroom.core.authentication.results import INSIDE, Statement, received_by, trusted_results
from postroom.core.headers import Headers

LONGEST_VALUE = 2000  # characters of a line that are read
SPAM_METHODS = frozenset({"spam", "x-spam", "x-spamd", "x-rspamd"})
SPAM_RESULTS = frozenset({"yes", "true", "spam", "fail", "reject", "hold"})

_YES = re.compile(r"\s*(?:yes|true)\b", re.IGNORECASE)
_SPAMD = re.compile(
    r"\s*[\w.-]{1,40}:\s*(true|false)\s*(?:\[\s*(-?[\d.]{1,10})\s*/\s*(-?[\d.]{1,10})\s*\])?", re.IGNORECASE
)
_SCORE = re.compile(r"\b(?:score|hits)=(-?[\d.]{1,10})(?:\s+required=(-?[\d.]{1,10}))?", re.IGNORECASE)


class Answer(StrEnum):
    """What a filter wants done with a mail, the mildest first."""

    ACCEPT = "accept"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Said:
    """What one filter, by its name, answered, and why in a sentence."""

    by: str
    answer: Answer
    words: str


def gravest(said: Sequence[Said]) -> Said | None:
    """The answer that counts where several filters were asked: refuse before hold, the first of equals; None where all
    accept.
    """
    order = (Answer.REFUSE, Answer.HOLD)
    return next((one for answer in order for one in said if one.answer is answer), None)


def said_before(headers: Headers, statements: Sequence[Statement], authserv_id: str = "", own: int = 0) -> Said | None:
    """What the filter of the server before us says, None where it says nothing bad. The mail must have come from a
    machine of our own.

    Only lines count that stand above every Received which that server did not write: anybody can write the others.
    `authserv_id` is its name; where nobody gave it one, it is the one that wrote the topmost Received below those of
    our own door, which are `own` in number.
    """
    server = authserv_id.strip().lower()
    for name, value in _lines_of(headers, server, own):
        if words := _READERS[name](value):
            return Said(server or "The server before us", Answer.HOLD, f"{server or 'The server before us'} {words}.")
    for one in trusted_results(statements, server, own_received=own):
        if one.method in SPAM_METHODS and one.result in SPAM_RESULTS:
            return Said(server, Answer.HOLD, f"{server} says that it is spam ({one.method}={one.result}).")
    return None


def _lines_of(headers: Headers, server: str, own: int) -> Iterator[tuple[str, str]]:
    """The lines about spam that the server before us wrote, from the top."""
    for written, raw in headers.fields:
        name = written.lower()
        if name == "received":
            by = INSIDE if own > 0 else received_by(raw)
            own -= 1
            if by != INSIDE:
                server = server or by
            if by not in (server, INSIDE):
                return
        elif name in _READERS:
            yield name, raw[:LONGEST_VALUE].decode("utf-8", "replace")


def _flag(value: str) -> str:
    return "marked it as spam" if _YES.match(value) else ""


def _status(value: str) -> str:
    if not _YES.match(value):
        return ""
    score = _SCORE.search(value)
    return _scored(score[1], score[2]) if score else "marked it as spam"


def _spamd(value: str) -> str:
    found = _SPAMD.match(value)
    return _scored(found[2], found[3]) if found and found[1].lower() == "true" else ""


def _scored(score: str | None, limit: str | None) -> str:
    of = f", where {limit} is enough" if limit else ""
    return f"marked it as spam: {score} points{of}" if score else "marked it as spam"


_READERS: Mapping[str, Callable[[str], str]] = {
    "x-spam-flag": _flag,
    "x-spam": _flag,
    "x-spam-status": _status,
    "x-spamd-result": _spamd,
}
