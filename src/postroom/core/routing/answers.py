"""What becomes of a mail that answers a known thread, found by token or by reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from postroom.core.message.forwards import Claim, subject_claims
from postroom.core.routing.creation import by_aliases
from postroom.core.routing.decision import Decision, Hold, Reply
from postroom.core.routing.facts import Facts, Part, Recipient, ThreadFact
from postroom.core.routing.limits import is_echo, over_thread
from postroom.core.routing.rule import Arriving, addresses, companies, listed, spoken, token_thread
from postroom.core.routing.standing import answers_note, learnt, standing_of
from postroom.core.triage.kinds import Kind

OTHER_KIND = "It is also addressed to another kind of record, so it was forwarded there and not to"
PASSED_ON = "But its subject says that it is forwarded, and a forward is no answer: it goes to the alias and not to"


def reached_in(thread: ThreadFact, facts: Facts) -> list[Recipient]:
    """The recipients by which this mail may reach the thread: addresses of its own company. None: it does not count."""
    return [r for r in facts.recipients if thread.company in companies(r)]


def answer(
    arriving: Arriving, facts: Facts, thread: ThreadFact, reached: Sequence[Recipient], *, by: str, why: str
) -> tuple[Decision, ...]:
    """A message in the thread; or, where the mail is also addressed to an alias of another record type, or its subject
    says that it is passed on to an alias, a forward: then that alias alone acts. The answer to a note stays a note and
    is never a forward; nor is what carries a token of the thread for its subject alone.
    """
    internal = answers_note(thread, facts)
    passed_on = by == "reference" and subject_claims(arriving.mail.subject) is Claim.FORWARD
    elsewhere = [] if internal else _elsewhere(arriving, thread, reached, any_type=passed_on)
    if elsewhere:
        there = {r.address for r in elsewhere}
        also = [r for r in reached if r.address not in there]
        note = PASSED_ON if passed_on else OTHER_KIND
        return tuple(_forwarded(d, thread, why, note) for d in by_aliases(arriving, facts, elsewhere, also))
    if over := over_thread(thread, facts) or is_echo(reached, facts):
        pair = f"thread:{thread.id}"
        return (Hold(f"{why} {over}", recipients=addresses(reached), pair=pair, company_id=thread.company),)
    standing, believed = standing_of(thread, facts, by=by, internal=internal)
    new_id = learnt(arriving.mail, facts, thread, standing) if by == "token" else ""
    because = " ".join(filter(None, (why, believed, *_learns(new_id), *_makes_nothing(thread, reached))))
    return (
        Reply(
            because,
            thread=thread.id,
            company_id=thread.company,
            standing=standing,
            internal=internal,
            by=by,
            answers=thread.message,
            learns=new_id,
            recipients=addresses(reached),
        ),
    )


def _elsewhere(
    arriving: Arriving, thread: ThreadFact, reached: Sequence[Recipient], *, any_type: bool
) -> list[Recipient]:
    """Recipients that are aliases of another record type, or of any, unless they stand in Cc only or carry the thread's
    token.
    """
    if arriving.triage.kind is Kind.AUTO_REPLY:  # a machine answers, it forwards nothing
        return []
    return [r for r in reached if _is_elsewhere(thread, r, any_type=any_type) and not _is_copied_only(arriving, r)]


def _is_elsewhere(thread: ThreadFact, recipient: Recipient, *, any_type: bool) -> bool:
    if recipient.part is not Part.ALIAS or recipient.alias is None or token_thread(recipient) is not None:
        return False
    return any_type or recipient.alias.record_type != thread.record_type


def _is_copied_only(arriving: Arriving, recipient: Recipient) -> bool:
    names = {recipient.address, recipient.base, recipient.retired, recipient.alias.address if recipient.alias else ""}
    in_cc = any(a.email in names for a in arriving.mail.cc)
    return in_cc and not any(a.email in names for a in arriving.mail.to)


def _forwarded(decision: Decision, thread: ThreadFact, why: str, note: str) -> Decision:
    if decision.company != thread.company:  # companies that share a domain do not read of each other's records
        return decision
    return replace(decision, because=f"{why} {note} {spoken(thread.record)}. {decision.because}")


def _learns(new_id: str) -> list[str]:
    if not new_id:
        return []
    return [f"It quotes our message as <{new_id}>, the id that a server gave it on its way: from now on we know it."]


def _makes_nothing(thread: ThreadFact, reached: Sequence[Recipient]) -> list[str]:
    others = sorted({r.alias.address for r in reached if r.alias is not None and token_thread(r) is None})
    notes = [f"{r.retired} is a retired address that still works." for r in reached if r.retired]
    if others:
        notes.append(f"An answer makes no new record at {listed(others)}.")
    return notes
