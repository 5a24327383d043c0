"""Step 5: act. A batch in one transaction that also writes every final state; if that fails, each route in its own."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from random import SystemRandom

from django.db import transaction

from postroom.core.delivery.retry import MAX_ATTEMPTS, backoff
from postroom.core.delivery.states import ArrivalState, worst
from postroom.core.errors import PostroomError
from postroom.core.routing.decision import CameBack, Create, Decision, Hold, Ignore, Refuse, Reply, Report
from postroom.domains.models import Alias
from postroom.inbound import effects
from postroom.inbound.effects import Act
from postroom.inbound.models import InboundMail, Route
from postroom.inbound.steps.decide import OPEN, trace_of
from postroom.inbound.work import Decided
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import insert, keep, update_rows
from postroom.infra.logs import logger
from postroom.records.record_types import BadDefaults

log = logger(__name__)

STATES: dict[type[Decision], ArrivalState] = {
    Create: ArrivalState.ROUTED,
    Reply: ArrivalState.ROUTED,
    Report: ArrivalState.REPORTED,
    CameBack: ArrivalState.REPORTED,
    Refuse: ArrivalState.REFUSED,
    Hold: ArrivalState.HELD,
    Ignore: ArrivalState.IGNORED,
}
SETTLED = [
    "state", "settled_at", "due", "attempts", "error", "company_id", "subject", "author_name", "author_email", "kind",
    "defects", "level", "verdict", "lease_token", "lease_until",
]  # fmt: skip
REUSED = ["company_id", "target", "content_key", "state", "because", "trace", "recipients", "error", "message",
          "settled_at", "attempts"]  # fmt: skip
LONGEST_ERROR = 2000
CHANCE = SystemRandom()


def enact(batch: Sequence[Decided], token: str) -> None:
    """Carry out what was decided about these arrivals, which the lease `token` still holds.

    An arrival whose lease was lost is left to whoever holds it now.

    Raises:
        DatabaseError: the database went away; nothing is lost, the leases run out.

    """
    tries = [decided.read.arrival.attempts for decided in batch]
    try:
        with transaction.atomic():
            _enact_together(batch, token)
    except Exception as error:  # noqa: BLE001 whatever one of them holds must not keep the others
        log.warning("batch failed, going one by one", mails=len(batch), error=repr(error))
        for decided, attempts in zip(batch, tries, strict=True):
            decided.read.arrival.attempts = attempts  # this is the same try still
            _enact_alone(decided, token)


def _enact_together(batch: Sequence[Decided], token: str) -> None:
    held = keep(InboundMail, token, [decided.read.arrival.pk for decided in batch])
    mine = [decided for decided in batch if decided.read.arrival.pk in held]
    acts = _carry_out(mine)
    of: dict[int, list[Act]] = {}
    for act in acts:
        of.setdefault(act.decided.read.arrival.pk, []).append(act)
    for decided in mine:
        routes = [*decided.done, *(act.route for act in of.get(decided.read.arrival.pk, ()))]
        _settle(decided, routes)
    update_rows(InboundMail, [decided.read.arrival for decided in mine], SETTLED)
    _tell(acts, mine)


def _carry_out(batch: Sequence[Decided]) -> list[Act]:
    """Within a transaction: every decision enacted and its route written in its final state."""
    acts = [act for decided in batch for act in _acts(decided)]
    fresh = _without_duplicates(acts)
    effects.find_threads(fresh)
    effects.count(fresh)
    effects.enact(fresh)
    for act in acts:
        _fill(act)
    known = [act.route for act in acts if act.reused]
    insert(act.route for act in acts if not act.reused)
    update_rows(Route, known, REUSED)
    return acts


def _acts(decided: Decided) -> list[Act]:
    """What is still to be done: a decision whose route is settled already is not repeated."""
    settled = {(route.company_id, route.target) for route in decided.done}
    wanted = {(decision.company, decision.target): decision for decision in decided.decisions}
    own = {key: route for route in decided.open if (key := (route.company_id, route.target)) in wanted}
    spare = [route for route in decided.open if route not in own.values()]
    acts = []
    for key, decision in wanted.items():
        if key in settled:
            continue
        route = own.get(key) or (spare.pop(0) if spare else None)
        # a copy, so that a transaction that fails leaves the original as the next try needs it
        row = copy(route) if route else Route(arrival=decided.read.arrival, created_at=now())
        acts.append(Act(decided, decision, row, reused=route is not None))
    if spare:  # the world changed since: what these were about is no longer decided
        Route.objects.filter(pk__in=[route.pk for route in spare]).delete()
    return acts


def _without_duplicates(acts: Sequence[Act]) -> list[Act]:
    """Those whose content has not come to their target before; the others' routes become duplicates.

    The unique index is the judge: two transactions that look at the same time can't both commit.
    """
    keys = {act.decided.read.content_key for act in acts}
    rows = Route.objects.filter(content_key__in=keys).exclude(state=ArrivalState.DUPLICATE)
    first = {
        (r.company_id, r.target, r.content_key): r
        for r in rows.only("company_id", "target", "content_key", "arrival_id")
    }
    fresh = []
    for act in acts:
        earlier = first.get((act.decision.company, act.decision.target, act.decided.read.content_key))
        if earlier is None or earlier.pk == act.route.pk:
            fresh.append(act)
        else:
            act.route.state = ArrivalState.DUPLICATE
            act.route.because = f"The same mail came before for the same target, as arrival {earlier.arrival_id}."
    return fresh


def _fill(act: Act) -> None:
    route, decision = act.route, act.decision
    if route.state != ArrivalState.DUPLICATE:
        route.state, route.because = STATES[type(decision)], decision.because
    route.company_id, route.target = decision.company, decision.target
    route.content_key = act.decided.read.content_key
    route.trace = trace_of(act.decided, decision)
    if route.state == ArrivalState.DUPLICATE:
        route.trace.append({"step": "duplicate", "text": route.because})
    route.recipients = list(decision.recipients)
    route.attempts += 1
    route.error = ""
    route.settled_at = now()


def _settle(decided: Decided, routes: Sequence[Route]) -> None:
    """The arrival's row as its routes leave it; a route that is tried again gives it a new time."""
    arrival, mail = decided.read.arrival, decided.read.understood.mail
    states = [ArrivalState(route.state) for route in routes]
    arrival.state = worst(states) if states else ArrivalState.IGNORED
    arrival.attempts += 1
    again = ArrivalState.RETRYING in states
    arrival.due = _next_try(arrival.attempts) if again else None
    arrival.settled_at = None if again else now()
    arrival.error = ""
    arrival.company_id = _company(decided)
    arrival.subject = mail.subject
    author = mail.author
    arrival.author_name, arrival.author_email = (author.name, author.email[:320]) if author else ("", "")
    arrival.kind = decided.read.understood.triage.kind
    arrival.defects = list(mail.defects)
    arrival.level, arrival.verdict = decided.read.level, decided.read.because
    arrival.lease_token, arrival.lease_until = "", None


def _next_try(attempts: int) -> datetime:
    return now() + timedelta(seconds=backoff(attempts, CHANCE.random()))


def _company(decided: Decided) -> int:
    """The one company whose mail this is, or 0."""
    companies = {c for recipient in decided.facts.recipients for c in recipient.companies}
    companies |= {decision.company for decision in decided.decisions if decision.company}
    return companies.pop() if len(companies) == 1 else 0


def _tell(acts: Sequence[Act], batch: Sequence[Decided]) -> None:
    news = [
        (act.decision.company, act.news, act.thread.record.ref)
        for act in acts
        if act.news and act.thread and act.route.state == ArrivalState.ROUTED
    ]
    tell(news + [(company, "arrival", str(d.read.arrival.pk)) for d in batch for company in _concerned(d)])


def _concerned(decided: Decided) -> set[int]:
    """Whose list of arrivals changes: each company that has a route of it, or its owner."""
    routed = {decision.company for decision in decided.routing.decisions}
    return routed | {decided.read.arrival.company_id}


def _enact_alone(decided: Decided, token: str) -> None:
    """Each route in a transaction of its own; one that fails does not undo the others.

    With each the try is noted on the arrival: cut off between two of them, the next try knows that there are routes.
    """
    routes = list(decided.done)
    for decision in decided.decisions:
        one = replace(decided, only=decision, open=_own(decided, decision))
        try:
            with transaction.atomic():
                if not _note_try(decided, token):
                    return
                acts = _carry_out([one])
                _tell(acts, ())
        except Exception as error:
            unexpected = None if isinstance(error, PostroomError) else error
            about = {"arrival": decided.read.arrival.pk, "target": decision.target}
            log.error("route failed", **about, error=_words(error), exc_info=unexpected)  # noqa: TRY400 as it may be ours
            failed = _write_failure(decided, decision, error, token)
            if failed is None:
                return
            routes.append(failed)
        else:
            routes += [act.route for act in acts]
    left = {route.pk for route in decided.open} - {route.pk for route in routes}
    with transaction.atomic():
        if keep(InboundMail, token, [decided.read.arrival.pk]):
            Route.objects.filter(pk__in=left).delete()
            _settle(decided, routes)
            update_rows(InboundMail, [decided.read.arrival], SETTLED)
            _tell((), [decided])


def _note_try(decided: Decided, token: str) -> bool:
    """Whether the lease still holds; if so, the row says that a try has begun."""
    arrival = decided.read.arrival
    held = keep(InboundMail, token, [arrival.pk])
    return bool(InboundMail.objects.filter(pk__in=held).update(attempts=arrival.attempts + 1))


def _own(decided: Decided, decision: Decision) -> tuple[Route, ...]:
    key = (decision.company, decision.target)
    return tuple(route for route in decided.open if (route.company_id, route.target) == key)


def _write_failure(decided: Decided, decision: Decision, error: Exception, token: str) -> Route | None:
    """The route as it failed: tried again, or waiting for a person once it was tried often enough. None where the lease
    was lost.
    """
    own = _own(decided, decision)
    route = copy(own[0]) if own else Route(arrival=decided.read.arrival, created_at=now(), attempts=0)
    act = Act(decided, decision, route)
    route.state = ""
    _fill(act)
    route.state = ArrivalState.FAILED if route.attempts >= MAX_ATTEMPTS else ArrivalState.RETRYING
    route.error = _words(error)
    route.because = f"{decision.because} That failed: {route.error}"
    route.trace.append({"step": "failed", "text": route.error})
    route.message, route.settled_at = None, None
    with transaction.atomic():
        if not _note_try(decided, token):
            return None
        route.save()
        if isinstance(error, BadDefaults) and isinstance(decision, Create):
            Alias.objects.filter(pk=decision.alias).update(health=Alias.Health.INVALID, health_reason=str(error))
    return route


def _words(error: Exception) -> str:
    """What went wrong: our own errors are sentences; of others, a person who asks for help needs the name too."""
    return (str(error) if isinstance(error, PostroomError) else f"{type(error).__name__}: {error}")[:LONGEST_ERROR]


def fail(arrival: InboundMail, token: str, error: Exception) -> None:
    """An arrival that could not even be read: tried again, then waiting for a person; its bytes are kept."""
    with transaction.atomic():
        if not keep(InboundMail, token, [arrival.pk]):
            return
        arrival.attempts += 1
        again = arrival.attempts < MAX_ATTEMPTS
        arrival.state = ArrivalState.RETRYING if again else ArrivalState.FAILED
        arrival.due = _next_try(arrival.attempts) if again else None
        arrival.settled_at = None if again else now()
        arrival.error = _words(error)
        arrival.lease_token, arrival.lease_until = "", None
        update_rows(InboundMail, [arrival], SETTLED)
        Route.objects.filter(arrival=arrival, state__in=OPEN).update(
            state=arrival.state, error=arrival.error, settled_at=arrival.settled_at
        )
        tell([(arrival.company_id, "arrival", str(arrival.pk))])
