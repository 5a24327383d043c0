"""Whether the installation works: for monitors, without a token, and without a word about anybody's mail."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from postroom.api.schemas.health import Health
from postroom.core.delivery.waiting import TITLES, Reason
from postroom.inbound.selectors import oldest_waiting
from postroom.infra import schedule
from postroom.infra.clock import now
from postroom.infra.database.base import reachable
from postroom.outbound import selectors as outbound
from postroom.outbound.models import Lane
from postroom.outbound.queue.ages import late

router = Router(tags=["health"])

LONG = timedelta(minutes=2)  # for which mail may wait, and work that comes round may be late


@router.get("/health", auth=None, response={200: Health, 503: Health}, operation_id="health")
def health(request: HttpRequest) -> Status[Health]:
    """Whether the database answers, the worker works and no mail waits for long, in or out."""
    issues = _issues()
    status = HTTPStatus.SERVICE_UNAVAILABLE if issues else HTTPStatus.OK
    return Status(status, Health(healthy=not issues, issues=issues))


def _issues() -> list[str]:
    if reachable():
        return ["The database does not answer."]
    try:
        return [*_waiting(), *_unsent(), *_standing(), *_late()]
    except DatabaseError:
        return ["The database is not ready: its tables cannot be read."]


def _waiting() -> list[str]:
    """Mail that has not been settled for too long, though it could have been."""
    oldest = oldest_waiting(now())
    waited = now() - oldest if oldest else timedelta()
    if waited < LONG:
        return []
    return [f"Mail has been waiting for {_minutes(waited)}: see that a worker runs and what it logs."]


def _unsent() -> list[str]:
    """Copies that could have been sent for too long. What a server puts off is due later, and is none."""
    at = now()
    oldest = outbound.oldest_waiting(at)
    if oldest is None or at - oldest < LONG:
        return []
    return [f"Copies have been due for {_minutes(at - oldest)}: see that a worker runs and what it logs."]


def _standing() -> list[str]:
    """Lanes whose oldest copy waits for too long through trouble of our own: a server that is down, or too much before
    it. What limits or receivers put off is none.
    """
    found = [one for one in late() if one.reason in {Reason.SERVER_DOWN, Reason.TURN}]
    return [
        f"The oldest {Lane(one.lane).label} copy of a server has waited for {_minutes(now() - one.since)}:"
        f" {TITLES[Reason(one.reason)].lower()}."
        for one in found
    ]


def _late() -> list[str]:
    """Work that comes round is done by workers: late work is a worker that is not there."""
    due = schedule.most_overdue()
    late = now() - due if due else timedelta()
    if late < LONG:
        return []
    return [f"No worker has done what comes round for {_minutes(late)}: see that one runs."]


def _minutes(waited: timedelta) -> str:
    return f"{int(waited.total_seconds() // 60)} minutes"
