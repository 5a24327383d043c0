"""Keeps mails as files in `var/outbox`, one a copy: what an installation without an outgoing server does.

The bytes are exactly those that would be sent; the envelope stands in the row of the delivery.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from postroom.infra.blobs import sync_folder
from postroom.infra.config import config
from postroom.outbound.transports.protocol import Copy, NoSession, Outcome, Result, Server, written


def folder() -> Path:
    """Where the files stand."""
    return config().var / "outbox"


class Outbox:
    """The transport."""

    key = "outbox"

    async def open(self, server: Server) -> OutboxSession:
        try:
            folder().mkdir(parents=True, exist_ok=True)
        except OSError as error:
            words = f"The outbox folder {folder()} can't be made: {error.strerror}."
            raise NoSession(Outcome(Result.DEFERRED, "connect", words=words)) from error
        return OutboxSession(folder())


class OutboxSession:
    """Writes what it is given at once, and makes it durable together."""

    alive = True
    silent_seconds = 0.0

    def __init__(self, place: Path) -> None:
        self._place = place

    async def send(self, copies: Sequence[Copy]) -> AsyncIterator[tuple[Copy, Outcome]]:
        outcomes = await asyncio.to_thread(self._keep, copies)
        for copy, outcome in zip(copies, outcomes, strict=True):
            yield copy, outcome

    def _keep(self, copies: Sequence[Copy]) -> list[Outcome]:
        """All under temporary names first; their names only when their bytes are on the disk."""
        outcomes = [self._write(copy) for copy in copies]
        try:
            for copy, outcome in zip(copies, outcomes, strict=True):
                if outcome.result is Result.ACCEPTED:
                    self._temporary(copy).replace(self._path(copy))
            sync_folder(self._place)
        except OSError as error:  # some may stand there already
            return [_full(error, Result.UNKNOWN) if one.result is Result.ACCEPTED else one for one in outcomes]
        return outcomes

    def _write(self, copy: Copy) -> Outcome:
        raw = written(copy)
        if isinstance(raw, Outcome):
            return raw
        try:
            with self._temporary(copy).open("wb") as handle:
                handle.write(raw)
                handle.flush()
                os.fsync(handle.fileno())
        except OSError as error:
            return _full(error, Result.DEFERRED)
        return Outcome(Result.ACCEPTED, "dot", 250, "2.0.0", f"Kept as {self._path(copy).name} in the outbox folder.")

    def _path(self, copy: Copy) -> Path:
        return self._place / f"{copy.delivery}.eml"

    def _temporary(self, copy: Copy) -> Path:
        return self._place / f".{copy.delivery}.{os.getpid()}"

    async def close(self) -> None:
        pass


def _full(error: OSError, result: Result) -> Outcome:
    return Outcome(result, "data", words=f"The outbox folder does not take it: {error.strerror or error}.")


TRANSPORT = Outbox()
