"""A mail's way in, from the kept bytes to the desk: the order of the steps."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.core.routing.batching import waves
from postroom.inbound.models import InboundMail
from postroom.inbound.queue import give_back, ready, routes_of, take
from postroom.inbound.steps.collect import gather
from postroom.inbound.steps.decide import decide_all
from postroom.inbound.steps.enact import enact, fail
from postroom.inbound.steps.parse import Reader, Unreadable
from postroom.inbound.work import Read, read_from
from postroom.infra.config import config
from postroom.infra.database.base import claim


def settle_some(reader: Reader) -> int:
    """Claim a batch of arrivals and settle it; returns how many were claimed."""
    token, ids = claim(InboundMail, config().batch, config().lease_seconds)
    if ids:
        settle(token, ids, reader)
    return len(ids)


def settle(token: str, ids: Sequence[int], reader: Reader) -> None:
    """The steps for arrivals leased under `token`: parse, collect, decide, enact, wave by wave."""
    taken = take(ids)
    reads: list[Read] = []
    for (arrival, _), understood in zip(taken, reader.read([raw for _, raw in taken]), strict=True):
        if isinstance(understood, Unreadable):
            fail(arrival, token, understood)
        else:
            reads.append(read_from(arrival, understood))
    now, later = ready(reads)
    give_back([read.arrival for read in later], token)
    for wave in waves(now):
        enact(decide_all(wave, gather(wave), routes_of(wave)), token)
