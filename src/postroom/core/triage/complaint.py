"""Complaints: a reader pressed the button for junk, and the reader's provider tells (ARF, RFC 5965)."""

from __future__ import annotations

import re

from postroom.core.addresses import normalise
from postroom.core.message.mail import Mail
from postroom.core.triage.kinds import ReportedRecipient

FEEDBACK_TYPE = "message/feedback-report"
MOST_REPORT = 64 * 1024  # bytes of the report that are read

_RCPT = re.compile(
    rb"^(?:original-rcpt-to|removal-recipient)[ \t]*:[ \t]*([^\r\n]{1,400})", re.IGNORECASE | re.MULTILINE
)
_HOTMAIL = re.compile(rb"x-hmxmroriginalrecipient[ \t]*:[ \t]*([^\r\n]{1,400})", re.IGNORECASE)


def is_complaint(mail: Mail) -> str:
    """A sentence saying why `mail` is a complaint, or empty."""
    if mail.report_type == "feedback-report":
        return "A complaint in the form of RFC 5965"
    if not mail.attachments:
        return ""
    if any(part.content_type == FEEDBACK_TYPE for part in mail.attachments):
        return "A part of it is a complaint in the form of RFC 5965"
    author = mail.author
    if author and author.email == "staff@hotmail.com" and mail.subject.startswith("complaint about message"):
        return "A complaint in Microsoft's own form"
    return ""


def complained_recipients(mail: Mail) -> tuple[ReportedRecipient, ...]:
    """Who complained, where the report still says so."""
    found: dict[str, None] = {}
    for part in mail.attachments:
        if part.content_type == FEEDBACK_TYPE:
            matches = _RCPT.findall(part.data[:MOST_REPORT])
        elif part.content_type.startswith("message/"):
            matches = _HOTMAIL.findall(part.data[:MOST_REPORT])
        else:
            continue
        for match in matches:
            address = normalise(match.decode("utf-8", "replace").strip().strip("<>"))
            if address:
                found[address] = None
    return tuple(ReportedRecipient(address, hard=False) for address in found)
