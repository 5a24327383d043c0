"""The wire: connections to servers in an event loop of a thread of its own, which never asks the database.

The sender tells connections to open and gives them windows of copies; what came of it goes into the sender's inbox.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, cast

from postroom.infra.logs import logger
from postroom.outbound.registry import transports
from postroom.outbound.transports.protocol import Copy, NoSession, Outcome, Result, Server, Session

log = logger(__name__)

IDLE_SECONDS = 10.0  # after which a connection without work is closed
MOST_MAILS = 100  # over one connection
MOST_SECONDS = 300.0  # that a connection lasts
REPORT_SECONDS = 0.25  # after which a window tells what it has so far
CLOSE_SECONDS = 2.0


@dataclass(eq=False, slots=True)
class Connection:
    """A place for a session with a server, which may come and go. `windows` is the loop's."""

    server: Server
    windows: asyncio.Queue[Sequence[Copy] | None] = field(default_factory=asyncio.Queue)
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """News of a connection: outcomes by delivery; `done`: it waits for a window, with a session open where `warm`.

    `failure` says why no session could be opened.
    """

    connection: Connection
    outcomes: Sequence[tuple[int, Outcome]] = ()
    done: bool = True
    warm: bool = False
    failure: Outcome | None = None


class Wire:
    """Runs the connections. `tell` is called from its thread."""

    def __init__(self, tell: Callable[[Came], None]) -> None:
        self._tell = tell
        self._loop = _new_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def give(self, connection: Connection, copies: Sequence[Copy] = ()) -> None:
        """Send these, over a session that is opened where none is; without copies only open one. `Came` tells."""
        self._loop.call_soon_threadsafe(self._put, connection, copies)

    def retire(self, connection: Connection) -> None:
        """Close a connection that is done with what it had; nothing is told."""
        self._loop.call_soon_threadsafe(self._put, connection, None)

    def hurry(self) -> None:
        """Let every connection end with the copy that it is sending; the rest of its window comes back untouched."""
        self._stopping = True

    def close(self) -> None:
        """End the thread; connections that still work are cut off."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(CLOSE_SECONDS * 2)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            for task in self._tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.wait_for(self._ended(), CLOSE_SECONDS))
        finally:
            self._loop.close()

    async def _ended(self) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # for transports that close
        await self._loop.shutdown_default_executor()

    def _put(self, connection: Connection, copies: Sequence[Copy] | None) -> None:
        connection.windows.put_nowait(copies)
        if not connection.begun:
            connection.begun = True
            task = self._loop.create_task(_Work(connection, self._tell, lambda: self._stopping).run())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # noqa: PLC0415 not on every system
    except ImportError:  # slower, otherwise the same
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class _Work:
    """What one connection does, until it is retired."""

    def __init__(self, connection: Connection, tell: Callable[[Came], None], stopping: Callable[[], bool]) -> None:
        self._connection = connection
        self._tell = tell
        self._stopping = stopping
        self._session: Session | None = None
        self._mails = 0
        self._until = 0.0
        self._outcomes: list[tuple[int, Outcome]] = []
        self._told_at = 0.0

    async def run(self) -> None:
        try:
            while (copies := await self._next_window()) is not None:
                failure = await self._send(copies)
                self._report(done=True, failure=failure)
        finally:
            await self._close()

    async def _next_window(self) -> Sequence[Copy] | None:
        """None where the connection is told to go. One that idles closes its session and tells so, but stays."""
        windows = self._connection.windows
        if self._session is not None:
            with suppress(TimeoutError):
                return await asyncio.wait_for(windows.get(), IDLE_SECONDS)
            await self._close()
            self._tell(Came(self._connection))
        return await windows.get()

    async def _open(self) -> Outcome | None:
        """Open a session; why not, where that fails."""
        server = self._connection.server
        try:
            self._session = await transports()[server.transport].open(server)
        except NoSession as none:
            return none.outcome
        except Exception as error:
            log.exception("transport failed", server=server.name, exc_info=error)
            return Outcome(Result.DEFERRED, "connect", words=f"{type(error).__name__}: {error}")
        self._mails, self._until = 0, time.monotonic() + MOST_SECONDS
        return None

    async def _send(self, copies: Sequence[Copy]) -> Outcome | None:
        """Send all, over as many sessions as that takes; why no session could be opened any more, where so."""
        left, self._told_at, idle = list(copies), time.monotonic(), 0
        if not left and self._session is None:
            return await self._open()
        while left and not self._stopping():
            if self._session is None and (failure := await self._open()):
                self._outcomes += [(copy.delivery, failure) for copy in left]
                return failure
            before = len(left)
            await self._send_some(left)
            if self._session is not None and self._is_worn(self._session):
                await self._close()
            idle = 0 if len(left) < before else idle + 1
            if idle > 1:  # it opens, but takes nothing
                failure = Outcome(
                    Result.DEFERRED, "connect", words="The server ends every session before the first mail."
                )
                self._outcomes += [(copy.delivery, failure) for copy in left]
                return failure
        self._outcomes += [(copy.delivery, Outcome.untouched()) for copy in left]
        return None

    async def _send_some(self, left: list[Copy]) -> None:
        """Send what this session takes, and take it off the list."""
        assert self._session is not None
        try:
            async with aclosing(cast("Any", self._session.send(left[: MOST_MAILS - self._mails]))) as sending:
                async for copy, outcome in sending:
                    if outcome.is_untouched:
                        break
                    self._note(left, copy, outcome)
                    if self._stopping():
                        break
        except Exception as error:
            log.exception("transport failed", server=self._connection.server.name, exc_info=error)
            words = f"It is unknown what became of it: {type(error).__name__}: {error}"
            self._note(left, left[0], Outcome(Result.UNKNOWN, "dot", words=words))
            await self._close()

    def _is_worn(self, session: Session) -> bool:
        return not session.alive or self._mails >= MOST_MAILS or time.monotonic() > self._until

    def _note(self, left: list[Copy], copy: Copy, outcome: Outcome) -> None:
        del left[0]  # outcomes come in order
        self._mails += 1
        self._outcomes.append((copy.delivery, outcome))
        if time.monotonic() - self._told_at > REPORT_SECONDS:
            self._report(done=False)

    def _report(self, *, done: bool, failure: Outcome | None = None) -> None:
        outcomes, self._outcomes, self._told_at = self._outcomes, [], time.monotonic()
        self._tell(Came(self._connection, outcomes, done, self._session is not None, failure))

    async def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(Exception):
                await session.close()
