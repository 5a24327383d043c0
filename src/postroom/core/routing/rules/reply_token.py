"""An answer to an address that carries a token goes to the thread that the token names."""

from __future__ import annotations

from postroom.core.routing.answers import answer, reached_in
from postroom.core.routing.decision import Decision
from postroom.core.routing.facts import Facts
from postroom.core.routing.rule import Arriving


def reply_token(arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """The first valid token whose thread belongs to a company written to; a further one is asked for afterwards."""
    passed = []
    for recipient in facts.recipients:
        thread = recipient.token_thread
        if thread is None:
            if recipient.token_problem:
                passed.append(f"The tag of {recipient.address} is no token of ours: {recipient.token_problem}")
            continue
        reached = reached_in(thread, facts)
        if not reached:
            passed.append(f"The token of {recipient.address} names a thread of another company: it does not count.")
            continue
        others = {r.address for r in reached if r.token_thread is not None and r.token_thread.id != thread.id}
        own = [r for r in reached if r.address not in others]
        why = f"Answers a message of {thread.record}, named by the token in {recipient.address}."
        return answer(arriving, facts, thread, own or reached, by="token", why=why)
    return " ".join(passed) or "No recipient address carries a token."
