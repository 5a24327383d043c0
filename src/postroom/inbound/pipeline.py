"""A mail's way in, from the kept bytes to the desk: the order of the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import InterfaceError, OperationalError

from postroom.inbound.models import InboundMail
from postroom.inbound.queue import Returns, give_back, ready, routes_of, take, waiting
from postroom.inbound.steps.authenticate import Authenticator
from postroom.inbound.steps.collect import gather
from postroom.inbound.steps.decide import decide_all
from postroom.inbound.steps.enact import enact, fail
from postroom.inbound.steps.filter import Filters
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


@dataclass(frozen=True, slots=True)
class Steps:
    """What reads and judges mail, and what is remembered of mail that was given back."""

    reader: Reader
    authenticator: Authenticator
    filters: Filters
    returns: Returns


class Line:
    """Settles batch after batch; while one is enacted, the next is read by other processes."""

    def __init__(self, reader: Reader, authenticator: Authenticator, filters: Filters | None = None) -> None:
        self._steps = Steps(reader, authenticator, filters or Filters(), Returns())
        self._next: Batch | None = None

    def settle_some(self, *, ahead: bool = True) -> int:
        """Settle a batch; returns how many arrivals it had. `ahead`: where another full one waits, claim that first."""
        batch, self._next = self._next or self._claim(), None
        if batch is None:
            return 0
        self._next = self._claim() if ahead and waiting(full := config().batch) == full else None
        settle(batch, self._steps)
        return batch.claimed

    @property
    def has_next(self) -> bool:
        """Whether a batch is claimed and being read."""
        return self._next is not None

    def settle_next(self) -> None:
        """Settle what was claimed ahead, and claim nothing more."""
        batch, self._next = self._next, None
        if batch is not None:
            settle(batch, self._steps)

    def _claim(self) -> Batch | None:
        token, ids = claim(InboundMail, config().batch, config().lease_seconds)
        if not ids:
            return None
        taken = take(ids)
        give_back(taken.later, token)
        for arrival, error in taken.lost:
            fail(arrival, token, error)
        reading = self._steps.reader.start([raw for _, raw in taken.mails])
        return Batch(token, [arrival for arrival, _ in taken.mails], reading, len(ids))


def settle(batch: Batch, steps: Steps) -> None:
    """The steps for a batch; where something in it upsets them, each arrival goes by itself.

    Raises:
        OperationalError, InterfaceError: the database went away; the leases run out.

    """
    reads = _read(batch, steps.reader)
    raws = {arrival.pk: raw for arrival, raw in zip(batch.arrivals, batch.reading.raws, strict=True)}
    try:
        _settle_together(reads, raws, batch.token, steps)
    except AWAY:
        raise
    except Exception as error:  # noqa: BLE001 whatever one of them holds must not keep the others
        log.warning("batch failed, going one by one", mails=len(reads), error=repr(error))
        for read in reads:
            _settle_alone(read, raws, batch.token, steps)


def _read(batch: Batch, reader: Reader) -> list[Read]:
    """Those that could be read; the others have failed."""
    reads: list[Read] = []
    keys = [arrival.pk for arrival in batch.arrivals]
    stay = partial(renew, InboundMail, batch.token, keys, config().lease_seconds)
    for arrival, understood in zip(batch.arrivals, reader.finish(batch.reading, stay), strict=True):
        if isinstance(understood, Unreadable):
            fail(arrival, batch.token, understood)
            continue
        try:
            reads.append(read_from(arrival, understood))
        except Exception as error:
            log.exception("arrival failed", arrival=arrival.pk, exc_info=error)
            fail(arrival, batch.token, error)
    return reads


def _settle_together(reads: Sequence[Read], raws: Mapping[int, bytes], token: str, steps: Steps) -> None:
    """Judge, collect, decide, enact, wave by wave; what is not known yet comes again. `raws` by the arrival's id."""
    reads, unproved = steps.authenticator.judge(reads)
    reads, unfiltered = steps.filters.judge(reads, raws)
    now, waits = ready(reads)
    steps.returns.give_back([read.arrival for read in (*unproved, *unfiltered, *waits)], token)
    for wave in in_waves(now):
        enact(decide_all(wave, gather(wave), routes_of(wave)), token)
    _forget(now, steps)


def _settle_alone(read: Read, raws: Mapping[int, bytes], token: str, steps: Steps) -> None:
    try:
        _settle_together([read], raws, token, steps)
    except AWAY:
        raise
    except Exception as error:
        log.exception("arrival failed", arrival=read.arrival.pk, exc_info=error)
        fail(read.arrival, token, error)
        _forget([read], steps)


def _forget(reads: Sequence[Read], steps: Steps) -> None:
    """Nothing is remembered of what is settled: where it is decided anew, all is asked anew."""
    keys = [read.arrival.pk for read in reads]
    steps.filters.forget(keys)
    steps.returns.forget(keys)
