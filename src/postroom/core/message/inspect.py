"""An understood mail as the object that `postroom inspect` prints: one line of JSON for each mail."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from postroom.core.addresses import Address, local_mailboxes
from postroom.core.authentication.verdict import Verdict
from postroom.core.delivery.bounce_rules import Rules
from postroom.core.delivery.reported import Meaning, meaning
from postroom.core.message.forwards import Forwarded
from postroom.core.message.mail import Attachment, Mail
from postroom.core.message.understood import Understood
from postroom.core.triage.kinds import ReportedRecipient, Triage


def inspected(
    understood: Understood,
    seconds: float,
    file: str = "",
    verdict: Verdict | None = None,
    *,
    rules: Rules | None = None,
) -> dict[str, Any]:
    """The fields of `postroom inspect`; `seconds` is what understanding took. Without `rules` no report has a class;
    no `verdict`: nobody asked for one.
    """
    mail, triage = understood.mail, understood.triage
    return {
        "file": file,
        "kind": str(triage.kind),
        "automatic": str(triage.automatic),
        **mail_fields(mail),
        "reply": understood.split.own,
        "quoted": understood.split.quoted,
        "signature": understood.split.signature,
        "disclaimer": understood.split.disclaimer,
        "forwarded": _forwarded(understood.forwarded),
        "bounce": _bounce(triage, rules),
        "auth": _verdict(verdict) if verdict else {},
        "seconds": seconds,
        "error": None,
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    """How far From is believed, what was found (as RFC 8601 names results, empty where nobody asked), and why."""
    return {
        "level": verdict.level.value,
        "domain": verdict.domain,
        "means": verdict.means,
        "because": verdict.because,
        "spf": verdict.spf,
        "dkim": verdict.dkim,
        "dmarc": verdict.dmarc,
        "policy": verdict.policy,
        "arc": verdict.arc,
        "trace": list(verdict.trace),
    }


def mail_fields(mail: Mail) -> dict[str, Any]:
    """What was read of the mail itself."""
    return {
        "message_id": mail.message_id,
        "date": mail.date.isoformat().replace("+00:00", "Z") if mail.date else None,
        "subject": mail.subject,
        "from": [author.email for author in mail.authors or mail.local_authors],
        "from_name": [author.name for author in mail.authors or mail.local_authors],
        "to": [address.email for address in mail.to or _local(mail, "to")],
        "cc": [address.email for address in mail.cc or _local(mail, "cc")],
        "references": list(dict.fromkeys((*mail.references, *mail.in_reply_to))),
        "text": mail.plain_part,
        "html": mail.html,
        "attachments": [_attachment(one) for one in mail.attachments if not one.aside],
        "defects": list(mail.defects),
    }


def _local(mail: Mail, field: str) -> tuple[Address, ...]:
    return tuple(address for value in mail.headers.unfolded(field) for address in local_mailboxes(value))


def _forwarded(one: Forwarded | None) -> dict[str, str] | None:
    return None if one is None else asdict(one)


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


def _bounce(triage: Triage, rules: Rules | None) -> dict[str, Any]:
    return {
        "recipients": [_recipient(one, rules) for one in triage.recipients],
        "original_message_id": triage.original_message_id,
    }


def _recipient(one: ReportedRecipient, rules: Rules | None) -> dict[str, Any]:
    meant = meaning(one, rules) if rules else Meaning(None, one.status, address_is_dead=False)
    return {
        "recipient": one.address,
        "status": meant.status,
        "action": one.action,
        "class": "hard" if meant.address_is_dead else "soft",
        "reply_class": meant.reply.key if meant.reply else "",
        "reason": one.reason,
        "smtp": one.smtp,
    }
