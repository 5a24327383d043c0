"""Mail that goes in circles: ours that comes back, by the mark that everything we send carries, and other people's."""

from __future__ import annotations

from collections.abc import Collection

from postroom.core.message.mail import Mail

INSTANCE_HEADER = "X-Postroom-Instance"
MOST_HOPS = 100  # Received fields of one mail: the fewest that RFC 5321 §6.3 lets pass


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


def goes_round(mail: Mail) -> str:
    """A sentence saying that more servers handed `mail` on than any way to us has, or empty (RFC 5321 §6.3)."""
    hops = len(mail.headers.raw("received"))
    return f"{hops} servers handed it on: it goes in circles (RFC 5321 §6.3)." if hops > MOST_HOPS else ""
