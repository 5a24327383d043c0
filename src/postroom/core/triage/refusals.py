"""What a server's words of refusal mean: the codes in them, whether the address is dead (RFC 3463, RFC 5321 §4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_REASON = 600  # characters of a server's words that are looked at and kept

_STATUS = re.compile(r"(?<![\d.\w-])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_SMTP = re.compile(r"(?<![\d.\w\[-])([45][0-7]\d)(?=[ \-:]|\Z)(?!\.\d)")
_SPACE = re.compile(r"\s+")

_DEAD_STATUS = frozenset(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.310"))
_NO_USER = re.compile(
    r"user ?unknown|unknown (?:user|recipient|address|local|account)|no such (?:user|recipient|mailbox|person|address"
    r"|account|local)|(?:user|recipient|account|mailbox|address|email)\S{0,30} (?:\S{1,30} )?(?:does not|doesn'?t"
    r"|do not) exist"
    r"|(?:user|recipient|account|mailbox|address)\S{0,30} (?:is |was )?(?:not found|not known|unknown|invalid"
    r"|rejected: user)"
    r"|(?:wasn.?t|not) found at|does not like recipient|invalid (?:recipient|mailbox|user|address)|not listed in"
    r"|no (?:mailbox|account|user) (?:here|by that|with that|found)|mailbox not found|address not found"
    r"|unrouteable address"
    r"|doesn.?t have a \S{1,30} account|recipient (?:is not|not) (?:found|exist)|no existe|inconnu|unbekannt"
    r"|desconocid"
    r"|utente sconosciuto|not a valid (?:user|recipient|mailbox)|recipnotfound|address unknown|unknown to",
    re.IGNORECASE,
)
_NO_HOST = re.compile(
    r"host (?:unknown|not found|or domain name not found)|unknown host|domain (?:name )?(?:not found|does not exist"
    r"|unknown)|couldn'?t find any host|no such (?:host|domain)|name service error|bad destination|nxdomain"
    r"|unrouteable mail domain|all relevant mx records point to non-existent|dns error|name or service not known",
    re.IGNORECASE,
)
_FULL = re.compile(
    r"(?:mailbox|quota|inbox|account|storage)\S{0,30}(?: \S{1,30}){0,3} (?:full|exceed\w*)|over ?quota|quota exceeded"
    r"|mailbox full"
    r"|out of storage|exceeded (?:\S{1,30} ){0,2}(?:quota|storage|space)|insufficient (?:disk|system) storage"
    r"|disk full",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was read of a server's words; see `ReportedRecipient` for the fields."""

    status: str
    smtp: str
    hard: bool
    action: str


def read_refusal(words: str, *, status: str = "", action: str = "", delayed: bool = False) -> Refusal:
    """The meaning of `words`, with what a report says in fields of its own; `delayed` is what is known besides."""
    words = words[: LONGEST_REASON * 2]
    codes = _SMTP.findall(words)
    smtp = codes[0] if codes else ""
    status = _best_status(status, words)
    no_host = _NO_HOST.search(words) is not None
    no_user = not no_host and _NO_USER.search(words) is not None
    if not status:
        status = _guessed_status(words, smtp, delayed=delayed, no_user=no_user, no_host=no_host)
    temporary = status.startswith("4")
    hard = not temporary and (status in _DEAD_STATUS or no_user or no_host)
    return Refusal(status, smtp, hard, action or ("delayed" if temporary and delayed else "failed"))


def _best_status(given: str, words: str) -> str:
    """The given status, or a more telling one of the same class from the server's words."""
    if given and not given.endswith(".0.0"):
        return given
    for found in _STATUS.finditer(words):
        if found[1] != "2" and (not given or found[1] == given[0]) and not found[0].endswith(".0.0"):
            return found[0]
    return given or next((one[0] for one in _STATUS.finditer(words) if one[1] != "2"), "")


def _guessed_status(words: str, smtp: str, *, delayed: bool, no_user: bool, no_host: bool) -> str:
    """A status where the report gives none: a server that gave up without a code will not try again."""
    grade = smtp[0] if smtp else "4" if delayed else "5"
    if grade == "5" and no_user:
        return "5.1.1"
    if grade == "5" and no_host:
        return "5.1.2"
    return f"{grade}.2.2" if _FULL.search(words) else f"{grade}.0.0"


def one_line(words: str) -> str:
    """`words` on one line, cut to what is worth keeping."""
    return _SPACE.sub(" ", words[: LONGEST_REASON * 2]).lstrip(" >:;,").rstrip()[:LONGEST_REASON]
