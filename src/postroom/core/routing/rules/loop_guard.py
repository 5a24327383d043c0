"""A mail of our own that comes back is kept and not acted upon; one that goes in circles waits for a person."""

from __future__ import annotations

from postroom.core.routing.decision import Decision, Hold, Ignore
from postroom.core.routing.facts import Facts, Recipient
from postroom.core.routing.rule import Arriving, addresses, sole_company
from postroom.core.triage.loops import goes_round


def loop_guard(arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """Ours by its Message-ID or by the mark that every mail of this instance carries; in circles by its Received."""
    own = facts.own_mail
    if not own and facts.seen_outbound:
        own = f"A mail of ours came back: its Message-ID <{arriving.mail.message_id}> is one that we sent."
    if own:
        return (Ignore(own, recipients=addresses(facts.recipients)),)
    circles = "" if facts.released else goes_round(arriving.mail)
    if circles:
        return _held(facts, circles)
    return "Not a mail of our own coming back."


def _held(facts: Facts, because: str) -> tuple[Decision, ...]:
    """One decision a company, so that its people see it."""
    reached: dict[int, list[Recipient]] = {}
    for recipient in facts.recipients:
        reached.setdefault(sole_company(recipient), []).append(recipient)
    return tuple(
        Hold(because, recipients=addresses(to), about="none:loop", company_id=company)
        for company, to in sorted(reached.items())
    ) or (Hold(because, about="none:loop"),)
