"""A message that has not left yet, as its strip and the toast show it: for how long, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.conversations.leaving import FURTHEST, Going
from postroom.conversations.undoing import may_steer
from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.web.pages.times import MONDAY, Choice, morning


@dataclass(frozen=True, slots=True)
class GoingShown:
    """`undo`: the reader may take it back; `steer`: it is scheduled, and the reader may decide about that."""

    message: int
    at: datetime
    scheduled: bool = False
    undo: bool = False
    steer: bool = False

    @property
    def left(self) -> str:
        """Seconds until it leaves, as scripts read them."""
        return f"{max(0.0, (self.at - now()).total_seconds()):.1f}"

    @property
    def seconds(self) -> int:
        """The same, as people count."""
        return max(1, round(float(self.left)))


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent just now, and can be undone."""

    said: str
    going: GoingShown


def going_shown(user: User, one: Going) -> GoingShown | None:
    """As `user` sees it; None where its time is over."""
    if one.at <= now():
        return None
    if one.scheduled:
        return GoingShown(one.message, one.at, scheduled=True, steer=may_steer(user, one.writer, one.company))
    return GoingShown(one.message, one.at, undo=one.writer == user.pk)


def sent_of(shown: Iterable[GoingShown | None]) -> Sent | None:
    """The newest of these that the reader may undo, for the toast."""
    one = next((one for one in shown if one and one.undo), None)
    return Sent(_("Message sent."), one) if one else None


def times() -> tuple[Choice, ...]:
    """What the menu offers, in the reader's time zone."""
    return choices(timezone.localtime())


def choices(local: datetime) -> tuple[Choice, ...]:
    """What is offered at this local time; where tomorrow is Monday that is said once."""
    hour = (local + timedelta(hours=1)).replace(second=0, microsecond=0)
    tomorrow, monday = morning(local, 1), morning(local, MONDAY - local.weekday())
    found = (Choice(_("In 1 hour"), hour), Choice(_("Tomorrow"), tomorrow))
    return found if monday == tomorrow else (*found, Choice(_("Monday"), monday))


def furthest() -> str:
    """The last time that a field takes, as it names it."""
    return (timezone.localtime() + FURTHEST).strftime("%Y-%m-%dT%H:%M")
