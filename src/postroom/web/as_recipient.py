"""A reply as the recipient of a copy would send it: composed as their mail program would, and handed to our listener
by real SMTP. Its options take away what some providers take away.
"""

from __future__ import annotations

import ipaddress
import smtplib
from dataclasses import dataclass
from datetime import datetime

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.mail import Mail
from postroom.core.message.render import render
from postroom.infra.config import config

SECONDS = 10.0  # that the listener may take for each answer
LONGEST_QUOTE = 20_000  # characters of the copy that are quoted


@dataclass(frozen=True, slots=True)
class Answer:
    """What the listener said: its reply code (0: there was none) and its words."""

    code: int = 0
    words: str = ""
    problem: str = ""

    @property
    def taken(self) -> bool:
        return 200 <= self.code < 300


def listens_here() -> bool:
    """Whether our own listener is on a loopback address, so that nobody outside is at the other end."""
    host = config().smtp_host.strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def answer_of(
    mail: Mail, writer: Address, to: Address, text: str, *, references: bool, message_id: str, at: datetime
) -> Draft:
    """The reply of `writer` to a copy; without `references` nothing in its headers names the copy."""
    named = (*mail.references, mail.message_id) if mail.message_id else mail.references
    return Draft(
        author=writer,
        to=(to,),
        subject=mail.subject if mail.subject[:3].lower() == "re:" else f"Re: {mail.subject}".strip(),
        text=f"{text.strip()}\n\n{_quoted(mail, at)}",
        message_id=message_id,
        date=at,
        in_reply_to=(mail.message_id,) if references and mail.message_id else (),
        references=named if references else (),
    )


def _quoted(mail: Mail, at: datetime) -> str:
    """The copy's words as mail programs quote them."""
    author = mail.author
    who = (author.name or author.email) if author else "you"
    lines = mail.text[:LONGEST_QUOTE].strip().splitlines()
    head = f"On {mail.date or at:%a, %d %b %Y at %H:%M}, {who} wrote:"
    return "\n".join([head, *(f"> {line}".rstrip() for line in lines)])


def hand_over(draft: Draft) -> Answer:
    """Send the reply to our own listener by SMTP (RFC 5321) and return what it said."""
    own = config()
    try:
        with smtplib.SMTP(own.smtp_host, own.smtp_port, timeout=SECONDS) as session:
            return _spoken(session, draft)
    except smtplib.SMTPResponseException as refused:
        return Answer(refused.smtp_code, _words(refused.smtp_error))
    except UnicodeError:
        return Answer(problem=f"the listener does not take addresses such as {draft.author.email}")
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return Answer(problem=str(error) or type(error).__name__)


def _spoken(session: smtplib.SMTP, draft: Draft) -> Answer:
    """One mail; the answer to its end, or the first refusal before."""
    session.ehlo_or_helo_if_needed()
    international = not (draft.author.email + draft.to[0].email).isascii()
    options = ["SMTPUTF8"] if international and session.has_extn("smtputf8") else []
    if options:
        session.command_encoding = "utf-8"
    code, words = session.mail(draft.author.email, options)
    if code < 300:
        code, words = session.rcpt(draft.to[0].email)
    if code < 300:
        code, words = session.data(render(draft))
    return Answer(code, _words(words))


def _words(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
