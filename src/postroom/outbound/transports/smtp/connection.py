"""A connection to a server: what is written, what comes back, and when to wait no longer.

It counts the answers that are due. A server that says more than it was asked is not understood any more: what it means
to answer is then anybody's guess, or somebody in between said it (RFC 3207 §6).
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from typing import cast

from postroom.outbound.transports.smtp.replies import NotSmtp, Replies, Reply

EARLY = 0.002  # seconds by which a timer of a loop may run ahead of its clock


class Lost(Exception):
    """The connection is of no use any more; its cause says why. `closed`: the other side ended it, without more."""

    def __init__(self, closed: bool = False) -> None:
        super().__init__()
        self.closed = closed


class Late(TimeoutError):
    """No answer within so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} seconds")


class Connection(asyncio.Protocol):
    """One connection. Whoever waits for an answer waits alone: there is one conversation."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.heard_at = time.monotonic()
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser = Replies()
        self._replies: list[Reply] = []  # complete, not taken yet
        self._due = 1  # answers that are due: the greeting
        self._error: Exception | None = None
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None
        self._seconds = 0.0
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    # --- what the loop tells ---------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._use(cast("asyncio.Transport", transport))  # uvloop's is one by its deeds

    def data_received(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        if self._error is not None:
            return
        before = len(self._replies)
        try:
            self._parser.feed(data, self._replies)
        except NotSmtp as error:
            self._account(before)
            self._fail(error)
        else:
            self._account(before)
        if self._waiter is not None and (self._replies or self._error):
            self._wake()

    def _account(self, before: int) -> None:
        """Take what came off what is due; what was not due ends the conversation."""
        self._due -= len(self._replies) - before
        if self._due < 0:
            said = self._replies[self._due]
            del self._replies[self._due :]
            self._fail(NotSmtp(f"{said.code} {said.text}", "it said something that nobody had asked for"))
        elif self._due == 0 and not self._parser.is_between:
            self._fail(NotSmtp("", "it said more than it was asked"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionResetError())
        if self._timer is not None:
            self._timer.cancel()

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False
        self._wake()

    # --- what a conversation does ----------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether something can be said."""
        return self._error is None and self._transport is not None and not self._transport.is_closing()

    @property
    def has_replies(self) -> bool:
        """Whether an answer is there that nobody took."""
        return bool(self._replies)

    @property
    def is_paused(self) -> bool:
        """Whether some of what was written waits for the server to read."""
        return self._paused

    def write(self, data: bytes | memoryview, answers: int) -> None:
        """Say something to which so many answers are due.

        Raises:
            Lost: there is nobody to say it to.

        """
        if not self.is_open:
            raise self.lost()
        assert self._transport is not None
        self._due += answers
        self._transport.write(data)

    async def ask(self, line: bytes, seconds: float) -> Reply:
        """Say a line; the answer. Raises Lost."""
        self.write(line + b"\r\n", 1)
        return await self.reply(seconds)

    def take(self) -> Reply | None:
        """The next answer, where it is there."""
        return self._replies.pop(0) if self._replies else None

    async def reply(self, seconds: float) -> Reply:
        """The next answer, within so many seconds altogether.

        Raises:
            Lost: it does not come.

        """
        if not self._replies:
            await self._wait(seconds, lambda: bool(self._replies))
        return self._replies.pop(0)

    async def drained(self, seconds: float) -> None:
        """Until all that was written is on its way, or the server says something.

        Raises:
            Lost: it does not read for so many seconds.

        """
        await self._wait(seconds, lambda: not self._paused or bool(self._replies))

    async def start_tls(self, context: ssl.SSLContext, host: str, seconds: float) -> None:
        """Encrypt from here on; whatever was said in the clear is over.

        Raises:
            Lost: there were words before the encryption, which nobody vouches for (RFC 3207 §6).
            OSError: it does not come about; ssl.SSLError among them.

        """
        if not self.is_open or self._replies:
            raise self.lost()
        assert self._transport is not None
        made = await self._loop.start_tls(
            self._transport, self, context, server_hostname=host, ssl_handshake_timeout=seconds
        )
        if made is None:
            raise ConnectionResetError
        self._use(made)

    def abort(self) -> None:
        """Close at once: there is nothing to be said any more, not even the goodbye of TLS."""
        self._fail(ConnectionAbortedError())
        if self._transport is not None:
            self._transport.abort()

    # --- waiting ---------------------------------------------------------------------------------------------------

    def _use(self, transport: asyncio.Transport) -> None:
        """So that `is_paused` is exact: until everything is out of our hands."""
        transport.set_write_buffer_limits(high=1, low=0)
        self._transport, self._paused = transport, False

    async def _wait(self, seconds: float, until: Callable[[], bool]) -> None:
        """One timer serves many waits: it is set anew only where the next deadline is before it."""
        if until():
            return
        if self._error is not None:
            raise self.lost()
        self._seconds, self._until = seconds, self._loop.time() + seconds
        if self._timer is None or self._timer_at > self._until:
            self._set_timer()
        while not until():
            if self._error is not None:
                raise self.lost()
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = self._until
        self._timer = self._loop.call_at(self._until, self._late)

    def _late(self) -> None:
        self._timer = None
        if self._waiter is None:
            return  # nobody waits: the next one sets it again
        if self._loop.time() < self._until - EARLY:
            self._set_timer()
        else:
            self._fail(Late(self._seconds))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: Exception) -> None:
        """The first reason is the one that counts."""
        if self._error is None:
            self._error = error
        self._wake()

    def lost(self) -> Lost:
        """Why it is of no use any more, to be raised."""
        cause = self._error or ConnectionResetError()
        lost = Lost(isinstance(cause, ConnectionError))
        lost.__cause__ = cause
        return lost
