"""The trace in words: what came, what was asked, what was decided, for a person who has to answer for it."""

from __future__ import annotations

from postroom.core.message.mail import Mail
from postroom.core.routing.decision import Create, Decision, Hold, Ignore, Refuse, Reply, Report, Routing
from postroom.core.routing.facts import Facts, Part, Recipient
from postroom.core.triage.kinds import Triage

Step = dict[str, str]

_PARTS = {
    Part.ALIAS: "an alias",
    Part.CATCHALL: "the catchall, which collects answers",
    Part.BOUNCE: "a bounce address, which collects reports",
    Part.NOTIFICATIONS: "the address that notifications are sent from",
    Part.POSTMASTER: "the administrator's address",
    Part.UNKNOWN: "a name that nobody here has",
    Part.FOREIGN: "not at a domain of ours",
}
_MOST = 20  # recipients written out; a mail may have hundreds


def explain(routing: Routing, mail: Mail, triage: Triage, facts: Facts) -> list[Step]:
    """The whole way of one mail as `{"step": …, "text": …}`, in the order in which it was taken."""
    steps = [{"step": "sender", "text": _sender(mail, facts)}]
    steps += [{"step": "recipient", "text": _recipient(r)} for r in facts.recipients[:_MOST]]
    if len(facts.recipients) > _MOST:
        steps.append({"step": "recipient", "text": f"And {len(facts.recipients) - _MOST} more recipients."})
    steps.append({"step": "kind", "text": triage.because})
    steps += [{"step": asked.rule, "text": asked.said} for asked in routing.trace]
    steps += [outcome(decision) for decision in routing.decisions]
    return steps


def explain_route(decision: Decision, steps: list[Step]) -> list[Step]:
    """The trace as one route keeps it: the common steps, and of the outcomes only its own."""
    return [step for step in steps if step["step"] != "outcome"] + [outcome(decision)]


def outcome(decision: Decision) -> Step:
    """One decision in a sentence."""
    return {"step": "outcome", "text": _outcome(decision)}


def _sender(mail: Mail, facts: Facts) -> str:
    author = mail.author
    said = f"Says it is from {author.email}" if author else "Names no author"
    envelope = f", handed over by {facts.envelope_sender}" if facts.envelope_sender else ""
    if facts.sender.is_ours:
        return f"{said}{envelope}. That is one of our own addresses."
    if facts.sender.members_of:
        return f"{said}{envelope}. A member has that address; who wrote it is not verified."
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
    if recipient.token_thread is not None:
        said += f"; its token names {recipient.token_thread.record}"
    elif recipient.token_delivery:
        said += f"; its token names delivery {recipient.token_delivery}"
    return f"{said}."


def _outcome(decision: Decision) -> str:
    match decision:
        case Reply(thread=thread, by=by):
            return f"Posted in thread {thread}, found by {by}."
        case Create(record_type=record_type, alias=alias):
            return f"A new {record_type} is made by alias {alias}."
        case Report(original_message_id=original):
            about = f" about <{original}>" if original else ""
            return f"Taken as a report{about} and written on the mail that we sent, where it is known."
        case Refuse(code=code, words=words):
            return f"Refused: {code} {words}"
        case Hold(pair=pair):
            return f"Held for a person.{f' Only this sender and {pair} are paused.' if pair else ''}"
        case Ignore():
            return "Kept, and nothing else is done."
        case _:
            return decision.because
