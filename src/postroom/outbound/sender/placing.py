"""Where a claimed copy goes: to the connections of its server, or back into the queue with what it waits for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from postroom.core.delivery.waiting import Reason
from postroom.core.sending.lanes import LANES, room, turn_after
from postroom.directory.models import Company
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound.choice import server_of
from postroom.outbound.sender.pool import Pool
from postroom.outbound.sender.traffic import Traffic
from postroom.outbound.servers import circuits
from postroom.outbound.steps.claim import call
from postroom.outbound.steps.wait import Wait, wait
from postroom.outbound.work import Item

REREAD_SECONDS = 10.0


class Placing:
    """The claimed copies of one sender."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._shares = (-REREAD_SECONDS, False)

    def shares(self) -> bool:
        """Whether several companies may share a server; a query every ten seconds."""
        if self._shares[0] < time.monotonic() - REREAD_SECONDS:
            self._shares = (time.monotonic(), len(Company.objects.values_list("pk")[:2]) > 1)
        return self._shares[1]

    def place(self, items: Sequence[Item]) -> None:
        """Give each copy to its server; what can't go there now is put back in one statement."""
        if not items:
            return
        down, waits = circuits.down(), list[Wait]()
        for item in items:
            pool = self._traffic.pool(server_of(item.server))
            if closed := down.get(item.server):
                waits.append(Wait(item, Reason.SERVER_DOWN, closed.until, closed.words))
            elif pool.is_paused or not self._has_room(pool, item):
                waits.append(_turn(pool, item))
            else:
                pool.add(item)
        if waits:
            with transaction.atomic():
                wait(waits)

    def _has_room(self, pool: Pool, item: Item) -> bool:
        own = config()
        return pool.has_room(item, own.send_window, own.send_batch, share=self.shares())

    def call(self) -> None:
        """What was put back is due now, where its turn has come before its time."""
        own = config()
        for pool in self._traffic.pools.values():
            most = 0 if pool.is_paused else room(pool.flow.per_second, own.send_window, own.send_batch)
            for lane in LANES:
                waiting = len(pool.waiting[lane])
                if waiting <= most // 2 and (ids := pool.booked.call(lane, most - waiting)):
                    call(ids, Reason.TURN)


def _turn(pool: Pool, item: Item) -> Wait:
    """When it is the turn of a copy that finds no room, by how fast its server was lately; it is called sooner where
    the server is faster.
    """
    lane = item.row.lane
    before, rate = pool.before(lane), pool.flow.per_second
    seconds = turn_after(before, rate)
    until = now() + timedelta(seconds=seconds)
    pool.booked.add(lane, item.row.pk, time.monotonic() + seconds)
    return Wait(item, Reason.TURN, until, _words(pool.server.name, before, until))


def _words(server: str, before: int, until: datetime) -> str:
    stand = "1 copy stands" if before == 1 else f"{before:,} copies stand"
    return f"{stand} before it at {server}: its turn is at about {until:%H:%M} UTC."
