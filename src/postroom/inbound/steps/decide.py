"""Step 4: decide, with nothing but what was read and gathered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from postroom.core.delivery.states import ArrivalState
from postroom.core.routing.chain import route
from postroom.core.routing.decision import Decision
from postroom.core.routing.explain import Step, explain_route, explain_within
from postroom.core.routing.facts import Facts
from postroom.inbound.models import InboundMail, Route
from postroom.inbound.work import Decided, Read

OPEN = frozenset({ArrivalState.ARRIVED, ArrivalState.CLAIMED, ArrivalState.RETRYING})


def decide(read: Read, facts: Facts, routes: Sequence[Route] = ()) -> Decided:
    """What becomes of one arrival; `routes` are those that it has from an earlier try."""
    mail, triage = read.understood.mail, read.understood.triage
    routing = route(mail, triage, facts)
    return Decided(
        read=read,
        facts=facts,
        routing=routing,
        done=tuple(r for r in routes if r.state not in OPEN),
        open=tuple(r for r in routes if r.state in OPEN),
    )


def _replay(arrival: InboundMail) -> str:
    lifted = " The loop limits do not apply to it." if arrival.limits_lifted else ""
    return f"Decided anew because {arrival.replayed_by} asked for it.{lifted}"


def trace_of(decided: Decided, decision: Decision) -> list[Step]:
    """The trace that the route of one decision keeps: nothing in it belongs to another company."""
    arrival, mail = decided.read.arrival, decided.read.understood.mail
    triage = decided.read.understood.triage
    steps = explain_within(decision.company, decided.routing, mail, triage, decided.facts)
    first = [{"step": "replay", "text": _replay(arrival)}] if arrival.replayed_by else []
    return [*first, *({"step": "defect", "text": text} for text in mail.defects), *explain_route(decision, steps)]


def decide_all(reads: Sequence[Read], facts: Sequence[Facts], routes: Mapping[int, list[Route]]) -> list[Decided]:
    """Every arrival of a batch decided."""
    return [decide(read, known, routes.get(read.arrival.pk, ())) for read, known in zip(reads, facts, strict=True)]
