"""News about mail that we sent: delivery reports, complaints, and whatever a machine writes to a bounce address."""

from __future__ import annotations

from postroom.core.routing.decision import Decision, Report
from postroom.core.routing.facts import Facts, Part
from postroom.core.routing.rule import Arriving, addresses, sentence, sole_company
from postroom.core.triage.kinds import Automatic, Kind

_NEWS = frozenset({Kind.BOUNCE, Kind.REPORT, Kind.COMPLAINT})


def bounce_address(arriving: Arriving, facts: Facts) -> tuple[Decision, ...] | str:
    """A report by its structure counts wherever it was sent; at a bounce address whatever no person wrote does."""
    triage = arriving.triage
    at_bounce = [r for r in facts.recipients if r.part is Part.BOUNCE]
    if triage.kind not in _NEWS:
        if not at_bounce:
            return "Not a report about a mail of ours, and not sent to a bounce address."
        if (
            triage.automatic is not Automatic.AUTO
            and triage.kind is not Kind.AUTO_REPLY
            and not _wants_no_answer(facts)
        ):
            return f"Sent to {at_bounce[0].address}, but neither a report nor written by a machine."
    named = [r for r in facts.recipients if r.token_delivery]
    of = (named or at_bounce or [*facts.recipients])[:1]
    because = triage.because
    if named:
        because += f" {named[0].address} names delivery {named[0].token_delivery}."
    elif at_bounce and at_bounce[0].token_problem:
        because += f" {at_bounce[0].address} names no delivery: {sentence(at_bounce[0].token_problem)}"
    report = Report(
        because,
        original_message_id=triage.original_message_id,
        delivery=named[0].token_delivery if named else 0,
        company_id=sole_company(of[0]) if of else 0,
        recipients=addresses(facts.recipients),
    )
    return (report,)


def _wants_no_answer(facts: Facts) -> bool:
    """Whether it came with the empty return path, which only notifications have (RFC 5321 §4.5.5)."""
    return not facts.from_headers and not facts.envelope_sender
