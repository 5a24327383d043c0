"""An answer to an address that carries a token goes to the thread that the token names."""

from __future__ import annotations

from postroom.core.routing.answers import answer, reached_in
from postroom.core.routing.decision import Decision
from postroom.core.routing.facts import Facts
from postroom.core.routing.rule import Arriving, companies, sentence, spoken, token_thread


def reply_token(arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """The first valid token whose thread belongs to a company of its address; further ones are asked for afterwards."""
    passed = []
    for recipient in facts.recipients:
        thread = recipient.token_thread
        if thread is None:
            if recipient.token_problem:
                passed.append(f"{recipient.address} names no message: {sentence(recipient.token_problem)}")
            continue
        if thread.company not in companies(recipient):
            passed.append(f"The token of {recipient.address} names a thread of another company: it does not count.")
            continue
        reached = reached_in(thread, facts)
        reached = [r for r in reached if (token_thread(r) or thread).id == thread.id]
        why = f"Answers a message of {spoken(thread.record)}, named by the token in {recipient.address}."
        return answer(arriving, facts, thread, reached, by="token", why=why)
    return " ".join(passed) or "No recipient address carries a token."
