"""News of a mail that a provider tells as JSON in a mail: Amazon SES through SNS, which is how it is set up first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from postroom.core.addresses import normalise
from postroom.core.message.mail import Mail
from postroom.core.message_ids import ids_in
from postroom.core.triage.kinds import Automatic, Kind, ReportedRecipient, Triage
from postroom.core.triage.refusals import one_line, read_refusal

LONGEST = 256 * 1024  # characters
PROVIDERS = ("amazonses.com", "amazonaws.com")  # whose mails these are; anybody else may quote one in a letter
MOST_RECIPIENTS = 1000

_KINDS = {"bounce": Kind.BOUNCE, "complaint": Kind.COMPLAINT, "delivery": Kind.REPORT}
_LISTS = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients", "delivery": "recipients"}


def notified(mail: Mail) -> Triage | None:
    """What such a notification says, or None where the mail is none; total."""
    if not mail.text.startswith("{") or not any(_is_provider(one.domain) for one in mail.authors):
        return None
    news = _news(mail.text)
    what = str(news.get("notificationType") or news.get("eventType") or "").lower()
    about = news.get(what)
    if what not in _KINDS or not isinstance(about, Mapping):
        return None
    listed = about.get(_LISTS[what])
    found: dict[str, ReportedRecipient] = {}
    for one in listed[:MOST_RECIPIENTS] if isinstance(listed, list) else ():
        recipient = _recipient(what, one if isinstance(one, Mapping) else {"emailAddress": one})
        found.setdefault(recipient.address, recipient)
    found.pop("", None)
    because = f"A notification of {what} in the form of Amazon SES"
    return Triage(_KINDS[what], Automatic.AUTO, because, tuple(found.values()), _original(news.get("mail")))


def _is_provider(domain: str) -> bool:
    return any(domain == one or domain.endswith(f".{one}") for one in PROVIDERS)


def _news(body: str) -> Mapping[str, Any]:
    """The object that the body is; where another wraps it as the text of its Message, the inner one."""
    outer = _object(body)
    inner = outer.get("Message")
    return _object(inner) if isinstance(inner, str) else outer


def _object(text: str) -> Mapping[str, Any]:
    text = text[:LONGEST].lstrip()
    if not text.startswith("{"):
        return {}
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    ends = not (rest := text[end:].strip()) or rest.startswith("--")  # SNS says below how to hear no more
    return value if ends and isinstance(value, dict) else {}


def _recipient(what: str, one: Mapping[str, Any]) -> ReportedRecipient:
    address = normalise(str(one.get("emailAddress", ""))[:320])
    if what == "delivery":
        return ReportedRecipient(address, action="delivered")
    if what == "complaint":
        return ReportedRecipient(address)
    words = str(one.get("diagnosticCode", "")).removeprefix("smtp;")
    refusal = read_refusal(f"{one.get('status', '')} {words}"[:2000])
    action = "delayed" if one.get("action") == "delayed" else "failed"
    return ReportedRecipient(address, refusal.status, action, refusal.smtp, one_line(words), refusal.phase)


def _original(mail: object) -> str:
    """The Message-ID of the mail as we wrote it, where the notification has its header."""
    headers = mail.get("headers") if isinstance(mail, Mapping) else None
    named: Iterable[Any] = headers if isinstance(headers, list) else ()
    for one in named:
        if isinstance(one, Mapping) and str(one.get("name", "")).lower() == "message-id":
            return next(iter(ids_in(str(one.get("value", ""))[:1000])), "")
    return ""
