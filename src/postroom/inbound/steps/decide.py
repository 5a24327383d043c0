"""Step 4: decide, with nothing but what was read and gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from postroom.core.delivery.states import ArrivalState
from postroom.core.routing.chain import route
from postroom.core.routing.decision import Decision, Routing
from postroom.core.routing.explain import explain_route, explain_within
from postroom.core.routing.facts import Facts, Part
from postroom.core.trace import Step
from postroom.inbound.models import InboundMail, Route
from postroom.inbound.work import Decided, Read

OPEN = frozenset({ArrivalState.ARRIVED, ArrivalState.CLAIMED, ArrivalState.RETRYING})


def decide(read: Read, facts: Facts, routes: Sequence[Route] = ()) -> Decided:
    """What becomes of one arrival; `routes` are those that it has from an earlier try."""
    done = tuple(r for r in routes if r.state not in OPEN)
    left = _unanswered(facts, done)
    mail, triage = read.understood.mail, read.understood.triage
    return Decided(
        read=read,
        facts=facts,
        routing=route(mail, triage, left) if left else Routing((), ()),
        done=done,
        open=tuple(r for r in routes if r.state in OPEN),
    )


def _unanswered(facts: Facts, done: Sequence[Route]) -> Facts | None:
    """The facts without the recipients that settled routes answer: an address that leads elsewhere by now must not make
    the mail stand there a second time. None where nobody is left.
    """
    answered = {address for route in done for address in route.recipients}
    if not answered:
        return facts
    left = tuple(r for r in facts.recipients if r.address not in answered)
    ours = [r for r in left if not (facts.from_headers and r.part is Part.FOREIGN)]
    return replace(facts, recipients=left) if ours else None


def _replay(arrival: InboundMail) -> str:
    lifted = " The loop limits do not apply to it." if arrival.limits_lifted else ""
    return f"Decided anew because {arrival.replayed_by} asked for it.{lifted}"


def trace_of(decided: Decided, decision: Decision) -> list[Step]:
    """The trace that the route of one decision keeps: nothing in it belongs to another company."""
    arrival, mail = decided.read.arrival, decided.read.understood.mail
    triage = decided.read.understood.triage
    steps = explain_within(decision.company, decided.routing, mail, triage, decided.facts)
    marks = [{"step": "from", "text": f"{mark.text} {mark.advice}"} for mark in decided.marks(decision.company)]
    first = [{"step": "replay", "text": _replay(arrival)}] if arrival.replayed_by else []
    defects = [{"step": "defect", "text": text} for text in mail.defects]
    return [*first, *defects, *marks, *explain_route(decision, steps)]


def decide_all(reads: Sequence[Read], facts: Sequence[Facts], routes: Mapping[int, list[Route]]) -> list[Decided]:
    """Every arrival of a batch decided."""
    return [decide(read, known, routes.get(read.arrival.pk, ())) for read, known in zip(reads, facts, strict=True)]
