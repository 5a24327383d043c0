"""The worker: settles arrivals as they come and runs what comes round."""

from __future__ import annotations

import time

from django.db import DatabaseError, close_old_connections

from postroom.inbound.actions import ACTIONS
from postroom.inbound.models import InboundMail
from postroom.inbound.pipeline import Line
from postroom.inbound.queue import waiting
from postroom.inbound.steps.authenticate import Authenticator
from postroom.inbound.steps.filter import Filters
from postroom.inbound.steps.parse import Reader
from postroom.infra import schedule
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import Waiter, waiter
from postroom.infra.logs import logger

log = logger(__name__)

IDLE_SECONDS = 1.0
BREATH_SECONDS = 0.002  # lets other writers in between two batches on SQLite
GATHER_SECONDS = 0.02  # lets a batch gather: one of thirty costs little more than one of three
AWAY_SECONDS = 1.0
SHORTEST_WAIT = 0.05  # also where our clock runs ahead of the database's
LOOK_ROUND_SECONDS = 5.0


class Worker:
    """One worker; `stop` lets the running batch end."""

    def __init__(self) -> None:
        self._reader = Reader(config().worker_parsers, config().parse_seconds)
        self._authenticator = Authenticator()
        self._filters = Filters()
        self._line = Line(self._reader, self._authenticator, self._filters)
        self._stopping = False
        self._waiter: Waiter | None = None
        self._looked_round = 0.0

    def stop(self) -> None:
        self._stopping = True

    def run(self) -> None:
        """Work until stopped; a database that is away is waited for."""
        log.info("worker is ready")
        while not self._stopping:
            try:
                self._turn()
            except DatabaseError as error:
                log.warning("the database is away", error=str(error).strip())
                close_old_connections()
                self._forget_waiter()
                time.sleep(AWAY_SECONDS)
        self._end()

    def _end(self) -> None:
        try:
            self._line.settle_next()
        except DatabaseError as error:
            log.warning("the database is away", error=str(error).strip())
        self._reader.close()
        self._authenticator.close()
        self._filters.close()
        self._forget_waiter()

    def _turn(self) -> None:
        if time.monotonic() - self._looked_round > LOOK_ROUND_SECONDS:
            self._looked_round = time.monotonic()
            schedule.run_due(ACTIONS)
        if self._waiter is None:
            self._waiter = waiter()
        if (self._line.has_next or waiting(1)) and (settled := self._line.settle_some()):
            time.sleep(GATHER_SECONDS if settled < config().batch else BREATH_SECONDS)
        elif not self._stopping:
            self._waiter.wait(self._seconds_to_next())

    def _seconds_to_next(self) -> float:
        due = InboundMail.objects.filter(due__isnull=False).order_by("due").values_list("due", flat=True).first()
        return min(IDLE_SECONDS, max(SHORTEST_WAIT, (due - now()).total_seconds())) if due else IDLE_SECONDS

    def _forget_waiter(self) -> None:
        if self._waiter is not None:
            self._waiter.close()
        self._waiter = None


def settle_all(most: int = 1000) -> int:
    """Settle what is due, within this process: for tests and for commands. Returns how many arrivals were claimed."""
    patient = Authenticator(patience=config().authentication_seconds + 1.0)
    filters = Filters(patience=2 * config().filter_seconds + 1.0)
    line, claimed = Line(Reader(0, 0.0), patient, filters), 0
    try:
        while claimed < most and (some := line.settle_some(ahead=False)):
            claimed += some
    finally:
        patient.close()
        filters.close()
    return claimed
