"""What one sender does about servers that are down: finds out, tries them again when that is its own to do, tells."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from postroom.core.delivery.waiting import Reason
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database import base
from postroom.infra.logs import logger
from postroom.outbound.choice import server_of
from postroom.outbound.models import Circuit
from postroom.outbound.sender.pool import Pool, Way
from postroom.outbound.sender.traffic import Traffic
from postroom.outbound.sender.wire import Connection
from postroom.outbound.servers import circuits
from postroom.outbound.servers.circuits import Telling
from postroom.outbound.steps.wait import Wait, wait
from postroom.outbound.transports.protocol import Outcome
from postroom.outbound.work import Item, PutOff, Result

log = logger(__name__)

FEWER = timedelta(seconds=10)  # after which what found no connection, since another worker has them, is claimed again


@dataclass(slots=True)
class _Failure:
    """No session came about; `items` waited for it, `found_out` are results of the window that needed it."""

    pool: Pool
    outcome: Outcome
    items: list[Item]
    found_out: list[Result]


class Breaker:
    """Everything that it asks of the database it asks in `settle` and `tries`."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._failures: list[_Failure] = []
        self._well: list[tuple[int, str]] = []
        self._tellings: dict[int, Telling] = {}
        self._renewed_at = time.monotonic()

    @property
    def is_busy(self) -> bool:
        """Whether something is left to settle or to tell."""
        return bool(self._failures or self._well or self._tellings)

    def held(self) -> list[Item]:
        """Claimed copies that wait here until a failure is settled."""
        return [item for one in self._failures for item in one.items]

    # --- what the wire tells ---------------------------------------------------------------------------------------

    def failed(self, pool: Pool, outcome: Outcome, found_out: list[Result]) -> None:
        """No session came about over one connection. Where others work the server only wants fewer."""
        if pool.wants_fewer():
            _untouched(found_out, outcome)
            self.works(pool)
            return
        log.warning("server can't be used", server=pool.server.name, error=outcome.words)
        self._failures.append(_Failure(pool, outcome, pool.clear(), found_out))

    def works(self, pool: Pool) -> None:
        """A session came about."""
        if pool.probe:
            self._well.append((pool.server.id, pool.probe))
            pool.probe = ""

    # --- what the database is told ---------------------------------------------------------------------------------

    def settle(self) -> list[PutOff]:
        """Open and close circuits, and tell what waits; returns the copies whose tries found out, to be recorded."""
        put_offs = []
        while self._failures:
            put_offs += self._settle(self._failures[0])
            del self._failures[0]
        while self._well:
            with transaction.atomic():
                circuits.close(*self._well[0])
            del self._well[0]
        for server, one in circuits.known().items():
            if one.calls_back and server not in self._tellings:
                self._tellings[server] = Telling(server)
        for telling in list(self._tellings.values()):
            telling.go_on()
            if telling.is_done:
                del self._tellings[telling.server]
        return put_offs

    def _settle(self, failure: _Failure) -> list[PutOff]:
        pool, server = failure.pool, failure.pool.server
        own = [item.row.pk for _, item in self._traffic.on_the_wire.items()]
        own += [result.item.row.pk for result in failure.found_out]
        if not pool.probe and circuits.used_elsewhere(server.id, own):
            self._wants_fewer(failure)
            return []
        token = pool.probe
        with transaction.atomic():
            down = circuits.trip(server, failure.outcome, token)
            rest = failure.items if failure.found_out or token else failure.items[1:]
            wait([Wait(item, Reason.SERVER_DOWN, down.until, down.words) for item in rest])
        pool.probe = ""
        if token:
            self._tellings[server.id] = Telling(server.id)
        for result in failure.found_out:
            result.down = down
        first = failure.items[: len(failure.items) - len(rest)]
        return [PutOff(first, failure.outcome, server.host, down)] if first else []

    def _wants_fewer(self, failure: _Failure) -> None:
        until = now() + FEWER
        words = (
            f"{failure.pool.server.name} serves another worker and takes no more connections: {failure.outcome.words}"
        )
        _untouched(failure.found_out, failure.outcome)
        failure.pool.paused_until = time.monotonic() + FEWER.total_seconds()
        with transaction.atomic():
            wait([Wait(item, Reason.TURN, until, words) for item in failure.items])

    def heard(self, results: Sequence[Result]) -> None:
        """What was recorded: a server that answered for a mail is well."""
        took = {one.item.server for one in results if one.down is None and not one.outcome.is_untouched}
        if took & circuits.known().keys():
            with transaction.atomic():
                circuits.took(took)

    # --- the next try ----------------------------------------------------------------------------------------------

    def tries(self) -> Sequence[Connection]:
        """Connections to open to servers whose next try is due, as far as nobody else has claimed it."""
        self._renew()
        at = now()
        if not any(one.due is not None and one.due <= at for one in circuits.down().values()):
            return []
        token, servers = circuits.claim_tries()
        circuits.forget()
        found: list[Connection] = []
        for number in servers:
            pool = self._traffic.pool(server_of(number))
            pool.probe = token
            if pool.count(Way.WARM, Way.BUSY):
                self.works(pool)
            elif not pool.count(Way.OPENING):
                found += pool.open(1)
        return found

    def _renew(self) -> None:
        """Keep the tries that are under way: a server may take its time to say no."""
        lease = config().send_lease_seconds
        if time.monotonic() - self._renewed_at > lease / 3:
            self._renewed_at = time.monotonic()
            for pool in self._traffic.pools.values():
                if pool.probe:
                    base.renew(Circuit, pool.probe, [pool.server.id], lease)


def _untouched(results: Sequence[Result], failure: Outcome) -> None:
    """The server does take mail: these leave over another connection, and it is no fault of theirs."""
    for result in results:
        result.outcome = Outcome(failure.result, "", words=failure.words)
