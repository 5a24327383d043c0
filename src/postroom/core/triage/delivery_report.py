"""Delivery reports that are built as such (RFC 3464, RFC 6522), and the mail that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from postroom.core.addresses import normalise
from postroom.core.message.mail import Attachment, Mail
from postroom.core.message_ids import ids_in
from postroom.core.triage.kinds import NEWS_IS_GOOD, ReportedRecipient
from postroom.core.triage.notice import About, said, words_about
from postroom.core.triage.refusals import GAVE_UP, one_line, read_refusal, tells

STATUS_TYPES = frozenset(("message/delivery-status", "message/global-delivery-status"))
ORIGINAL_TYPES = frozenset(
    ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
)
MOST_RECIPIENTS = 1000  # of one report
MOST_REPORT = 512 * 1024  # bytes of the status part that are read
MOST_ORIGINAL = 64 * 1024  # bytes of the original mail in which its Message-ID is looked for

Fields = dict[str, str]  # of a block, by their names in small letters
ACTIONS = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))

_ADDRESS_FIELDS = ("original-recipient", "final-recipient", "x-actual-recipient")  # the first that is readable counts
_COMMENT = re.compile(r"\(([^()]{1,400})\)")
_FOLD = re.compile(r"\n[ \t]+(?=\S)")
_IN_WORDS = re.compile(r"^(?:action|final-recipient|original-recipient|status)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_FIRST = "final-recipient"
_NAMES = frozenset((_FIRST, "original-recipient"))
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}")
_MESSAGE_ID = re.compile(
    r"^[ \t>]*message-id[ \t]*:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\n]{1,900}>|\S{1,900})", re.IGNORECASE | re.MULTILINE
)
_RECEIPT_ID = re.compile(r"^original-message-id[ \t]*:[ \t]*(\S{1,900})", re.IGNORECASE | re.MULTILINE)
_IDS = dict.fromkeys(ORIGINAL_TYPES, _MESSAGE_ID) | {"message/disposition-notification": _RECEIPT_ID}


def status_parts(mail: Mail) -> list[Attachment]:
    """The parts in which a mail system tells of delivery."""
    return [part for part in mail.attachments if part.content_type in STATUS_TYPES]


def reported_recipients(parts: list[Attachment], text: str = "") -> tuple[ReportedRecipient, ...]:
    """The recipients that the status parts name, each once; `text` is the report in words."""
    found: dict[str, Fields] = {}
    for part in parts:
        _find(part.data[:MOST_REPORT].decode("utf-8", "replace"), found)
    about = words_about(said(text), found)
    return tuple(_recipient(address, fields, about[address]) for address, fields in found.items())


def recipients_in_words(text: str) -> tuple[ReportedRecipient, ...]:
    """The recipients of a report whose fields stand in the text itself, above the mail that it quotes."""
    notice = said(text)
    begin = _IN_WORDS.search(notice)
    if begin is None:
        return ()
    found: dict[str, Fields] = {}
    _find(notice[begin.start() :], found)
    about = words_about(notice[: begin.start()], found)
    return tuple(_recipient(address, fields, about[address]) for address, fields in found.items())


def _find(report: str, found: dict[str, Fields]) -> None:
    for fields in _recipient_blocks(report):
        address = next(filter(None, (_address(fields.get(name, "")) for name in _ADDRESS_FIELDS)), "")
        if address and len(found) < MOST_RECIPIENTS:
            found.setdefault(address, fields)


def is_bad_news(recipients: tuple[ReportedRecipient, ...]) -> bool:
    """Whether some recipient failed or is delayed."""
    return any(one.action not in NEWS_IS_GOOD for one in recipients)


def _recipient_blocks(report: str) -> Iterator[Fields]:
    """The fields of each recipient; where the empty line between two is missing, the second begins with its name."""
    text = report.replace("\r\n", "\n").replace("\r", "\n")
    fields: Fields = {}
    for line in (*_FOLD.sub(" ", text).split("\n"), ""):
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if fields and (not line.strip() or (name == _FIRST and name in fields)):
            if not _NAMES.isdisjoint(fields):
                yield fields
            fields = {}
        if colon:
            fields.setdefault(name, value.strip())


def _recipient(address: str, fields: Fields, about: About) -> ReportedRecipient:
    """What the fields say, and what they leave open `about`, the report in words."""
    action = fields.get("action", "").partition(" ")[0].strip("();,").lower()
    status = _STATUS.search(fields.get("status", ""))
    given = status[0] if status else ""
    diagnostic = fields.get("diagnostic-code", "").partition(";")[2] or fields.get("diagnostic-code", "")
    if action in NEWS_IS_GOOD:
        return ReportedRecipient(address, given, action, reason=one_line(diagnostic))
    comment = _COMMENT.search(fields.get("status", ""))
    reason = diagnostic or (comment[1] if comment else "") or about.behind
    said = read_refusal(diagnostic).status
    if said[:1] == given[:1] and tells(said) >= tells(given):  # what the server said: the other is derived from it
        given = said
    refusal = read_refusal(reason, status=given)
    beside = read_refusal(f"{about.behind}\n{about.around}", status=refusal.status)
    smtp, phase = refusal.smtp or beside.smtp, refusal.phase or beside.phase or about.phase
    code = beside.status if not said or said.endswith(GAVE_UP) else refusal.status
    besides = one_line(about.near if reason == about.behind else f"{about.behind}\n{about.near}")
    action = action if action in ACTIONS else "delayed" if code.startswith("4") and not action else "failed"
    return ReportedRecipient(address, code, action, smtp, one_line(reason), phase, besides)


def _address(value: str) -> str:
    """The address of a field of the form `rfc822; name@example.com`, as leniently as servers write it."""
    kind, semicolon, rest = value.partition(";")
    plain = (rest if semicolon else kind).strip().strip("<>\"' ")
    plain = plain.partition(" ")[0].strip("<>\"'")
    return normalise(plain)


def has_original(mail: Mail) -> bool:
    """Whether the mail encloses another one, or its header."""
    return any(part.content_type in ORIGINAL_TYPES for part in mail.attachments)


def original_message_id(mail: Mail, text: str = "") -> str:
    """The Message-ID of the mail that came back: from its part, from a receipt's field for it (RFC 8098 §3.2.5), from
    `text` that quotes it, or as the mail that this one answers; empty where none is.
    """
    for part in mail.attachments:
        pattern = _IDS.get(part.content_type)
        found = pattern.search(part.data[:MOST_ORIGINAL].decode("utf-8", "replace")) if pattern else None
        if found:
            return next(iter(ids_in(found[1])), "")
    return quoted_message_id(text) or next(iter((*mail.in_reply_to, *mail.references[::-1])), "")


def quoted_message_id(text: str) -> str:
    """The first Message-ID field that stands in `text`, or empty."""
    found = _MESSAGE_ID.search(text)
    return next(iter(ids_in(found[1])), "") if found else ""
