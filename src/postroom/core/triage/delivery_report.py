"""Delivery reports that are built as such (RFC 3464, RFC 6522), and the mail that they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator

from postroom.core.addresses import normalise
from postroom.core.message.mail import Attachment, Mail
from postroom.core.message_ids import ids_in
from postroom.core.triage.kinds import ReportedRecipient
from postroom.core.triage.refusals import one_line, read_refusal

STATUS_TYPES = frozenset(("message/delivery-status", "message/global-delivery-status"))
ORIGINAL_TYPES = frozenset(
    ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
)
MOST_RECIPIENTS = 1000  # of one report
MOST_REPORT = 512 * 1024  # bytes of the status part that are read
MOST_ORIGINAL = 64 * 1024  # bytes of the original mail in which its Message-ID is looked for

ACTIONS = frozenset(("failed", "delayed", "delivered", "relayed", "expanded"))
_NEWS_IS_GOOD = frozenset(("delivered", "relayed", "expanded"))

_ADDRESS_FIELDS = ("final-recipient", "original-recipient", "x-actual-recipient")  # the first that is readable counts
_BLOCKS = re.compile(r"\n[ \t]*\n")
_FOLD = re.compile(r"\n[ \t]+")
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}")
_MESSAGE_ID = re.compile(
    r"^[ \t>]*message-id[ \t]*:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\n]{1,900}>|\S{1,900})", re.IGNORECASE | re.MULTILINE
)


def status_parts(mail: Mail) -> list[Attachment]:
    """The parts in which a mail system tells of delivery."""
    return [part for part in mail.attachments if part.content_type in STATUS_TYPES]


def reported_recipients(parts: list[Attachment], text: str = "") -> tuple[ReportedRecipient, ...]:
    """The recipients that the status parts name, each once; `text` is the report in words."""
    found: dict[str, ReportedRecipient] = {}
    for part in parts:
        for fields in _recipient_blocks(part.data):
            recipient = _recipient(fields, text)
            if recipient is not None and len(found) < MOST_RECIPIENTS:
                found.setdefault(recipient.address, recipient)
    return tuple(found.values())


def is_bad_news(recipients: tuple[ReportedRecipient, ...]) -> bool:
    """Whether some recipient failed or is delayed."""
    return any(one.action not in _NEWS_IS_GOOD for one in recipients)


def _recipient_blocks(data: bytes) -> Iterator[dict[str, str]]:
    text = data[:MOST_REPORT].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for block in _BLOCKS.split(text):
        fields: dict[str, str] = {}
        for line in _FOLD.sub(" ", block).split("\n"):
            name, colon, value = line.partition(":")
            if colon:
                fields.setdefault(name.strip().lower(), value.strip())
        if "final-recipient" in fields or "original-recipient" in fields:
            yield fields


def _recipient(fields: dict[str, str], text: str) -> ReportedRecipient | None:
    address = next(filter(None, (_address(fields.get(name, "")) for name in _ADDRESS_FIELDS)), "")
    if not address:
        return None
    action = fields.get("action", "").partition(" ")[0].strip("();,").lower()
    action = action if action in ACTIONS else ""
    status = _STATUS.search(fields.get("status", ""))
    diagnostic = fields.get("diagnostic-code", "").partition(";")[2] or fields.get("diagnostic-code", "")
    given = status[0] if status else ""
    if action in _NEWS_IS_GOOD:
        return ReportedRecipient(address, given, action, hard=False, reason=one_line(diagnostic))
    reason = diagnostic or text[:2000]
    refusal = read_refusal(reason, status=given, action=action, delayed=action == "delayed")
    return ReportedRecipient(address, refusal.status, refusal.action, refusal.hard, refusal.smtp, one_line(diagnostic))


def _address(value: str) -> str:
    """The address of a field of the form `rfc822; name@example.com`, as leniently as servers write it."""
    kind, semicolon, rest = value.partition(";")
    plain = (rest if semicolon else kind).strip().strip("<>\"' ")
    plain = plain.partition(" ")[0].strip("<>\"'")
    return normalise(plain)


def original_message_id(mail: Mail, text: str = "") -> str:
    """The Message-ID of the mail that came back, from its part or from `text` that quotes it; empty where none is."""
    for part in mail.attachments:
        if part.content_type in ORIGINAL_TYPES:
            found = _MESSAGE_ID.search(part.data[:MOST_ORIGINAL].decode("utf-8", "replace"))
            if found:
                return next(iter(ids_in(found[1])), "")
    return quoted_message_id(text)


def quoted_message_id(text: str) -> str:
    """The first Message-ID field that stands in `text`, or empty."""
    found = _MESSAGE_ID.search(text)
    return next(iter(ids_in(found[1])), "") if found else ""
