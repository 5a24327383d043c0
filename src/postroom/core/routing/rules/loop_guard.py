"""A mail of our own that comes back is kept and not acted upon."""

from __future__ import annotations

from postroom.core.routing.decision import Decision, Ignore
from postroom.core.routing.facts import Facts
from postroom.core.routing.rule import Arriving, addresses


def loop_guard(arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """Ours by its Message-ID or by the mark that every mail of this instance carries."""
    own = facts.own_mail
    if not own and facts.seen_outbound:
        own = f"A mail of ours came back: its Message-ID <{arriving.mail.message_id}> is one that we sent."
    if not own:
        return "Not a mail of our own coming back."
    return (Ignore(own, recipients=addresses(facts.recipients)),)
