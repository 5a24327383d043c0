"""What kind of mail this is."""

from __future__ import annotations

from postroom.core.message.mail import Mail
from postroom.core.triage.kinds import Automatic, Kind, Triage


def classify(mail: Mail) -> Triage:
    """The kind of `mail`, who wrote it, and why; total."""
    headers = mail.headers
    if mail.report_type == "delivery-status":
        return Triage(Kind.BOUNCE, Automatic.AUTO, "It is a delivery report (RFC 3464)")
    if mail.report_type == "feedback-report":
        return Triage(Kind.COMPLAINT, Automatic.AUTO, "It is a complaint (RFC 5965)")
    submitted = headers.first("Auto-Submitted").partition(";")[0].strip().lower()
    if submitted.startswith("auto-replied"):
        return Triage(Kind.AUTO_REPLY, Automatic.AUTO, "Auto-Submitted says auto-replied (RFC 3834)")
    if submitted and submitted != "no":
        return Triage(Kind.MESSAGE, Automatic.AUTO, f"Auto-Submitted says {submitted} (RFC 3834)")
    if "List-Id" in headers:
        return Triage(Kind.MESSAGE, Automatic.LIST, "List-Id names a list (RFC 2919)")
    return Triage(Kind.MESSAGE, Automatic.HUMAN, "No sign of a machine or a list")


def classify_text(body: str) -> Triage:
    """The kind of a mail of which only the body is known."""
    return Triage(Kind.MESSAGE, Automatic.HUMAN, "No sign of a delivery report")
