"""Loop limits: how much one sender may do by one alias or in one thread before mail waits for a person."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.core.routing.facts import AliasFact, Facts, Part, Recipient, ThreadFact
from postroom.core.routing.rule import spoken


def over_alias(alias: AliasFact, facts: Facts) -> str:
    """Why one more record by this alias has to wait, or empty."""
    limit = facts.limits.per_alias
    if facts.released or alias.sender_is_free or limit <= 0 or alias.created_by_sender < limit:
        return ""
    return (
        f"{facts.sender.email or 'The sender'} made {alias.created_by_sender} records by {alias.address} within"
        f" {facts.limits.period} minutes, and {limit} are allowed: this one waits for a person."
    )


def over_thread(thread: ThreadFact, facts: Facts) -> str:
    """Why one more answer in this thread has to wait, or empty."""
    limit = facts.limits.per_thread
    if facts.released or limit <= 0 or thread.replies_by_sender < limit or _is_free(thread, facts):
        return ""
    return (
        f"{facts.sender.email or 'The sender'} sent {thread.replies_by_sender} mails to {spoken(thread.record)} within"
        f" {facts.limits.period} minutes without a member's message in between, and {limit} are allowed:"
        " this one waits for a person."
    )


def is_echo(reached: Sequence[Recipient], facts: Facts) -> str:
    """Why a mail to the catchall alone has to wait as an echo of an earlier one, or empty."""
    if facts.released or not facts.echo_of or any(r.part is not Part.CATCHALL for r in reached):
        return ""
    return f"An echo: the same sender wrote the same words before ({facts.echo_of}). It waits for a person."


def _is_free(thread: ThreadFact, facts: Facts) -> bool:
    if thread.sender_is_free:
        return True
    own = (r.alias for r in facts.recipients if r.alias is not None and r.alias.company == thread.company)
    return any(alias.sender_is_free for alias in own if alias.record_type == thread.record_type)
