"""Greedy group commit: one thread keeps whatever queued while the previous commit ran, then answers all at once."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from postroom.core.routing import refusals
from postroom.inbound.services import Arrival, Kept, accept
from postroom.infra.config import config
from postroom.infra.database.base import no_room
from postroom.infra.logs import logger

log = logger(__name__)

MOST_MAILS = 64
MOST_BYTES = 4 * 1024 * 1024
MOST_AWAY = 2  # tries in a row that find the database away: each may take as long as it is waited for
NO_ROOM = ("452 4.3.1", "There is no room to store the mail just now. Please try again later.")


class NotKept(Exception):
    """Nothing was kept; `code` and `words` are for the sender."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code} {words}")
        self.code, self.words = code, words


@dataclass(slots=True)
class _Waiting:
    arrival: Arrival
    answer: asyncio.Future[Kept]


@dataclass(slots=True)
class _State:
    mails: deque[_Waiting] = field(default_factory=deque)
    jobs: deque[Callable[[], None]] = field(default_factory=deque)
    bytes: int = 0
    stopping: bool = False


class Committer:
    """Keeps mails and runs small questions to the database, in a thread of its own with its own connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._state = _State()
        self._wake = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="committer")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Keep what is queued, then end."""
        with self._wake:
            self._state.stopping = True
            self._wake.notify()
        self._thread.join()

    async def keep(self, arrival: Arrival) -> Kept:
        """Keep one mail; returns once it is durable.

        Raises:
            NotKept: the queue is full, or storage did not take it.

        """
        answer: asyncio.Future[Kept] = self._loop.create_future()
        with self._wake:
            full = len(self._state.mails) >= config().queue_mails
            if full or self._state.bytes + len(arrival.raw) > max(config().queue_bytes, len(arrival.raw)):
                raise NotKept(*refusals.busy())
            self._state.mails.append(_Waiting(arrival, answer))
            self._state.bytes += len(arrival.raw)
            self._wake.notify()
        return await asyncio.shield(answer)  # the mail is kept even where its sender hangs up

    async def ask(self, question: Callable[[], Any]) -> Any:
        """What a small question to the database answers, asked between two commits.

        Raises:
            DatabaseError: the database is away.

        """
        answer: asyncio.Future[Any] = self._loop.create_future()
        with self._wake:
            self._state.jobs.append(partial(self._answer, question, answer))
            self._wake.notify()
        return await answer

    def _answer(self, question: Callable[[], Any], answer: asyncio.Future[Any]) -> None:
        try:
            said = question()
        except Exception as error:  # noqa: BLE001 whoever asked is told
            _reconnect(error)
            self._loop.call_soon_threadsafe(_fail, answer, error)
        else:
            self._loop.call_soon_threadsafe(_resolve, answer, said)

    def _run(self) -> None:
        while True:
            batch, jobs = self._next()
            if not batch and not jobs:
                connection.close()
                return
            if batch:
                answers = self._commit(batch)
                self._loop.call_soon_threadsafe(_tell, answers)
            for job in jobs:
                job()

    def _next(self) -> tuple[list[_Waiting], list[Callable[[], None]]]:
        """Everything that is waiting, within the limits of a batch; empty when it is time to end."""
        state = self._state
        with self._wake:
            while not (state.mails or state.jobs or state.stopping):
                self._wake.wait()
            jobs = list(state.jobs)
            state.jobs.clear()
            batch: list[_Waiting] = []
            size = 0
            while state.mails and len(batch) < MOST_MAILS and (not batch or size < MOST_BYTES):
                batch.append(state.mails.popleft())
                size += len(batch[-1].arrival.raw)
            state.bytes -= size
        return batch, jobs

    def _commit(self, batch: list[_Waiting]) -> list[tuple[asyncio.Future[Kept], Kept | NotKept]]:
        try:
            kept: list[Kept | NotKept] = list(accept([one.arrival for one in batch]))
        except Exception as error:  # noqa: BLE001 one mail must not keep the others out
            _reconnect(error)
            kept = _one_by_one(batch) if len(batch) > 1 else [_not_kept(error)]
        return [(one.answer, what) for one, what in zip(batch, kept, strict=True)]


def _one_by_one(batch: list[_Waiting]) -> list[Kept | NotKept]:
    """What becomes of each by itself; where the database stays away, the rest are told without another try."""
    kept: list[Kept | NotKept] = []
    away = 0
    for one in batch:
        if away == MOST_AWAY:
            kept.append(kept[-1])
            continue
        try:
            kept += accept([one.arrival])
            away = 0
        except Exception as error:  # noqa: BLE001 as above
            _reconnect(error)
            kept.append(_not_kept(error))
            away = away + 1 if isinstance(error, (OperationalError, InterfaceError)) else 0
    return kept


def _not_kept(error: Exception) -> NotKept:
    full = isinstance(error, DatabaseError) and no_room(error)
    log.error("mail was not kept", error=repr(error))
    return NotKept(*(NO_ROOM if full or isinstance(error, OSError) else refusals.not_kept()))


def _reconnect(error: Exception) -> None:
    if isinstance(error, DatabaseError):
        close_old_connections()


def _tell(answers: list[tuple[asyncio.Future[Kept], Kept | NotKept]]) -> None:
    for answer, what in answers:
        if isinstance(what, NotKept):
            _fail(answer, what)
        else:
            _resolve(answer, what)


def _resolve(answer: asyncio.Future[Any], what: Any) -> None:
    if not answer.done():
        answer.set_result(what)


def _fail(answer: asyncio.Future[Any], error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
        answer.exception()  # whoever waited may have hung up
