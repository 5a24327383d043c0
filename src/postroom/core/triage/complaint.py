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
_TYPE = re.compile(rb"^feedback-type[ \t]*:[ \t]*([a-z-]{1,40})", re.IGNORECASE | re.MULTILINE)
_OF = {
    "abuse": "",
    "fraud": ": it is taken for fraud",
    "virus": ": a virus was found in it",
    "opt-out": ": somebody wants no more of them",
    "not-spam": ": somebody says that it is no junk",
    "auth-failure": ": it could not be authenticated (RFC 6591)",
}
_NOBODY_COMPLAINED = frozenset(("not-spam", "auth-failure"))


def is_complaint(mail: Mail) -> str:
    """A sentence saying why `mail` is a complaint, or empty."""
    if mail.report_type == "feedback-report" or any(part.content_type == FEEDBACK_TYPE for part in mail.attachments):
        return f"A complaint in the form of RFC 5965{_OF[feedback_type(mail)]}"
    author = mail.author
    if mail.attachments and author and author.email == "staff@hotmail.com":
        return "A complaint in Microsoft's own form" if mail.subject.startswith("complaint about message") else ""
    return ""


def feedback_type(mail: Mail) -> str:
    """What the report is about (RFC 5965 §7.3, RFC 6591): `abuse` where it says nothing that we know."""
    for part in mail.attachments:
        found = _TYPE.search(part.data[:MOST_REPORT]) if part.content_type == FEEDBACK_TYPE else None
        if found:
            said = found[1].decode("ascii", "replace").lower()
            return said if said in _OF else "abuse"
    return "abuse"


def complained_recipients(mail: Mail) -> tuple[ReportedRecipient, ...]:
    """Who complained, where the report still says so; nobody, where it is a machine's report or takes one back."""
    if feedback_type(mail) in _NOBODY_COMPLAINED:
        return ()
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
    return tuple(ReportedRecipient(address) for address in found)
