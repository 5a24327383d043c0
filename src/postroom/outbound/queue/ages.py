"""How long the oldest copies have waited, by server and lane, and which of them is an alert."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from postroom.core.delivery.waiting import WANTED, Reason
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.core.sending.lanes import BULK, INTERACTIVE, LANES, NOTIFICATION
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound.models import Delivery

LOOK = 1000  # copies of a lane that are looked at, those first that are due first
THEIRS = WANTED | {Reason.PUT_OFF}  # waits that a person or a receiver asked for


@dataclass(frozen=True, slots=True)
class QueueAge:
    """The oldest copy of a lane that waits for a server: since when, its reason (empty: it is due) and words. `server`
    is an id, 0 for the default one, None where none was chosen yet; `name` is the server's.
    """

    server: int | None
    name: str
    lane: int
    since: datetime
    reason: str
    words: str
    delivery: int

    @property
    def is_late(self) -> bool:
        """Whether it waits longer than is usual, though neither a person nor a receiver asked for that."""
        return self.reason not in THEIRS and now() - self.since > longest(self.lane)


def longest(lane: int) -> timedelta:
    """How long a copy of a lane may wait before somebody should know."""
    own = config()
    seconds = {
        INTERACTIVE: own.queue_age_interactive,
        NOTIFICATION: own.queue_age_notification,
        BULK: own.queue_age_bulk,
    }
    return timedelta(seconds=seconds[lane])


def late(mine: Collection[int] | None = None) -> list[QueueAge]:
    """Those that are late, of these companies or of all."""
    return [one for one in oldest(mine) if one.is_late]


def oldest(mine: Collection[int] | None = None) -> Iterator[QueueAge]:
    """The oldest copy of each server and lane, of these companies or of all, by lane, what nobody asked to wait before
    the rest; a query a lane.

    A thousand copies of each lane are looked at, those that are due first, so that a long queue costs no more than a
    short one. A copy's age counts from when it was queued, or from when somebody had it sent again or scheduled it.
    """
    for lane in LANES:
        found: dict[int | None, QueueAge] = {}
        for one in _lane(lane, mine):
            best = found.get(one.server)
            if best is None or _rank(one) < _rank(best):
                found[one.server] = one
        yield from found.values()


def _rank(one: QueueAge) -> tuple[bool, datetime]:
    """What nobody asked to wait comes before what somebody did."""
    return one.reason in THEIRS, one.since


def _lane(lane: int, mine: Collection[int] | None) -> Iterator[QueueAge]:
    """The copies of a lane that are looked at; one query."""
    firsts = Delivery.objects.filter(lane=lane, due__isnull=False).order_by("due", "pk").values("pk")[:LOOK]
    rows = Delivery.objects.filter(pk__in=firsts)
    if mine is not None:
        rows = rows.filter(company__in=mine)
    names = ("pk", "created_at", "renewed_at", "reason", "words", "dispatch", "dispatch__server")
    for pk, created, renewed, reason, words, dispatch, server, name in rows.values_list(
        *names, "dispatch__server_name"
    ):
        chosen = (server or DEFAULT_SERVER) if dispatch else None
        yield QueueAge(chosen, name or "", lane, renewed or created, reason, words, pk)
