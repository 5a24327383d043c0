"""When a conversation may come back: what the menu offers, and what somebody typed, in the reader's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

MORNING = time(8)
LATER_HOURS = 3
LATEST_HOUR = 21  # "later today" ends here
MONDAY = 7


@dataclass(frozen=True, slots=True)
class Choice:
    """A time to come back at; `value` is how the form names it."""

    label: str
    at: datetime

    @property
    def value(self) -> str:
        return self.at.isoformat(timespec="minutes")


def choices(local: datetime) -> tuple[Choice, ...]:
    """What is offered at this local time: later today while there is enough of it, tomorrow, next Monday."""
    later = (local + timedelta(hours=LATER_HOURS)).replace(minute=0, second=0, microsecond=0)
    found = [Choice(_("Later today"), later)] if later.date() == local.date() and later.hour <= LATEST_HOUR else []
    return (
        *found,
        Choice(_("Tomorrow"), _morning(local, 1)),
        Choice(_("Next week"), _morning(local, MONDAY - local.weekday())),
    )


def _morning(local: datetime, days: int) -> datetime:
    return datetime.combine(local.date() + timedelta(days=days), MORNING, local.tzinfo)


def offered() -> tuple[Choice, ...]:
    """The choices for the reader, now."""
    return choices(timezone.localtime())


def until(text: str) -> datetime | None:
    """The time that a form named: an offered one, or as the reader typed it in their zone. None: it is no time."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    try:
        return at if at.tzinfo else at.replace(tzinfo=timezone.get_current_timezone())
    except OverflowError:
        return None
