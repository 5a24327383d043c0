"""Whom a mail system names, in a notice of its own words, as not reached; the mail that it quotes does not count."""

from __future__ import annotations

import re
from collections.abc import Iterable

from postroom.core.addresses import normalise, parse_addresses
from postroom.core.message.mail import Mail
from postroom.core.triage.kinds import ReportedRecipient
from postroom.core.triage.refusals import one_line, read_refusal

MOST_RECIPIENTS = 200
LONGEST_NOTICE = 32 * 1024  # characters
LONGEST_REASON = 1200  # characters behind an address that may tell why

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
    rf"^[ \t>*]{{0,12}}(?:<({_ADDRESS})>|({_ADDRESS}))(?=[ \t]*(?:[:;(,<]|$|\.{{3}}|-{{1,2}} |\xa0))", re.MULTILINE
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


def notified_recipients(text: str, mail: Mail | None = None) -> tuple[ReportedRecipient, ...]:
    """The recipients that the notice names; `mail` tells whom its headers name and who is no recipient for certain."""
    notice = _notice(text)
    subject = mail.subject if mail else ""
    delayed = _DELAYED.search(notice[:4000]) is not None or _DELAYED.search(subject) is not None
    found = _named(notice, mail)
    if not found:
        return ()
    places = sorted(notice.lower().find(address) for address in found)
    return tuple(_read(notice, address, places, delayed=delayed) for address in found)


def _notice(text: str) -> str:
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
    for pattern in (_AT_START, _COMMAND):
        found = _unique((match[match.lastindex or 1] for match in pattern.finditer(notice)), set())
        if found:
            return found
    for pattern in (_LABELLED, _REFUSED, _ANY):
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
        normal = normalise(address.rstrip("."))
        if normal and normal not in others:
            found[normal] = None
        if len(found) == MOST_RECIPIENTS:
            break
    return list(found)


def _read(notice: str, address: str, places: list[int], *, delayed: bool) -> ReportedRecipient:
    """What stands behind the address, up to the next one, says why; a notice for one recipient says it anywhere."""
    place = max(0, notice.lower().find(address))
    after = next((other for other in places if other > place), len(notice))
    words = notice[place + len(address) : min(after, place + LONGEST_REASON)]
    if len(places) == 1:
        words = f"{words}\n{notice[-LONGEST_REASON:]}" if len(words.strip()) < 20 else words
    refusal = read_refusal(words, delayed=delayed)
    return ReportedRecipient(address, refusal.status, refusal.action, refusal.hard, refusal.smtp, one_line(words))
