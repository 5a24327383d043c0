"""The kinds of mail, and what was recognised in one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from postroom.core.frozen import frozen

NEWS_IS_GOOD = frozenset(("delivered", "relayed", "expanded"))  # actions after which nothing is to do (RFC 3464 §2.3.3)


class Kind(StrEnum):
    """What a mail is, by its structure and headers (RFC 3464, 3834, 5965).

    A REPORT is news of a mail that needs nothing done: delivered, relayed, expanded, or shown to its reader (a
    disposition notification, RFC 8098).
    """

    MESSAGE = "message"
    AUTO_REPLY = "auto-reply"
    BOUNCE = "bounce"
    REPORT = "report"  # a delivery report in which no recipient failed or was delayed
    COMPLAINT = "complaint"


class Automatic(StrEnum):
    """Who wrote it, and how machines should behave towards it.

    `suppress` asks that no machine answers (X-Auto-Response-Suppress); `loop` names one of its own recipients as a
    place where it has been before (X-Loop). Both may be a person's words.
    """

    HUMAN = "human"
    AUTO = "auto"
    LIST = "list"
    SUPPRESS = "suppress"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class ReportedRecipient:
    """What a delivery report says of one recipient (RFC 3464 §2.3); what follows from it: `core.delivery.reported`.

    `status` is an enhanced code such as 5.1.1 (RFC 3463), the most telling one that somebody said; `action` is failed,
    delayed, delivered, relayed or expanded; `smtp` is the three-digit code; each is empty where nobody said it.
    `reason` is the server's own words, `besides` what the notice says to all; `phase` is what the server answered:
    `rcpt` the address, `data` the mail itself, empty where nobody says.
    """

    address: str
    status: str = ""
    action: str = ""
    smtp: str = ""
    reason: str = ""
    phase: str = ""
    besides: str = ""


@frozen
class Triage:
    """The kind of a mail and why; `because` is a sentence for the trace."""

    kind: Kind
    automatic: Automatic
    because: str
    recipients: tuple[ReportedRecipient, ...] = ()
    original_message_id: str = ""
