"""The codes that a server's words of refusal hold, enhanced (RFC 3463) and of SMTP (RFC 5321 §4.2), and the phase.

What they mean is told by the classes of replies, the same that read what servers say to us: `core.delivery.reported`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from postroom.core.encoded_words import without_controls

LONGEST_REASON = 600  # characters of a server's words that are looked at and kept

_STATUS = re.compile(r"(?<![\d.\w-])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_SMTP = re.compile(r"(?<![\d.\w\[-])([45][0-7]\d)(?=[\s\-:#(,]|\Z)(?!\.\d)")
_SPACE = re.compile(r"\s+")
# How mail servers name the command that was refused: Postfix, Exim, Sendmail, MailEnable and others.
_AT_DATA = re.compile(
    r"in reply to (?:end of )?data|after (?:end of data|pipelined end of data|data|sending data|the message)\b"
    r"|>>> ?(?:data|bdat|\.\s)|\bend of data\b|\[data\]|in response to (?:the )?(?:end of )?data"
    r"|(?m:^[ \t]*data[ \t]*$)",
    re.IGNORECASE,
)
_AT_RCPT = re.compile(
    r"in reply to rcpt|after rcpt to|>>> ?rcpt to|\[rcpt_to\]|in response to (?:the )?rcpt|(?m:^[ \t]*rcpt to\b)",
    re.IGNORECASE,
)
GAVE_UP = ".4.7"  # somebody did, which does not tell why


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was read of a server's words; see `ReportedRecipient` for the fields."""

    status: str
    smtp: str
    phase: str


def read_refusal(words: str, *, status: str = "") -> Refusal:
    """The codes of `words`, with the status that a report gives in a field of its own; what none says is empty."""
    words = words[: LONGEST_REASON * 2]
    code = _SMTP.search(words)
    return Refusal(_best_status(status, words), code[0] if code else "", phase_of(words))


def phase_of(words: str) -> str:
    """`rcpt` or `data` where the words name what was answered, else empty."""
    return "rcpt" if _AT_RCPT.search(words) else "data" if _AT_DATA.search(words) else ""


def _best_status(given: str, words: str) -> str:
    """The given status, or a more telling one of the same class from the words, the first of equals."""
    said = (one[0] for one in _STATUS.finditer(words) if one[1] != "2" and (not given or one[1] == given[0]))
    return max((given, *said), key=tells)


def tells(status: str) -> int:
    """How much a status tells: a detail before a subject before a class alone; that a queue gave up tells little."""
    if not status:
        return 0
    _, subject, detail = status.split(".")
    if subject == "0":
        return 1
    return 2 if detail == "0" or status.endswith(GAVE_UP) else 3


def one_line(words: str) -> str:
    """`words` on one line, without control characters, cut to what is worth keeping."""
    return without_controls(_SPACE.sub(" ", words[: LONGEST_REASON * 2])).lstrip(" >:;,").rstrip()[:LONGEST_REASON]
