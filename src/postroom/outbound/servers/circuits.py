"""Servers that are down: a row that all workers share, from the first failure until the server takes something again.

While a circuit is open mail for its server waits and nobody tries it but the one worker that has claimed the next try.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from postroom.core.delivery.retry import give_up
from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.core.sending.circuit import probe_after
from postroom.core.sending.lanes import LANES
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database import base
from postroom.infra.database.literals import Word
from postroom.outbound.models import Circuit, Delivery
from postroom.outbound.replies import reply_class
from postroom.outbound.transports.protocol import Outcome, Server

REREAD_SECONDS = 0.5
MOST_PROBES = 20  # servers that are tried at once
AT_ONCE = 1000  # copies that are told in one statement


@dataclass(frozen=True, slots=True)
class Known:
    """A circuit as it was read. `since` is None where it is closed; `due` is the next try."""

    server: int
    name: str
    since: datetime | None
    said: str
    due: datetime | None
    calls_back: bool = False

    @property
    def until(self) -> datetime:
        """Until when a copy waits at least: for a try that is under way, a moment."""
        return max(self.due or now(), now() + timedelta(seconds=1))

    @property
    def words(self) -> str:
        """What failed, since when, and when it is tried again, in sentences."""
        assert self.since is not None
        said = self.said.rstrip(". ")
        again = f"It is tried again at {self.until:%H:%M:%S} UTC."
        return f"{self.name} is down since {self.since:%Y-%m-%d %H:%M} UTC: {said}. {again}"


_read: tuple[float, Mapping[int, Known]] = (-REREAD_SECONDS, {})


def forget() -> None:
    """Read them anew the next time they are asked for."""
    global _read  # noqa: PLW0603 what a process knows of all of them
    _read = (-REREAD_SECONDS, {})


def known(*, fresh: bool = False) -> Mapping[int, Known]:
    """All circuits by server, open and closed, as of half a second ago at most; one query where they were not read
    since. Nearly always there are none.
    """
    global _read  # noqa: PLW0603
    if fresh or _read[0] < time.monotonic() - REREAD_SECONDS:
        _read = (time.monotonic(), {row.pk: _known(row) for row in Circuit.objects.all()})
    return _read[1]


def down() -> Mapping[int, Known]:
    """Those that are open."""
    return {server: one for server, one in known().items() if one.since}


def down_facts() -> tuple[tuple[int, str], ...]:
    """Those that are open, each with since when, as the choice of a server is told of them."""
    return tuple((server, f"{one.since:%Y-%m-%d %H:%M} UTC") for server, one in sorted(down().items()))


def _known(row: Circuit) -> Known:
    return Known(row.pk, row.name, row.opened_at, row.words, row.due, row.calls_back)


# --- what a worker finds out ------------------------------------------------------------------------------------------


def trip(server: Server, outcome: Outcome, token: str = "") -> Known:
    """Within a transaction: no session came about. Opens the circuit; where it is open and this was the try claimed by
    `token`, the next one is later. What somebody else found out meanwhile stands.
    """
    base.insert([Circuit(id=server.id)], skip_known=True)
    row = Circuit.objects.select_for_update().get(pk=server.id)
    if row.opened_at is None or (token and row.lease_token == token):
        row.opened_at, row.failures = row.opened_at or now(), row.failures + 1
        row.name, row.words = server.name, _said(outcome)
        row.due = now() + timedelta(seconds=probe_after(row.failures))
        row.lease_token, row.lease_until, row.calls_back = "", None, False
        row.save()
        forget()
    return _known(row)


def _said(outcome: Outcome) -> str:
    """What failed, and what that means where it is known."""
    meant = reply_class(outcome.code, outcome.enhanced, outcome.words, outcome.phase) if outcome.code else None
    return f"{outcome.words.rstrip('. ')}. {meant.sentence}" if meant and meant.is_named else outcome.words


def claim_tries() -> tuple[str, list[int]]:
    """The servers whose next try is due and that nobody tries now: they are this worker's until its lease ends."""
    return base.claim(Circuit, MOST_PROBES, config().send_lease_seconds)


def close(server: int, token: str = "") -> None:
    """Within a transaction: a session came about, or somebody set the server differently. What waits is called back.

    With a token only if that still holds the try. Failures are counted on until the server has taken something; where
    somebody changed it they begin anew.
    """
    rows = Circuit.objects.filter(Q(lease_token=token) if token else Q(), pk=server, opened_at__isnull=False)
    fresh = {} if token else {"failures": 0}
    rows.update(opened_at=None, due=None, lease_token="", lease_until=None, calls_back=True, **fresh)
    base.wake()
    forget()


def hurry(server: int) -> bool:
    """Within a transaction: the next try of a server that is down is due now; whether it is down."""
    found = Circuit.objects.filter(pk=server, opened_at__isnull=False).update(due=now())
    base.wake()
    forget()
    return bool(found)


def took(servers: Collection[int]) -> None:
    """Within a transaction: these servers answered for a mail. Nothing is held against those any more whose circuit is
    closed; no query where there is none.
    """
    ended = [one for one in servers if one in known() and not known()[one].since and not known()[one].calls_back]
    if ended:
        Circuit.objects.filter(pk__in=ended, opened_at=None, calls_back=False).delete()
        forget()


def used_elsewhere(server: int, own: Collection[int]) -> bool:
    """Whether another worker has a mail on its way by this server, besides our `own` copies: then it only wants fewer
    connections.
    """
    rows = Delivery.objects.filter(state=Word(DeliveryState.TRANSMITTING), lease_until__gt=now())
    return rows.filter(_by(server)).exclude(pk__in=own).exists()


# --- what waits -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Telling:
    """Telling what waits for a server that it is due now, or when the next try is: lane by lane, a thousand copies at
    once, so that no other mail waits for it. What a worker that ends leaves untold is due by itself.
    """

    server: int
    lane: int = 0
    after: int = 0

    @property
    def is_done(self) -> bool:
        return self.lane >= len(LANES)

    def go_on(self) -> None:
        """Tell the next ones, in a transaction; three statements at most."""
        one = known(fresh=True).get(self.server)
        if one is None:
            self.lane = len(LANES)
            return
        rows = self._next()
        if rows:
            self.after = rows[-1][0]
            self._tell(one, rows)
        else:
            self.lane, self.after = self.lane + 1, 0
        if self.is_done:
            Circuit.objects.filter(pk=self.server, opened_at=None).update(calls_back=False)
            forget()

    def _next(self) -> list[tuple[int, datetime, datetime | None]]:
        rows = waiting_for(self.server).filter(lane=self.lane, pk__gt=self.after).order_by("pk")
        return list(rows.values_list("pk", "created_at", "renewed_at")[:AT_ONCE])

    def _tell(self, one: Known, rows: Sequence[tuple[int, datetime, datetime | None]]) -> None:
        """Those that were tried for days are due in any case, so that they are given up."""
        at, days = now(), config().send_days
        over = {pk for pk, created, renewed in rows if give_up(renewed or created, at, days)}
        waiting = Delivery.objects.filter(state=DeliveryState.QUEUED, reason=Reason.SERVER_DOWN, lease_until=None)
        rest = waiting.filter(pk__in=[pk for pk, _, _ in rows if pk not in over])
        with transaction.atomic():
            if over:
                waiting.filter(pk__in=over).update(due=at)
            if one.since:
                rest.update(due=one.until, words=one.words)
            else:
                rest.update(due=at, reason="", words="")


def waiting_for(server: int) -> QuerySet[Delivery]:
    """The copies that wait for a server that is down, on an index of those alone."""
    return Delivery.objects.filter(_by(server), reason=Word(Reason.SERVER_DOWN), state=DeliveryState.QUEUED)


def _by(server: int) -> Q:
    return Q(dispatch__isnull=False, dispatch__server=server or None)
