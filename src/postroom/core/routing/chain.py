"""The order in which the rules are asked, and the one function that decides where a mail goes."""

from __future__ import annotations

from dataclasses import replace

from postroom.core.message.mail import Mail
from postroom.core.routing.decision import Asked, Decision, Routing
from postroom.core.routing.facts import Facts, Part, Recipient
from postroom.core.routing.rule import Arriving, Rule, listed
from postroom.core.routing.rules.alias_match import alias_match
from postroom.core.routing.rules.bounce_address import bounce_address
from postroom.core.routing.rules.catchall import catchall
from postroom.core.routing.rules.fallback import fallback
from postroom.core.routing.rules.filtered import filtered
from postroom.core.routing.rules.identity import identity
from postroom.core.routing.rules.loop_guard import loop_guard
from postroom.core.routing.rules.reply_reference import reply_reference
from postroom.core.routing.rules.reply_token import reply_token
from postroom.core.routing.trips import came_back
from postroom.core.triage.kinds import Triage

RULES: tuple[tuple[str, Rule], ...] = (
    ("loop guard", loop_guard),  # first: nothing may act on a mail of our own, whatever it answers or reports
    ("bounce address", bounce_address),  # a report quotes ids that we know; it must not be taken for an answer
    ("filter", filtered),  # what it takes for spam acts on nothing; reports about our own mail were read by then
    ("identity", identity),  # what says that it is from one of us must not act before that is settled
    ("reply token", reply_token),  # names one copy and survives rewritten ids, so it is surer than a reference
    ("reply reference", reply_reference),  # an answer belongs to its thread even where it was sent to an alias
    ("alias match", alias_match),  # answers nothing: what the address says
    ("catchall", catchall),  # only now is it certain that nothing proves it to be an answer
    ("fallback", fallback),  # last: it always decides
)


def route(mail: Mail, triage: Triage, facts: Facts) -> Routing:
    """Where a mail goes, and every rule that was asked.

    The first rule that decides wins for the recipients that it answers; if any are left (another company's, an unknown
    one) the rules are asked again for those. In the end each recipient stands in exactly one decision, and no two
    decisions have the same company and target. The order of the recipients does not matter.
    """
    arriving = Arriving(mail, triage)
    if (back := came_back(arriving, facts)) is not None:
        return back
    trace: list[Asked] = []
    decisions: list[Decision] = []
    left = _recipients(facts, trace)
    if left != facts.recipients:
        facts = replace(facts, recipients=left)
    while True:
        decided = _first(arriving, facts, trace)
        decisions += decided
        answered = {address for decision in decided for address in decision.recipients}
        left = tuple(r for r in left if r.address not in answered)
        if not left or not answered:
            return Routing(_distinct(decisions), tuple(trace))
        trace.append(
            Asked("the rest", f"Not answered yet: {listed(r.address for r in left)}. The rules are asked again.")
        )
        facts = replace(facts, recipients=left)


def _first(arriving: Arriving, facts: Facts, trace: list[Asked]) -> tuple[Decision, ...]:
    for name, rule in RULES:
        said = rule(arriving, facts)
        if isinstance(said, str):
            asked = Asked(name, said)
            if asked not in trace:  # for the rest of the recipients most rules say the same again
                trace.append(asked)
        else:
            trace.append(Asked(name, " ".join(decision.because for decision in said)))
            return said
    return ()


def _recipients(facts: Facts, trace: list[Asked]) -> tuple[Recipient, ...]:
    """Each address once, in a fixed order; from headers, only our own: other people's are not our business."""
    recipients = facts.recipients
    if facts.from_headers and any(r.part is Part.FOREIGN for r in recipients):
        others = sorted({r.address for r in recipients if r.part is Part.FOREIGN})
        recipients = tuple(r for r in recipients if r.part is not Part.FOREIGN)
        trace.append(Asked("recipients", f"Other servers answer for {listed(others)}."))
    if len(recipients) < 2:
        return recipients
    once = {r.address: r for r in recipients}
    return tuple(once[address] for address in sorted(once))


def _distinct(decisions: list[Decision]) -> tuple[Decision, ...]:
    """One decision per company and target: the first, which then answers the recipients of the others too."""
    if len(decisions) < 2:
        return tuple(decisions)
    kept: dict[tuple[int, str], Decision] = {}
    for decision in decisions:
        key = (decision.company, decision.target)
        first = kept.get(key)
        kept[key] = replace(first, recipients=first.recipients + decision.recipients) if first else decision
    return tuple(kept.values())
