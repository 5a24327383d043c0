"""Scheduled actions: what comes round, claimed by whichever worker is first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise

from postroom.infra.clock import now
from postroom.infra.logs import logger
from postroom.infra.models import ScheduledAction

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do every so many seconds; `do` says in a sentence what it did, `label` and `about` what it is."""

    every_seconds: int
    do: Callable[[], str]
    label: Promise | str = ""
    about: Promise | str = ""


FAILED = "Failed:"  # how a result begins that is none
SHORTEST, LONGEST = 5, 30 * 86_400  # seconds between two runs that somebody may choose


def run_due(actions: Mapping[str, Action]) -> int:
    """Run every action that is due and that no other worker took; returns how many."""
    at = now()
    ensure(actions)
    due = ScheduledAction.objects.filter(key__in=actions, due__lte=at, is_active=True)
    return sum(_run(row, actions[row.key]) for row in due)


def ensure(actions: Mapping[str, Action]) -> None:
    """Write down the actions that are not known yet; they are due at once."""
    at = now()
    ScheduledAction.objects.bulk_create(
        [ScheduledAction(key=key, every_seconds=action.every_seconds, due=at) for key, action in actions.items()],
        ignore_conflicts=True,
    )


def set_interval(key: str, seconds: int) -> None:
    """Let an action come round every so many seconds from now on."""
    sooner = now() + timedelta(seconds=seconds)
    ScheduledAction.objects.filter(key=key).update(every_seconds=seconds)
    ScheduledAction.objects.filter(key=key, due__gt=sooner).update(due=sooner)


def set_active(key: str, *, is_active: bool) -> None:
    """Let an action rest, or come round again: then it is due at once."""
    changed = ScheduledAction.objects.filter(key=key, is_active=not is_active)
    changed.update(is_active=is_active, **({"due": now()} if is_active else {}))


def run_now(key: str, action: Action) -> str:
    """Run an action within this process, resting or not; what it said. The next run is counted from now."""
    at = now()
    row = ScheduledAction.objects.get(key=key)
    ScheduledAction.objects.filter(key=key).update(due=at + timedelta(seconds=row.every_seconds), last_run_at=at)
    return _done(key, action)


def most_overdue() -> datetime | None:
    """When the action was due that comes first; None where there are none yet. Those that rest are never late."""
    return ScheduledAction.objects.filter(is_active=True).order_by("due").values_list("due", flat=True).first()


def _run(row: ScheduledAction, action: Action) -> bool:
    at = now()
    taken = ScheduledAction.objects.filter(key=row.key, due=row.due).update(
        due=at + timedelta(seconds=row.every_seconds), last_run_at=at
    )
    if taken:
        _done(row.key, action)
    return bool(taken)


def _done(key: str, action: Action) -> str:
    try:
        result = action.do()
    except Exception as error:
        log.exception("scheduled action failed", action=key, exc_info=error)
        result = f"{FAILED} {type(error).__name__}: {error}"
    ScheduledAction.objects.filter(key=key).update(last_result=result)
    return result
