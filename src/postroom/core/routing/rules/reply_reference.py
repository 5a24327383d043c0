"""An answer that names a message we know goes to that message's thread."""

from __future__ import annotations

from postroom.core.routing.answers import answer, reached_in
from postroom.core.routing.decision import Decision
from postroom.core.routing.facts import Facts
from postroom.core.routing.rule import Arriving, spoken


def reply_reference(arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """The newest reference that we know wins, whichever address the answer was sent to."""
    for known in facts.referred:
        reached = reached_in(known.thread, facts)
        if reached:
            why = f"Answers a message of {spoken(known.thread.record)}, known by its Message-ID <{known.message_id}>."
            return answer(arriving, facts, known.thread, reached, by="reference", why=why)
    if facts.referred:
        return "The messages that it refers to belong to companies that it was not sent to: they do not count."
    if arriving.mail.references or arriving.mail.in_reply_to:
        return "Refers to other messages, but to none that we know."
    return "Refers to no other message."
