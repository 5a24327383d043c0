"""When what somebody wrote leaves: after the time to undo it, or at a time that they chose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from postroom.conversations.checks import CannotPost
from postroom.conversations.models import Leaving, Message
from postroom.core.delivery.waiting import Reason
from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import insert_values
from postroom.infra.database.prepared import prepared
from postroom.outbound.services import Wait

LONGEST_UNDO = 60.0  # seconds
FURTHEST = timedelta(days=366)
GRACE = timedelta(seconds=5)  # for whoever decides in the last moment: the way to us takes time


@dataclass(frozen=True, slots=True)
class Departure:
    """When a message leaves. `scheduled`: its writer chose that time."""

    at: datetime
    scheduled: bool = False
    by: str = ""

    @property
    def wait(self) -> Wait:
        """For what its copies wait."""
        if self.scheduled:
            day = f"{self.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            return Wait(self.at, Reason.SCHEDULED, f"Scheduled by {self.by} for {day}.")
        clock = f"{self.at.astimezone(UTC):%H:%M:%S} UTC"
        return Wait(self.at, Reason.UNDO, f"Leaves at {clock}; it can be undone until then.")


def departure(user: User, later: datetime | None = None, undo_seconds: float | None = None) -> Departure | None:
    """When a message of `user` leaves: `later`, else after `undo_seconds` (None: as they set it); None: at once.

    Raises:
        CannotPost: `later` is not a time to come, or too far away.

    """
    if later is not None:
        return Departure(checked_time(later), scheduled=True, by=user.name)
    seconds = seconds_of(user) if undo_seconds is None else undo_seconds
    return Departure(now() + timedelta(seconds=min(seconds, LONGEST_UNDO))) if seconds > 0 else None


def seconds_of(user: User) -> float:
    """For how long `user` may undo what they wrote: as they chose, else as the installation says."""
    return config().undo_seconds if user.undo_seconds is None else user.undo_seconds


def checked_time(at: datetime | None) -> datetime:
    """A time at which mail may leave.

    Raises:
        CannotPost: it is none, has passed, or is too far away.

    """
    if at is None:
        raise CannotPost("Choose a date and a time.")
    if at <= now():
        raise CannotPost("That time has passed: choose one that is to come.")
    if at > now() + FURTHEST:
        raise CannotPost("That is too far away: choose a time within a year.")
    return at


def note_leaving(
    message: Message,
    going: Departure,
    answers: int,
    forwards: int,
    carried: Sequence[int],
    mentions: Sequence[int],
    files: int,
) -> None:
    """Within a transaction: what is to be known of a message until it leaves; see `Leaving`."""
    row = (message.pk, going.at, going.scheduled, answers, forwards, list(carried), list(mentions), files)
    names = ("message", "at", "scheduled", "answers", "forwards", "carried", "mentions", "files")
    insert_values(Leaving, names, [row])


def leaving(message: Message) -> Leaving | None:
    """What is known of a message that has not left; None where it has. No query where it was selected with it."""
    row: Leaving | None = getattr(message, "leaving", None)
    return row if row and row.at > now() else None


@dataclass(frozen=True, slots=True)
class Going:
    """A message that has not left, who wrote it, and when it leaves."""

    message: int
    at: datetime
    scheduled: bool
    writer: int | None
    company: int


def going_of(message_ids: Sequence[int]) -> dict[int, Going]:
    """Those of these messages that have not left, by id, for a caller who may read them; one query."""
    return {row[0]: Going(*row) for row in _going(message_ids)}


@prepared
def _going(messages: Sequence[int]) -> QuerySet[Leaving, tuple[Any, ...]]:
    rows = Leaving.objects.filter(message__in=messages)
    return rows.values_list("message_id", "at", "scheduled", "message__user_id", "message__company_id")
