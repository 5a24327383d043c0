"""An understood mail as the object that `postroom inspect` prints: one line of JSON for each mail."""

from __future__ import annotations

import hashlib
from typing import Any

from postroom.core.message.mail import Attachment, Mail
from postroom.core.message.understood import Understood
from postroom.core.triage.kinds import ReportedRecipient, Triage


def inspected(understood: Understood, seconds: float, file: str = "") -> dict[str, Any]:
    """The fields of `postroom inspect`; `seconds` is what understanding took."""
    mail, triage = understood.mail, understood.triage
    return {
        "file": file,
        "kind": str(triage.kind),
        "automatic": str(triage.automatic),
        **mail_fields(mail),
        "reply": understood.split.own,
        "quoted": understood.split.quoted,
        "bounce": _bounce(triage),
        "auth": {},
        "seconds": seconds,
        "error": None,
    }


def mail_fields(mail: Mail) -> dict[str, Any]:
    """What was read of the mail itself."""
    return {
        "message_id": mail.message_id,
        "date": mail.date.isoformat().replace("+00:00", "Z") if mail.date else None,
        "subject": mail.subject,
        "from": [author.email for author in mail.authors],
        "from_name": [author.name for author in mail.authors],
        "to": [address.email for address in mail.to],
        "cc": [address.email for address in mail.cc],
        "references": list(dict.fromkeys((*mail.references, *mail.in_reply_to))),
        "text": mail.plain_part,
        "html": mail.html,
        "attachments": [_attachment(one) for one in mail.attachments],
        "defects": list(mail.defects),
    }


def _attachment(one: Attachment) -> dict[str, Any]:
    """A file; its name is empty where the mail gave it none, since a made-up name says nothing of the mail."""
    return {
        "name": one.name if one.named else "",
        "type": one.content_type,
        "size": len(one.data),
        "sha256": hashlib.sha256(one.data).hexdigest(),
        "cid": one.content_id,
        "inline": one.inline,
    }


def _bounce(triage: Triage) -> dict[str, Any]:
    return {
        "recipients": [_recipient(one) for one in triage.recipients],
        "original_message_id": triage.original_message_id,
    }


def _recipient(one: ReportedRecipient) -> dict[str, Any]:
    return {
        "recipient": one.address,
        "status": one.status,
        "action": one.action,
        "class": "hard" if one.hard else "soft",
        "reason": one.reason,
        "smtp": one.smtp,
    }
