"""Mail of ours that comes back: recognised by the mark that everything we send carries."""

from __future__ import annotations

from postroom.core.message.mail import Mail

INSTANCE_HEADER = "X-Postroom-Instance"


def is_own(mail: Mail, instance: str) -> str:
    """A sentence saying why `mail` is one that this instance sent, or empty.

    A delivery report about our mail holds our header only inside its parts, so it is not taken for our own.
    """
    if not instance or INSTANCE_HEADER not in mail.headers:
        return ""
    if instance.strip().lower() in (value.strip().lower() for value in mail.headers.all(INSTANCE_HEADER)):
        return f"This instance sent the mail itself: {INSTANCE_HEADER} names it"
    return ""
