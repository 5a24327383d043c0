"""Whom a mail system names, in a notice of its own words, as not reached; the mail that it quotes does not count."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from postroom.core.addresses import normalise, parse_addresses
from postroom.core.message.mail import Mail
from postroom.core.triage.kinds import ReportedRecipient
from postroom.core.triage.refusals import one_line, phase_of, read_refusal

MOST_RECIPIENTS = 200
LONGEST_NOTICE = 32 * 1024  # characters
LONGEST_REASON = 1200  # characters behind an address that may tell why
NEAR = 245  # characters; both together are what a class is looked for in
LEAST_REASON = 12  # characters, fewer tell nothing
_MARKS = " \t\r\n<>()[]:;,.*-"

# Where the quoted mail begins.
_QUOTED = re.compile(
    r"^(?:-+ ?(?:below this line|this is a copy|here is a copy|the (?:body|header)|original message|returned mail"
    r"|unsent message"
    r"|message (?:header|follows|text|headers)|start of (?:original|message)|copy of (?:the )?(?:original )?message"
    r"|enclosed|included is)"
    r"|(?:original message|message headers?|the original message|your original message|returned message"
    r"|message header)(?: as)? ?(?:follows|headers?|text)?:"
    r"|return-path:|received: |message-id:|mime-version:|your message (?:headers|reads)"
    r"|\|------------------------- (?:message text|failed message))",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,190}[A-Za-z0-9]"
_AT_START = re.compile(
    r"^[ \t>*]{0,12}(?:[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3} )?)?"
    rf"(?:<({_ADDRESS})>|({_ADDRESS}))(?=[ \t]*(?:[:;(,<]|$|\.{{3}}|-{{1,2}} |\xa0))",
    re.MULTILINE,
)
_LISTED = re.compile(
    r"(?:following|these) (?:recipient|address|destination)[^\n]{0,80}:[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_FIRST_WORD = re.compile(rf"^[ \t]{{0,8}}<?({_ADDRESS})>?[ \t]{{1,8}}\S", re.MULTILINE)
_OTHER_FORM = re.compile(r"^(?:smtp|rfc-?822)=", re.IGNORECASE)  # an address within one of X.400
_OWN_LINE = re.compile(r"[45]\d\d[ -][^\n]{0,40}<")
_ENDS = re.compile(
    r"^[ \t]*(?:(?:received|return-path|from|subject|date|mime-version|message-id|content-type|reporting-mta)[ \t]*:"
    r"|[-_=*]{6,}|message (?:details|headers)\b|below is a copy)",
    re.IGNORECASE | re.MULTILINE,
)
_DIAGNOSTIC = re.compile(
    r"diagnostic-code:[ \t]*(?:[\w-]{1,20};)?([^\n]{3,500}(?:\n[ \t]+[^\n]{1,300}){0,3})", re.IGNORECASE
)
_COMMAND = re.compile(rf"RCPT TO:[ ]?<({_ADDRESS})>", re.IGNORECASE)
_LABELLED = re.compile(
    r"(?<![\w@.])(?:recipients?|user|address|account|mailbox|to|for|empfänger|destinatario|destinataire|reach|failed)"
    rf"(?:[^\w\n@]{{1,4}}(?:address|name|e-?mail))?[^\w@]{{1,5}}({_ADDRESS})",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    rf"[45]\d\d[ -][^\n]{{0,80}}?<({_ADDRESS})>|<({_ADDRESS})>[^\n]{{0,20}}(?:user|unknown|not|does)", re.IGNORECASE
)
_ANY = re.compile(rf"(?<![\w.@+-])({_ADDRESS})")
_SYSTEM = re.compile(
    r"(?:mailer-daemon|postmaster|post_master|mail-daemon|abuse|helpdesk|support|noreply|no-reply)@", re.IGNORECASE
)
_DELAYED = re.compile(
    r"delay|still being retried|not yet been delivered|will (?:be|keep) (?:re)?try|attempts will continue"
    r"|warning: message"
    r"|do not need to (?:resend|re-send)|transient non-fatal",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class About:
    """What a notice says of one recipient: behind the address, above and below all of them, and in which phase it was
    refused.
    """

    behind: str
    above: str
    below: str
    phase: str

    @property
    def around(self) -> str:
        """What it says to all, in which codes may stand."""
        return f"{self.above}\n{self.below}"

    @property
    def near(self) -> str:
        """The words next to the addresses, which may tell why."""
        return f"{self.above[-NEAR:]}\n{self.below[-NEAR:]}"


def notified_recipients(text: str, mail: Mail | None = None) -> tuple[ReportedRecipient, ...]:
    """The recipients that the notice names; `mail` tells whom its headers name and who is no recipient for certain."""
    notice = said(text)
    subject = mail.subject if mail else ""
    delayed = _DELAYED.search(notice[:4000]) is not None or _DELAYED.search(subject) is not None
    about = words_about(notice, _named(notice, mail))
    return tuple(_read(address, words, delayed=delayed) for address, words in about.items())


def words_about(notice: str, addresses: Collection[str]) -> dict[str, About]:
    """For each address what the notice says of it.

    A notice about one address says why anywhere; one about more begins with what holds for all.
    """
    lower = notice.lower()
    found = {address: lower.find(address) for address in addresses}
    places = sorted(place for place in found.values() if place >= 0)
    first = places[0] if places else NEAR
    above = notice[max(0, first - LONGEST_REASON) : first]
    below = notice[max(first, len(notice) - LONGEST_REASON) :] if len(addresses) == 1 else ""
    phase = phase_of(notice)
    return {
        address: About(_behind(notice, lower, address, place, places), above, below, phase)
        for address, place in found.items()
    }


def _behind(notice: str, lower: str, address: str, place: int, places: list[int]) -> str:
    if place < 0:
        return ""
    after = bisect_right(places, place)
    end = min(places[after] if after < len(places) else len(notice), place + LONGEST_REASON)
    if _OWN_LINE.match(notice, notice.rfind("\n", 0, place) + 1, place):  # each line of a transcript stands for itself
        end = min(end, notice.find("\n", place) % (len(notice) + 1))
    words = _before_quoted(notice[place + len(address) : end])
    if len(words.strip(_MARKS)) >= LEAST_REASON:
        return words
    again = lower.find(address, place + len(address))
    return _before_quoted(notice[again + len(address) : again + LONGEST_REASON]) if again >= 0 else words


def _before_quoted(words: str) -> str:
    """`words` up to fields of a header or a ruled line, if anything stands above those."""
    ends = _ENDS.search(words, LEAST_REASON)
    return words[: ends.start()] if ends else words


def said(text: str) -> str:
    """What the mail system itself says: the text above the mail that it quotes, or all of it where nothing is above."""
    text = text[:LONGEST_NOTICE]
    quoted = _QUOTED.search(text)
    if quoted is None or not text[: quoted.start()].strip():
        return text
    return text[: quoted.start()]


def _named(notice: str, mail: Mail | None) -> list[str]:
    """Addresses in the order of the notice, by the surest sign that gives any."""
    others = _not_recipients(mail)
    if mail is not None and "X-Failed-Recipients" in mail.headers:
        named = [one.email for value in mail.headers.unfolded("X-Failed-Recipients") for one in parse_addresses(value)]
        if named:
            return _unique(named, set())
    listed = _LISTED.search(notice)
    below = notice[listed.end() :] if listed else ""
    for text, pattern in ((below, _AT_START), (below, _FIRST_WORD), (notice, _AT_START), (notice, _COMMAND)):
        found = _unique((match[match.lastindex or 1] for match in pattern.finditer(text)), set())
        if found:
            return found
    for pattern in (_FIRST_WORD, _LABELLED, _REFUSED, _ANY):
        found = _unique((match[match.lastindex or 1] for match in pattern.finditer(notice)), others)
        found = [address for address in found if not _SYSTEM.match(address)]
        if found:
            return found
    return []


def _not_recipients(mail: Mail | None) -> set[str]:
    if mail is None:
        return set()
    return {one.email for one in (*mail.authors, *mail.to)}


def _unique(addresses: Iterable[str], others: set[str]) -> list[str]:
    found: dict[str, None] = {}
    for address in addresses:
        normal = normalise(_OTHER_FORM.sub("", address).rstrip("."))
        if normal and normal not in others:
            found[normal] = None
        if len(found) == MOST_RECIPIENTS:
            break
    return list(found)


def _read(address: str, about: About, *, delayed: bool) -> ReportedRecipient:
    """What the notice says of one recipient; codes that stand around count where none stand behind the address."""
    field = _DIAGNOSTIC.search(about.behind)
    words, besides = field[1] if field else about.behind, about.near
    refusal = read_refusal(words)
    phase = refusal.phase or about.phase
    if not refusal.status and not refusal.smtp:
        refusal = read_refusal(about.around)
        if refusal.smtp:
            words, besides = _before_quoted(about.around[about.around.find(refusal.smtp) :]), words
    temporary = (refusal.status or refusal.smtp or "4")[0] == "4"
    action = "delayed" if delayed and temporary else "failed"
    return ReportedRecipient(address, refusal.status, action, refusal.smtp, one_line(words), phase, one_line(besides))
