"""A mail's way out, from the queue to the server's answer in a row: the order of the steps.

`expand` comes before, in the transaction of whoever queues; `expire` comes round by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db import InterfaceError, OperationalError, transaction

from postroom.infra.logs import logger
from postroom.outbound.models import Delivery
from postroom.outbound.steps import allow, ration
from postroom.outbound.steps.choose import choose
from postroom.outbound.steps.claim import claim, spoil
from postroom.outbound.steps.record import put_off, record
from postroom.outbound.steps.render import press_of
from postroom.outbound.steps.transmit import transmit
from postroom.outbound.transports.protocol import Result as Answer
from postroom.outbound.work import Item, PutOff, Result

log = logger(__name__)

AWAY = (OperationalError, InterfaceError)


def take(most: int) -> list[Item]:
    """Claim copies that are due, at most so many, and make them ready: where each goes, and how it is printed."""
    rows = claim(most)
    try:
        return _ready(rows)
    except AWAY:
        raise
    except Exception as error:  # noqa: BLE001 whatever one of them holds must not keep the others
        log.warning("batch failed, going one by one", copies=len(rows), error=repr(error))
        return [item for row in rows for item in _ready_alone(row)]


def _ready(rows: Sequence[Delivery]) -> list[Item]:
    """Choose; render, which waits until a connection has its turn."""
    if not rows:
        return []
    with transaction.atomic():
        choose(rows)
    press = press_of(rows, to_send=True)
    return [Item(row, press.copy(row)) for row in rows]


def _ready_alone(row: Delivery) -> list[Item]:
    try:
        return _ready([row])
    except AWAY:
        raise
    except Exception as error:
        log.exception("copy failed", delivery=row.pk, exc_info=error)
        with transaction.atomic():
            spoil(row, error)
        return []


def exchange(results: Sequence[Result], put_offs: Sequence[PutOff], window: Sequence[Item]) -> list[Item]:
    """Record what came, and let these copies begin, in one commit; returns those that may go onto the wire."""
    with transaction.atomic():
        for one in put_offs:
            put_off(one)
        record(results)
        _uncount(_deferred(results))
        begun = transmit(allow.allow(ration.ration(window)))
        _uncount(set(window).difference(begun))
        return begun


def _deferred(results: Iterable[Result]) -> list[Item]:
    return [one.item for one in results if one.outcome.result is Answer.DEFERRED]


def _uncount(items: Iterable[Item]) -> None:
    """Within a transaction: what did not leave counts for no limit of a day, as far as it was counted."""
    counted = list(items)
    ration.give_back(counted)
    allow.give_back(counted)


def record_alone(result: Result) -> None:
    """Record one outcome by itself, after all together failed; one that can't be recorded is unknown in the end."""
    try:
        with transaction.atomic():
            record([result])
            _uncount(_deferred([result]))
    except AWAY:
        raise
    except Exception as error:
        log.exception("outcome lost", delivery=result.item.row.pk, exc_info=error)


def put_off_alone(one: PutOff) -> None:
    """Put off copies each by itself, after all together failed; where one can't be, its lease ends and it is claimed
    again.
    """
    for item in one.items:
        try:
            with transaction.atomic():
                put_off(replace(one, items=[item]))
        except AWAY:
            raise
        except Exception as error:
            log.exception("copy can't be put off", delivery=item.row.pk, exc_info=error)
