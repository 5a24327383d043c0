"""When a conversation may come back: what the menu offers, in the reader's time zone."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.web.pages.times import MONDAY, Choice, morning

LATER_HOURS = 3
LATEST_HOUR = 21  # "later today" ends here


def choices(local: datetime) -> tuple[Choice, ...]:
    """What is offered at this local time: later today while there is enough of it, tomorrow, next Monday."""
    later = (local + timedelta(hours=LATER_HOURS)).replace(minute=0, second=0, microsecond=0)
    found = [Choice(_("Later today"), later)] if later.date() == local.date() and later.hour <= LATEST_HOUR else []
    return (
        *found,
        Choice(_("Tomorrow"), morning(local, 1)),
        Choice(_("Next week"), morning(local, MONDAY - local.weekday())),
    )


def offered() -> tuple[Choice, ...]:
    """The choices for the reader, now."""
    return choices(timezone.localtime())
