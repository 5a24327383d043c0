"""A mail's way out, from the queue to the server's answer in a row: the order of the steps.

`expand` comes before, in the transaction of whoever queues; `expire` comes round by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.db import InterfaceError, OperationalError, transaction

from postroom.infra.logs import logger
from postroom.outbound.models import Delivery
from postroom.outbound.steps import allow
from postroom.outbound.steps.choose import choose
from postroom.outbound.steps.claim import EVERY, claim, spoil
from postroom.outbound.steps.fit import files_of, refuse
from postroom.outbound.steps.link import link
from postroom.outbound.steps.record import put_off, record
from postroom.outbound.steps.render import press_of
from postroom.outbound.steps.transmit import transmit
from postroom.outbound.work import Item, PutOff, Result

log = logger(__name__)

AWAY = (OperationalError, InterfaceError)


def take(most: int, shares: Mapping[int, int] = EVERY) -> list[Item]:
    """Claim copies that are due, at most so many, of each lane no more than its share, and make them ready: where each
    goes, and how it is printed.
    """
    rows = claim(most, shares)
    try:
        return _ready(rows)
    except AWAY:
        raise
    except Exception as error:  # noqa: BLE001 whatever one of them holds must not keep the others
        log.warning("batch failed, going one by one", copies=len(rows), error=repr(error))
        return [item for row in rows for item in _ready_alone(row)]


def _ready(rows: Sequence[Delivery]) -> list[Item]:
    """Choose, refuse what can't leave, make links; render, which waits until a connection has its turn."""
    if not rows:
        return []
    files = files_of(row.letter_id for row in rows)
    with transaction.atomic():
        choose(rows, files)
        going = refuse(rows)
        link(going)
    press = press_of(going, files, to_send=True)
    return [Item(row, press.copy(row)) for row in going]


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
    with allow.transaction(), transaction.atomic():
        for one in put_offs:
            put_off(one)
        begun = transmit(allow.allow(window, record(results), put_offs))
        allow.give_back(set(window).difference(begun))
        return begun


def record_alone(result: Result) -> None:
    """Record one outcome by itself, after all together failed; one that can't be recorded is unknown in the end."""
    try:
        with allow.transaction(), transaction.atomic():
            allow.allow([], record([result]))
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
