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

from postroom.infra.config import config
from postroom.infra.logs import logger
from postroom.outbound.registry import transports
from postroom.outbound.transports.protocol import Copy, NoSession, Outcome, Result, Server, Session

log = logger(__name__)

IDLE_SECONDS = 10.0  # after which a connection without work is closed
MOST_MAILS = 100  # over one connection
MOST_SECONDS = 300.0  # that a connection lasts
REPORT_SECONDS = 0.25  # after which a window tells what it has so far
CLOSE_SECONDS = 2.0
LOOK_SECONDS = 0.25  # between two looks for connections that hang
TAKES_NOTHING = Outcome(Result.DEFERRED, "connect", words="The server ends every session before the first mail.")
CUT = Outcome(Result.DEFERRED, "", words="Other mail went first.")


@dataclass(eq=False, slots=True)
class Connection:
    """A place for a session with a server, which may come and go. `windows` is the loop's."""

    server: Server
    windows: asyncio.Queue[Sequence[Copy] | None] = field(default_factory=asyncio.Queue)
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """News of a connection: outcomes by delivery; `done`: it waits for a window, with a session open where `warm`.

    `failure` says why no session could be opened. `hangs`: the server has said nothing for long though a mail's data is
    on its way.
    """

    connection: Connection
    outcomes: Sequence[tuple[int, Outcome]] = ()
    done: bool = True
    warm: bool = False
    failure: Outcome | None = None
    hangs: bool = False


class Wire:
    """Runs the connections. `tell` is called from its thread."""

    def __init__(self, tell: Callable[[Came], None]) -> None:
        self._tell = tell
        self._loop = _new_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._works: dict[Connection, _Work] = {}
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

    def cut(self, connection: Connection) -> None:
        """Let a connection's window end with the copy that it is at; the others come back untouched, at once."""
        self._loop.call_soon_threadsafe(self._cut, connection)

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
        self._tasks.add(self._loop.create_task(self._look()))
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
            work = self._works[connection] = _Work(connection, self._tell, lambda: self._stopping)
            task = self._loop.create_task(work.run())
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._forget(connection, done))

    def _forget(self, connection: Connection, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._works.pop(connection, None)

    def _cut(self, connection: Connection) -> None:
        if work := self._works.get(connection):
            work.cut()

    async def _look(self) -> None:
        """Now and then, tell of connections that hang: one look for all, nothing for each copy."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            longest = config().send_silent_seconds
            for work in self._works.values():
                work.look(longest)


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
        self._left: list[Copy] = []  # of its window
        self._is_cut = False
        self._hangs = False

    def cut(self) -> None:
        """End the window with the copy that it is at. What was given to the session beyond that never begins, since
        nobody asks for its outcome.
        """
        self._is_cut = bool(self._left)
        rest = self._left[1:]
        if rest:
            del self._left[1:]
            self._outcomes += [(copy.delivery, CUT) for copy in rest]
            self._report(done=False)

    def look(self, longest: float) -> None:
        """Tell where the server has said nothing for so many seconds; where it speaks again, its outcomes tell."""
        if not self._hangs and self._session is not None and self._left:
            self._hangs = self._session.silent_seconds >= longest
            if self._hangs:
                self._report(done=False)

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
        left = self._left = list(copies)
        self._told_at, self._is_cut, idle = time.monotonic(), False, 0
        if not left and self._session is None:
            return await self._open()
        while left and not self._stopping():
            if self._session is None and (failure := await self._open()):
                return self._give_up(left, failure)
            before = len(left)
            await self._send_some(left)
            if self._session is not None and self._is_worn(self._session):
                await self._close()
            idle = 0 if len(left) < before else idle + 1
            if idle > 1:  # it opens, but takes nothing
                return self._give_up(left, TAKES_NOTHING)
        self._outcomes += [(copy.delivery, Outcome.untouched()) for copy in left]
        return None

    def _give_up(self, left: Sequence[Copy], failure: Outcome) -> Outcome:
        """The first copy found out; the others were not tried."""
        self._outcomes += [(copy.delivery, Outcome.untouched() if at else failure) for at, copy in enumerate(left)]
        return failure

    async def _send_some(self, left: list[Copy]) -> None:
        """Send what this session takes, and take it off the list."""
        assert self._session is not None
        try:
            async with aclosing(cast("Any", self._session.send(left[: MOST_MAILS - self._mails]))) as sending:
                async for copy, outcome in sending:
                    if outcome.is_untouched:
                        break
                    self._note(left, copy, outcome)
                    if self._stopping() or self._is_cut:
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
        self._hangs = False
        self._outcomes.append((copy.delivery, outcome))
        if time.monotonic() - self._told_at > REPORT_SECONDS:
            self._report(done=False)

    def _report(self, *, done: bool, failure: Outcome | None = None) -> None:
        outcomes, self._outcomes, self._told_at = self._outcomes, [], time.monotonic()
        if done:
            self._left, self._hangs = [], False
        self._tell(Came(self._connection, outcomes, done, self._session is not None, failure, self._hangs))

    async def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(Exception):
                await session.close()
