"""Decisions about thousands of copies: a row says which and how far it is, a worker does some hundred at a time.

The ids are found without a lock, the pieces are short transactions of their own with the row's new position: a process
that ends leaves the piece undone, and another goes on behind the last one.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Count, Max, Q, QuerySet

from postroom.core.delivery.decisions import Order, Verb, sources
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra import changes
from postroom.infra.clock import now
from postroom.infra.database.literals import Word
from postroom.infra.logs import logger
from postroom.outbound.models import Delivery, QueueOperation
from postroom.outbound.news import TOPIC
from postroom.outbound.queue import control
from postroom.outbound.queue.control import CannotDecide
from postroom.outbound.queue.copy_filter import CopyFilter, filtered, in_states

log = logger(__name__)

CHUNK = 250  # copies of one transaction
AHEAD = 20_000  # ids that are read at a time
IDLE_SECONDS = 1.0
AWAY_SECONDS = 1.0
SHORTEST_BREATH = 0.002
KEEP = timedelta(days=30)
State = QueueOperation.State
SAVED = ("position", "done", "skipped", "why", "state", "words", "ended_at")


@dataclass(frozen=True, slots=True)
class Found:
    """How many copies a decision is about, and the highest id among them."""

    total: int
    highest: int = 0


def count(user: User, by: CopyFilter, verb: Verb) -> Found:
    """How many copies `start` would be about now: exactly, so it costs what they are."""
    found = _rows(companies(user, Permission.OUTBOUND_MANAGE), by, verb).aggregate(n=Count("pk"), highest=Max("pk"))
    return Found(found["n"], found["highest"] or 0)


def start(user: User, by: CopyFilter, order: Order) -> QueueOperation:
    """Decide about all copies that the filter finds now. Where they are few this is done when it returns; else a worker
    does it.

    Raises:
        CannotDecide: nobody said which copies, or it can be done for none.

    """
    if not by:
        raise CannotDecide("Say which copies: a filter is needed.")
    control.check(user, order)
    mine = sorted(companies(user, Permission.OUTBOUND_MANAGE))
    found = count(user, by, order.verb)
    row = QueueOperation.objects.create(
        user=user,
        who=user.name,
        companies=mine,
        company=mine[0] if len(mine) == 1 else 0,
        verb=order.verb,
        arguments=_arguments(order),
        filter=by.given(),
        highest=found.highest,
        total=found.total,
        started_at=now(),
    )
    log.info("operation started", operation=row.pk, verb=row.verb, copies=row.total, by=user.username)
    if found.total <= CHUNK:
        work_off(row.pk)
        row.refresh_from_db()
    return row


def readable(user: User) -> QuerySet[QueueOperation]:
    """The operations that `user` may see and stop: their own, and those about a company that they decide for."""
    mine = companies(user, Permission.OUTBOUND_MANAGE)
    return QueueOperation.objects.filter(Q(company__in=mine - {0}) | Q(user=user)) if mine else _none()


def recent(user: User, most: int = 10, *, running: bool = False) -> list[QueueOperation]:
    """The operations that `user` may see, newest first; with `running` only those that go on."""
    rows = readable(user).order_by("-pk")
    return list((rows.filter(state=Word(State.RUNNING)) if running else rows)[:most])


def stop(user: User, pk: int) -> bool:
    """Let an operation end behind the piece that runs; whether it was running."""
    with transaction.atomic():
        row = readable(user).filter(pk=pk, state=State.RUNNING).select_for_update(of=("self",)).first()
        if row is None:
            return False
        _end(row, State.STOPPED, f"Stopped by {user.name}. {_summary(row)}")
        _save(row)
    return True


def order_of(row: QueueOperation) -> Order:
    """The order that a row keeps."""
    at = row.arguments.get("at")
    return Order(Verb(row.verb), datetime.fromisoformat(at) if at else None, row.arguments.get("server"))


def forget_old() -> int:
    """Delete operations that ended long ago; returns how many."""
    return QueueOperation.objects.filter(ended_at__lt=now() - KEEP).delete()[0]


# --- the work --------------------------------------------------------------------------------------------------------


def work_off(pk: int, stopping: threading.Event | None = None, *, most: int | None = None) -> bool:
    """Do what is left of an operation, piece by piece, at most `most` of them; whether it ended."""
    done = 0
    while ids := _ahead(pk):
        for at in range(0, len(ids), CHUNK):
            began = time.monotonic()
            if not _piece(pk, ids[at : at + CHUNK]):
                break
            done += 1
            if (stopping and stopping.is_set()) or done == most:
                return False
            if stopping:
                stopping.wait(max(SHORTEST_BREATH, time.monotonic() - began))  # others write, too
    return _finish(pk)


def work_all() -> int:
    """Do all that waits, within this process: for tests and for a machine without a worker; returns how many ended."""
    return sum(work_off(pk) for pk in _running())


class Clerk:
    """Works off operations beside the sender, in a thread of its own."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Let the piece that runs end."""
        self._stopping.set()

    def run(self) -> None:
        """Work until stopped; a database that is away is waited for."""
        while not self._stopping.is_set():
            try:
                ended = [work_off(pk, self._stopping) for pk in _running()]
                if not any(ended):
                    self._stopping.wait(IDLE_SECONDS)
            except DatabaseError as error:
                log.warning("the database is away", error=str(error).strip())
                close_old_connections()
                self._stopping.wait(AWAY_SECONDS)
            except Exception as error:
                log.exception("operation failed", exc_info=error)
                self._stopping.wait(AWAY_SECONDS)
        connection.close()


def _running() -> list[int]:
    found = QueueOperation.objects.filter(state=Word(State.RUNNING)).order_by("pk")
    return list(found.values_list("pk", flat=True))


def _rows(mine: frozenset[int] | Sequence[int], by: CopyFilter, verb: Verb) -> QuerySet[Delivery]:
    """The copies that a decision is about: without states in the filter those of the states that the verb knows."""
    rows = filtered(Delivery.objects.filter(company_id__in=mine), by)
    return rows if by.states else in_states(rows, sources(verb))


def _ahead(pk: int) -> list[int]:
    """The ids that come next, found without a lock; none where nothing is left or it does not run any more."""
    row = QueueOperation.objects.filter(pk=pk, state=State.RUNNING).first()
    if row is None:
        return []
    rows = _rows(row.companies, CopyFilter.of(row.filter), Verb(row.verb))
    rows = rows.filter(pk__gt=row.position, pk__lte=row.highest).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:AHEAD])


def _piece(pk: int, ids: Sequence[int]) -> bool:
    """Decide about these copies and write how far it is, in one transaction; False where somebody else went on, it was
    stopped, or it can't be done.
    """
    with transaction.atomic():
        row = QueueOperation.objects.select_for_update(of=("self",)).select_related("user").get(pk=pk)
        if row.state != State.RUNNING or row.position >= ids[0]:
            return False
        try:
            _decide(row, ids)
        except CannotDecide as problem:
            _end(row, State.FAILED, f"{problem} {_summary(row)}")
        _save(row)
    return row.state == State.RUNNING


def _decide(row: QueueOperation, ids: Sequence[int]) -> None:
    if row.user is None or not row.user.is_active:
        raise CannotDecide(f"{row.who} may not decide any more.")
    outcome = control.decide(row.user, ids, order_of(row), as_part=True)
    row.position = ids[-1]
    row.done += len(outcome.done)
    row.skipped += len(outcome.refused)
    row.why = dict(Counter(row.why) + Counter(one.why for one in outcome.refused))


def _finish(pk: int) -> bool:
    with transaction.atomic():
        row = QueueOperation.objects.select_for_update().get(pk=pk)
        if row.state == State.RUNNING:
            gone = row.total - row.done - row.skipped
            moved = f" {gone:,} had moved on before their turn came." if gone > 0 else ""
            _end(row, State.DONE, f"{_summary(row)}{moved}")
            _save(row)
    return True


def _end(row: QueueOperation, state: State, words: str) -> None:
    row.state, row.words, row.ended_at = state, words.strip(), now()
    log.info("operation ended", operation=row.pk, state=row.state, done=row.done, skipped=row.skipped)


def _summary(row: QueueOperation) -> str:
    left = f", {row.skipped:,} stayed as they were" if row.skipped else ""
    return f"{row.done:,} of {row.total:,} copies followed{left}."


def _save(row: QueueOperation) -> None:
    """Within a transaction: write how far it is, and tell open pages."""
    row.save(update_fields=SAVED)
    changes.tell([(company, TOPIC, f"op{row.pk}") for company in row.companies[:1]])


def _arguments(order: Order) -> dict[str, Any]:
    given = {"at": order.at.isoformat() if order.at else None, "server": order.server}
    return {name: value for name, value in given.items() if value is not None}


def _none() -> QuerySet[QueueOperation]:
    return QueueOperation.objects.none()
