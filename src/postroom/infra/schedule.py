"""Scheduled actions: what comes round, claimed by whichever worker is first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from postroom.infra.clock import now
from postroom.infra.logs import logger
from postroom.infra.models import ScheduledAction

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do every so many seconds; `do` says in a sentence what it did."""

    every_seconds: int
    do: Callable[[], str]


def run_due(actions: Mapping[str, Action]) -> int:
    """Run every action that is due and that no other worker took; returns how many."""
    at = now()
    ScheduledAction.objects.bulk_create(
        [ScheduledAction(key=key, every_seconds=action.every_seconds, due=at) for key, action in actions.items()],
        ignore_conflicts=True,
    )
    due = ScheduledAction.objects.filter(key__in=actions, due__lte=at, is_active=True)
    return sum(_run(row, actions[row.key]) for row in due)


def most_overdue() -> datetime | None:
    """When the action was due that comes first; None where there are none yet."""
    return ScheduledAction.objects.order_by("due").values_list("due", flat=True).first()


def _run(row: ScheduledAction, action: Action) -> bool:
    at = now()
    taken = ScheduledAction.objects.filter(key=row.key, due=row.due).update(
        due=at + timedelta(seconds=row.every_seconds), last_run_at=at
    )
    if not taken:
        return False
    try:
        result = action.do()
    except Exception as error:
        log.exception("scheduled action failed", action=row.key, exc_info=error)
        result = f"Failed: {type(error).__name__}: {error}"
    ScheduledAction.objects.filter(key=row.key).update(last_result=result)
    return True
