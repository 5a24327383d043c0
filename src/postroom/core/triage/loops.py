"""Mail of ours that comes back: recognised by the mark that everything we send carries."""

from __future__ import annotations

from collections.abc import Collection

from postroom.core.message.mail import Mail

INSTANCE_HEADER = "X-Postroom-Instance"


def is_own(mail: Mail, instances: Collection[str]) -> str:
    """A sentence saying why `mail` is one that this instance sent, under one of its ids, or empty.

    A delivery report about our mail holds our header only inside its parts, so it is not taken for our own.
    """
    if INSTANCE_HEADER not in mail.headers:
        return ""
    named = {value.strip().lower() for value in mail.headers.all(INSTANCE_HEADER)} - {""}
    if not named.isdisjoint(one.strip().lower() for one in instances):
        return f"This instance sent the mail itself: {INSTANCE_HEADER} names it"
    return ""
