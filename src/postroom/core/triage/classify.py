"""What kind of mail this is: report, bounce, complaint, automatic answer or message; quick signs come first.

Whether a bounce is about a mail of ours is decided where our own mail is known.
"""

from __future__ import annotations

import re

from postroom.core.addresses import parse_addresses
from postroom.core.message.mail import Mail
from postroom.core.message.sanitize import text_of
from postroom.core.triage.auto_reply import is_auto_reply
from postroom.core.triage.calendar import calendar_answer
from postroom.core.triage.complaint import complained_recipients, is_complaint
from postroom.core.triage.delivery_report import (
    has_original,
    is_bad_news,
    original_message_id,
    quoted_message_id,
    recipients_in_words,
    reported_recipients,
    status_parts,
)
from postroom.core.triage.foreign_bounce import (
    brings_back,
    calls_itself_mail_system,
    comes_from_mail_system,
    is_foreign_bounce,
    says_so,
)
from postroom.core.triage.kinds import Automatic, Kind, ReportedRecipient, Triage
from postroom.core.triage.notice import notified_recipients
from postroom.core.triage.notification import notified

LONGEST_BODY = 256 * 1024  # characters of a body that are looked at

_LIST_HEADERS = ("List-Id", "List-Post", "List-Unsubscribe")
_NO_REPLY = re.compile(rb"\b(?:no|not|do[-_.]?not|dont)[-_.]?re(?:ply|spond)\b", re.IGNORECASE)


def classify(mail: Mail) -> Triage:
    """The kind of `mail`, who wrote it, and why; total."""
    because = is_complaint(mail)
    if because:
        recipients = complained_recipients(mail)
        return Triage(Kind.COMPLAINT, Automatic.AUTO, because, recipients, original_message_id(mail))
    if mail.attachments or mail.report_type:
        report = _report(mail)
        if report is not None:
            return report
    if not mail.headers.fields:
        return classify_text(_body(mail))
    if (told := notified(mail)) is not None:
        return told
    if comes_from_mail_system(mail) and (calls_itself_mail_system(mail) or not _answers_by_itself(mail)):
        body = _body(mail)
        because = is_foreign_bounce(mail, body)
        if because:
            return Triage(Kind.BOUNCE, Automatic.AUTO, because, _told(body, mail), original_message_id(mail, body))
    written = _written(mail)
    if written.automatic is Automatic.AUTO and written.kind is Kind.MESSAGE and has_original(mail):
        body = _body(mail)
        because = brings_back(mail, body)
        if because:
            return Triage(Kind.BOUNCE, Automatic.AUTO, because, _told(body, mail), original_message_id(mail, body))
    return written


def classify_text(body: str) -> Triage:
    """The kind of a mail of which only the body is known: a bounce by its words, or a message."""
    if says_so(body):
        recipients = _told(body[:LONGEST_BODY])
        because = "Its words are those of a mail system about a mail that did not arrive"
        return Triage(Kind.BOUNCE, Automatic.AUTO, because, recipients, quoted_message_id(body[:LONGEST_BODY]))
    return Triage(Kind.MESSAGE, Automatic.HUMAN, "No sign of a machine or a list")


def _told(body: str, mail: Mail | None = None) -> tuple[ReportedRecipient, ...]:
    """Whom a notice names: in fields like those of a report where it has such, else in its words."""
    return recipients_in_words(body) or notified_recipients(body, mail)


def _body(mail: Mail) -> str:
    return mail.text[:LONGEST_BODY] if mail.text.strip() else text_of(mail.html[:LONGEST_BODY])


def _report(mail: Mail) -> Triage | None:
    """A report by its parts (RFC 3464, RFC 8098), or None where there are none."""
    parts = status_parts(mail)
    if parts and (mail.content_type == "multipart/report" or comes_from_mail_system(mail)):
        body = _body(mail)
        recipients = reported_recipients(parts, body)
        if not recipients:
            recipients = _told(body, mail)
        original = original_message_id(mail, body)
        if recipients and not is_bad_news(recipients):
            because = "A delivery report (RFC 3464) in which nobody failed or waits"
            return Triage(Kind.REPORT, Automatic.AUTO, because, recipients, original)
        return Triage(Kind.BOUNCE, Automatic.AUTO, _of_whom(len(recipients)), recipients, original)
    if mail.report_type == "disposition-notification":
        because = "A note that the mail was shown to its reader (RFC 8098)"
        return Triage(Kind.REPORT, Automatic.AUTO, because, (), original_message_id(mail))
    if mail.report_type == "delivery-status":
        body = _body(mail)
        recipients = _told(body, mail)
        because = "It says that it is a delivery report (RFC 3464), its status part is missing"
        return Triage(Kind.BOUNCE, Automatic.AUTO, because, recipients, original_message_id(mail, body))
    return None


def _of_whom(count: int) -> str:
    if not count:
        return "A delivery report (RFC 3464) that names nobody readably"
    return f"A delivery report (RFC 3464) about {count} recipient{'s' if count > 1 else ''}"


def _submitted(mail: Mail) -> str:
    """The keyword of Auto-Submitted (RFC 3834 §5), or empty."""
    if "Auto-Submitted" not in mail.headers:
        return ""
    return mail.headers.first("Auto-Submitted").partition(";")[0].strip().lower()


def _answers_by_itself(mail: Mail) -> bool:
    return bool(is_auto_reply(mail, _submitted(mail)))


def _written(mail: Mail) -> Triage:
    """What is neither report nor bounce: an automatic answer or a message."""
    submitted = _submitted(mail)
    because = is_auto_reply(mail, submitted)
    if because:
        return Triage(Kind.AUTO_REPLY, Automatic.AUTO, because)
    automatic, because = _author_kind(mail, submitted)
    return Triage(Kind.MESSAGE, automatic, because)


def _author_kind(mail: Mail, submitted: str) -> tuple[Automatic, str]:
    headers = mail.headers
    if submitted and submitted != "no":
        return Automatic.AUTO, f"Auto-Submitted says {submitted[:60]} (RFC 3834)"
    if mail.attachments and (because := calendar_answer(mail)):
        return Automatic.AUTO, because
    for name in _LIST_HEADERS:
        if name in headers:
            return Automatic.LIST, f"{name} tells of a list (RFC 2369, RFC 2919)"
    if "Precedence" in headers:
        precedence = headers.first("Precedence").strip().lower()
        if precedence == "list":
            return Automatic.LIST, "Precedence says list"
        if precedence in ("bulk", "junk"):
            return Automatic.AUTO, f"Precedence says {precedence}"
    sender = headers.raw("From")
    if sender and _NO_REPLY.search(sender[0][:500]):
        return Automatic.AUTO, "The sender takes no answers"
    if "X-Loop" in headers and _was_here_before(mail):
        return Automatic.LOOP, "X-Loop names a recipient: the mail has been there before"
    if "X-Auto-Response-Suppress" in headers and headers.first("X-Auto-Response-Suppress").strip().lower() != "none":
        return Automatic.SUPPRESS, "X-Auto-Response-Suppress asks that no machine answers"
    return Automatic.HUMAN, "No sign of a machine or a list"


def _was_here_before(mail: Mail) -> bool:
    recipients = {address.email for address in (*mail.to, *mail.cc)}
    marks = (value for line in mail.headers.unfolded("X-Loop") for value in parse_addresses(line))
    return any(mark.email in recipients for mark in marks)
