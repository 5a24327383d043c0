"""The trace in words: what came, what was asked, what was decided, for a person who has to answer for it."""

from __future__ import annotations

from dataclasses import replace

from postroom.core.message.mail import Mail
from postroom.core.routing.chain import route
from postroom.core.routing.decision import CameBack, Create, Decision, Hold, Ignore, Refuse, Reply, Report, Routing
from postroom.core.routing.facts import Facts, Part, Recipient
from postroom.core.routing.rule import listed, spoken, token_thread
from postroom.core.trace import Step
from postroom.core.triage.kinds import Triage

_PARTS = {
    Part.ALIAS: "an alias",
    Part.CATCHALL: "the catchall, which collects answers",
    Part.BOUNCE: "a bounce address, which collects reports",
    Part.NOTIFICATIONS: "the address that notifications are sent from",
    Part.POSTMASTER: "the administrator's address",
    Part.UNKNOWN: "a name that nobody here has",
    Part.FOREIGN: "not at a domain of ours",
}
_OTHERS = "its token is that of another company"
_MOST = 20  # recipients written out; a mail may have hundreds


def explain(routing: Routing, mail: Mail, triage: Triage, facts: Facts) -> list[Step]:
    """The whole way of one mail as `{"step": …, "text": …}`, in the order in which it was taken."""
    steps = [{"step": "sender", "text": _sender(mail, facts)}]
    steps += facts.sender.evidence
    steps += [{"step": "recipient", "text": _recipient(r)} for r in facts.recipients[:_MOST]]
    if len(facts.recipients) > _MOST:
        steps.append({"step": "recipient", "text": f"And {len(facts.recipients) - _MOST} more recipients."})
    steps.append({"step": "kind", "text": triage.because})
    steps += [{"step": asked.rule, "text": asked.said} for asked in routing.trace]
    steps += [outcome(decision) for decision in routing.decisions]
    return steps


def explain_within(company: int, routing: Routing, mail: Mail, triage: Triage, facts: Facts) -> list[Step]:
    """The same as one company may read it: as if the mail had come for that company's recipients alone.

    The whole trace where no other company has a part in it, and for company 0, which stands for the instance.
    """
    if not company or all(decision.company == company for decision in routing.decisions):
        return explain(routing, mail, triage, facts)
    narrowed = _narrowed(company, routing, facts)
    return explain(route(mail, triage, narrowed), mail, triage, narrowed)


def explain_route(decision: Decision, steps: list[Step]) -> list[Step]:
    """The trace as one route keeps it: the common steps, and of the outcomes only its own."""
    return [step for step in steps if step["step"] != "outcome"] + [outcome(decision)]


def outcome(decision: Decision) -> Step:
    """One decision in a sentence."""
    return {"step": "outcome", "text": _outcome(decision)}


def _narrowed(company: int, routing: Routing, facts: Facts) -> Facts:
    own = {address for d in routing.decisions if d.company == company for address in d.recipients}
    sender = replace(
        facts.sender,
        contacts=tuple(pair for pair in facts.sender.contacts if pair[0] == company),
        members_of=tuple(member for member in facts.sender.members_of if member == company),
        colleague_of=tuple(member for member in facts.sender.colleague_of if member == company),
    )
    return replace(
        facts,
        recipients=tuple(_without_others(company, r) for r in facts.recipients if r.address in own),
        referred=tuple(known for known in facts.referred if known.thread.company == company),
        sender=sender,
    )


def _without_others(company: int, recipient: Recipient) -> Recipient:
    if recipient.token_thread is None or recipient.token_thread.company == company:
        return recipient
    return replace(recipient, token_thread=None, token_problem=_OTHERS)


def _sender(mail: Mail, facts: Facts) -> str:
    author = mail.author
    said = f"Says it is from {author.email}" if author else "Names no author"
    envelope = f", handed over by {facts.envelope_sender}" if facts.envelope_sender else ""
    if facts.sender.is_ours:
        return f"{said}{envelope}. That is one of our own addresses."
    if facts.sender.named_at:
        proved = "" if facts.sender.verified else " Who wrote it is not verified."
        return f"{said}{envelope}. A member has that address.{proved}"
    if facts.sender.contacts:
        return f"{said}{envelope}. A contact has that address."
    return f"{said}{envelope}. Nobody known has that address."


def _recipient(recipient: Recipient) -> str:
    said = f"{recipient.address} is {_PARTS[recipient.part]}"
    if recipient.alias is not None:
        said += f" for {recipient.alias.record_type}"
        if recipient.alias.address not in (recipient.address, recipient.base):
            said += f" ({recipient.alias.address})"
    if recipient.retired:
        said += f"; {recipient.retired} was retired and still works"
    if thread := token_thread(recipient):
        said += f"; its token names {spoken(thread.record)}"
    elif recipient.token_delivery:
        said += f"; its token names delivery {recipient.token_delivery}"
    return f"{said}."


def _outcome(decision: Decision) -> str:
    match decision:
        case Reply(by=by):
            return f"Posted in the conversation that was found by its {by}."
        case Create(record_type=record_type, recipients=recipients):
            by = f", by {listed(recipients)}" if recipients else ""
            return f"A new {record_type} is made{by}."
        case Report(original_message_id=original):
            about = f" about <{original}>" if original else ""
            return f"Taken as a report{about} and written on the mail that we sent, where it is known."
        case Refuse(code=code, words=words):
            return f"Refused: {code} {words}"
        case Hold(pair=pair):
            rest = " Only this sender is paused, and only here." if pair else ""
            return f"Held for a person.{rest}"
        case CameBack():
            return "Written down in the proof of its domain. No record and no message are made."
        case Ignore():
            return "Kept, and nothing else is done."
        case _:
            return decision.because
