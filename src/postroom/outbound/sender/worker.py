"""The sender: claims copies, hands windows of them to the wire, records what came back."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from datetime import datetime
from queue import Empty, SimpleQueue

from django.db import DatabaseError, close_old_connections, connection, transaction

from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import waiter
from postroom.infra.logs import logger
from postroom.outbound.choice import forget
from postroom.outbound.pipeline import AWAY, exchange, put_off_alone, record_alone, take
from postroom.outbound.sender.breaker import Breaker
from postroom.outbound.sender.placing import Placing
from postroom.outbound.sender.traffic import Traffic
from postroom.outbound.sender.wire import Came, Connection, Wire
from postroom.outbound.servers import circuits
from postroom.outbound.steps.allow import close
from postroom.outbound.steps.claim import due, give_back, next_due, renew
from postroom.outbound.steps.expire import expire
from postroom.outbound.steps.look_again import look_again
from postroom.outbound.takeover import notice
from postroom.outbound.work import Item, PutOff, Result

log = logger(__name__)

IDLE_SECONDS = 1.0
SHORTEST_WAIT = 0.05  # also where our clock runs ahead of the database's
GATHER_SECONDS = 0.003  # lets the outcomes of several connections share a commit
AWAY_SECONDS = 1.0
END_SECONDS = 4.0  # for windows that are on the wire when the sender stops
EXPIRE_SECONDS = 5.0


class Sender:
    """One sender. Everything that it asks of the database it asks in the thread that runs it."""

    def __init__(self) -> None:
        self._inbox: SimpleQueue[Came | None] = SimpleQueue()  # None: somebody committed something
        self._traffic = Traffic()
        self._wire = Wire(self._inbox.put)
        self._breaker = Breaker(self._traffic)
        self._placing = Placing(self._traffic)
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._results: list[Result] = []
        self._put_offs: list[PutOff] = []
        self._renewed_at = time.monotonic()
        self._expired_at = 0.0
        self._left: int | None = None  # copies that may still be claimed; None: any number
        self._claimed = 0
        self._held = False  # nothing is sent: this is a copy of another installation
        self._more = False  # whether the last claim found something, so that there may be more

    def stop(self) -> None:
        """Claim nothing more, let what is on the wire end, give the rest back."""
        self._stopping.set()
        self._inbox.put(None)

    def run(self) -> None:
        """Send until stopped; a database that is away is waited for."""
        self._wire.start()
        waker = threading.Thread(target=self._wake, name="sender-waker", daemon=True)
        waker.start()
        log.info("sender is ready")
        while not self._stopping.is_set():
            self._turn_safely()
        self._end()
        waker.join()
        connection.close()

    def drain(self, most: int) -> int:
        """Send what is due, at most so many copies, and wait for the answers; returns how many were claimed."""
        self._left = most
        self._wire.start()
        try:
            while self._turn(SHORTEST_WAIT) or self._traffic.is_busy() or self._results or self._breaker.is_busy:
                pass
        finally:
            self._end()
        return self._claimed

    def _turn_safely(self) -> None:
        try:
            self._turn(self._seconds_to_next())
        except DatabaseError as error:
            log.warning("the database is away", error=str(error).strip())
            close_old_connections()
            self._stopping.wait(AWAY_SECONDS)
        except Exception as error:
            log.exception("sending failed", exc_info=error)
            forget()
            self._stopping.wait(AWAY_SECONDS)

    def _turn(self, seconds: float) -> int:
        """Hear what came, claim, record and begin, open; returns how many copies were claimed."""
        waits = not (self._more or self._breaker.is_busy) and (self._traffic.is_busy() or self._left is None)
        self._hear(seconds if waits else 0.0)
        self._look_after()
        claimed = self._claim()
        self._more = bool(claimed)
        self._exchange()
        self._open()
        return claimed

    # --- what came -------------------------------------------------------------------------------------------------

    def _hear(self, seconds: float) -> None:
        """Wait for news at most so long, then take all that there is."""
        try:
            news = self._inbox.get(timeout=seconds) if seconds else self._inbox.get_nowait()
            if news is not None and not self._stopping.is_set():
                time.sleep(GATHER_SECONDS)
            while True:
                self._note(news)
                news = self._inbox.get_nowait()
        except Empty:
            return

    def _note(self, came: Came | None) -> None:
        if came is None:
            self._woken.clear()
            return
        one, pool = came.connection, self._traffic.of(came.connection.server)
        results = [
            Result(self._traffic.on_the_wire.pop((one, delivery)), outcome, one.server.host)
            for delivery, outcome in came.outcomes
        ]
        self._results += results
        if results or came.warm:
            pool.moved_at = time.monotonic()
            pool.flow.note(sum(not result.outcome.is_untouched for result in results))
        pool.hangs(one, hangs=came.hangs)
        if came.done:
            pool.ended(one, warm=came.warm)
        if came.failure is not None:
            found_out = [result for result in results if result.outcome is came.failure]
            self._breaker.failed(pool, came.failure, found_out)
        elif came.warm:
            self._breaker.works(pool)

    # --- what is claimed -------------------------------------------------------------------------------------------

    def _look_after(self) -> None:
        """Renew the leases of what we hold, then look for what others left on the wire."""
        lease = config().send_lease_seconds
        if time.monotonic() - self._renewed_at > lease / 3:
            at = time.monotonic()
            held = [*self._traffic.waiting(), *self._traffic.on_the_wire.values(), *self._breaker.held()]
            renew(item.row for item in [*held, *(one.item for one in self._results)])
            self._renewed_at = at
        if time.monotonic() - self._expired_at > min(EXPIRE_SECONDS, lease / 3, config().pace_minute / 12):
            self._expired_at = time.monotonic()
            expire()
            look_again()
            for one in self._traffic.stale():
                self._wire.retire(one)

    def _claim(self) -> int:
        batch = config().send_batch
        most = batch if self._left is None else min(batch, self._left)
        if self._is_held() or self._stopping.is_set() or not most:
            return 0
        self._placing.call()
        room = self._traffic.room(batch, share=self._placing.shares())
        lanes = due(room)
        items = take(most, {lane: room[lane] for lane in lanes}) if lanes else []
        self._placing.place(items)
        self._claimed += len(items)
        self._left = None if self._left is None else self._left - len(items)
        return len(items)

    def _is_held(self) -> bool:
        """Whether the database is a copy of another installation's, which may send the same."""
        found = notice()
        if found.is_copy and not self._held:
            log.warning("this is a copy of another installation: nothing is sent", because=found.copy)
        self._held = found.is_copy
        return self._held

    # --- what begins -----------------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Open connections that are worth it, try servers that were down, make room for what is urgent."""
        if self._stopping.is_set() or self._held:
            return
        for one in self._breaker.tries():
            self._wire.give(one)
        for pool in self._traffic.pools.values():
            for one in pool.to_open():
                self._wire.give(one)
            for one in pool.to_cut():
                self._wire.cut(one)

    def _exchange(self) -> None:
        """Record what came and begin new windows, in one commit; nothing is on the wire before that."""
        self._put_offs += self._breaker.settle()
        windows = [] if self._stopping.is_set() else self._windows()
        if not (windows or self._results or self._put_offs):
            return
        results, put_offs = self._results, self._put_offs
        try:
            begun = set(exchange(results, put_offs, [item for _, items in windows for item in items]))
        except Exception as error:
            for one, items in windows:
                self._traffic.pools[one.server.id].put_back(items)
            if isinstance(error, AWAY):
                raise
            log.exception("outcomes can't be recorded together", exc_info=error)
            self._record_one_by_one()
            return
        self._results, self._put_offs = [], []
        for one, items in windows:
            if mine := [item for item in items if item in begun]:
                self._traffic.begin(one, mine)
                self._wire.give(one, [item.copy for item in mine])
        self._breaker.heard(results)

    def _record_one_by_one(self) -> None:
        """What is recorded is taken off first to last, so that a database that goes away meanwhile loses nothing."""
        while self._results:
            record_alone(self._results[0])
            del self._results[0]
        while self._put_offs:
            put_off_alone(self._put_offs[0])
            del self._put_offs[0]

    def _windows(self) -> list[tuple[Connection, list[Item]]]:
        size = config().send_window
        return [window for pool in self._traffic.pools.values() for window in pool.windows(size)]

    def _seconds_to_next(self) -> float:
        if self._traffic.is_busy():
            return min(IDLE_SECONDS, config().send_lease_seconds / 6)
        if self._breaker.is_busy:
            return 0.0
        at = None if self._held else self._next()
        return min(IDLE_SECONDS, max(SHORTEST_WAIT, (at - now()).total_seconds())) if at else IDLE_SECONDS

    def _next(self) -> datetime | None:
        """When the next copy is due, or the next try of a server that is down."""
        tries = [one.due for one in circuits.down().values()]
        return min(filter(None, [next_due(), *tries]), default=None)

    # --- the end ---------------------------------------------------------------------------------------------------

    def _end(self) -> None:
        """Give back what is not on the wire, wait a moment for what is."""
        self._stopping.set()
        self._wire.hurry()
        until = time.monotonic() + END_SECONDS
        try:
            with transaction.atomic():
                left = [item for pool in self._traffic.pools.values() for item in pool.clear()]
                give_back([item.row for item in [*left, *self._breaker.held()]])
                close()
            while (self._traffic.on_the_wire or self._results) and time.monotonic() < until:
                self._hear(SHORTEST_WAIT)
                self._exchange()
        except DatabaseError as error:
            log.warning("the database is away", error=str(error).strip())
        self._wire.close()

    def _wake(self) -> None:
        """In a thread of its own: let the sender look whenever somebody committed something."""
        while not self._stopping.is_set():
            try:
                with closing(waiter()) as own:
                    while not self._stopping.is_set():
                        if own.wait(IDLE_SECONDS / 2) and not self._woken.is_set():
                            self._woken.set()
                            self._inbox.put(None)
            except Exception as error:  # noqa: BLE001 each database has errors of its own
                log.warning("nobody can wake the sender", error=str(error).strip())
                self._stopping.wait(AWAY_SECONDS)
