"""A mail's way in, from the kept bytes to the desk: the order of the steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from django.db import InterfaceError, OperationalError

from postroom.inbound.models import InboundMail
from postroom.inbound.queue import give_back, ready, routes_of, take, waiting
from postroom.inbound.steps.collect import gather
from postroom.inbound.steps.decide import decide_all
from postroom.inbound.steps.enact import enact, fail
from postroom.inbound.steps.parse import Reader, Reading, Unreadable
from postroom.inbound.ties import in_waves
from postroom.inbound.work import Read, read_from
from postroom.infra.config import config
from postroom.infra.database.base import claim, renew
from postroom.infra.logs import logger

log = logger(__name__)

AWAY = (OperationalError, InterfaceError)


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrivals leased under `token`, being read; `claimed` counts those too that were given back or can't be read."""

    token: str
    arrivals: Sequence[InboundMail]
    reading: Reading
    claimed: int


class Line:
    """Settles batch after batch; while one is enacted, the next is read by other processes."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._next: Batch | None = None

    def settle_some(self, *, ahead: bool = True) -> int:
        """Settle a batch; returns how many arrivals it had. `ahead`: where another full one waits, claim that first."""
        batch, self._next = self._next or self._claim(), None
        if batch is None:
            return 0
        self._next = self._claim() if ahead and waiting(full := config().batch) == full else None
        settle(batch, self._reader)
        return batch.claimed

    @property
    def has_next(self) -> bool:
        """Whether a batch is claimed and being read."""
        return self._next is not None

    def settle_next(self) -> None:
        """Settle what was claimed ahead, and claim nothing more."""
        batch, self._next = self._next, None
        if batch is not None:
            settle(batch, self._reader)

    def _claim(self) -> Batch | None:
        token, ids = claim(InboundMail, config().batch, config().lease_seconds)
        if not ids:
            return None
        taken = take(ids)
        give_back(taken.later, token)
        for arrival, error in taken.lost:
            fail(arrival, token, error)
        reading = self._reader.start([raw for _, raw in taken.mails])
        return Batch(token, [arrival for arrival, _ in taken.mails], reading, len(ids))


def settle(batch: Batch, reader: Reader) -> None:
    """The steps for a batch; where something in it upsets them, each arrival goes by itself.

    Raises:
        OperationalError, InterfaceError: the database went away; the leases run out.

    """
    reads: list[Read] = []
    keys = [arrival.pk for arrival in batch.arrivals]
    stay = partial(renew, InboundMail, batch.token, keys, config().lease_seconds)
    for arrival, understood in zip(batch.arrivals, reader.finish(batch.reading, stay), strict=True):
        if isinstance(understood, Unreadable):
            fail(arrival, batch.token, understood)
        else:
            reads.append(read_from(arrival, understood))
    try:
        _settle_together(reads, batch.token)
    except AWAY:
        raise
    except Exception as error:  # noqa: BLE001 whatever one of them holds must not keep the others
        log.warning("batch failed, going one by one", mails=len(reads), error=repr(error))
        for read in reads:
            _settle_alone(read, batch.token)


def _settle_together(reads: Sequence[Read], token: str) -> None:
    """Collect, decide, enact, wave by wave."""
    now, later = ready(reads)
    give_back([read.arrival for read in later], token)
    for wave in in_waves(now):
        enact(decide_all(wave, gather(wave), routes_of(wave)), token)


def _settle_alone(read: Read, token: str) -> None:
    try:
        _settle_together([read], token)
    except AWAY:
        raise
    except Exception as error:
        log.exception("arrival failed", arrival=read.arrival.pk, exc_info=error)
        fail(read.arrival, token, error)
