"""Times to come that menus offer and forms name, in the reader's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils import timezone

MORNING = time(8)
MONDAY = 7  # days after the Monday before


@dataclass(frozen=True, slots=True)
class Choice:
    """A time that is offered; `value` is how the form names it."""

    label: str
    at: datetime

    @property
    def value(self) -> str:
        return self.at.isoformat(timespec="minutes")


def morning(local: datetime, days: int) -> datetime:
    """The morning so many days after a local time."""
    return datetime.combine(local.date() + timedelta(days=days), MORNING, local.tzinfo)


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
