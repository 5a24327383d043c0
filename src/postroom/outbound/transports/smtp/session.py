"""A session that hands mails over, one after another, and says what became of each."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Sequence

from aiosmtplib import SMTP, SMTPException, SMTPResponse
from aiosmtplib.protocol import SMTPProtocol

from postroom.core.delivery.smtp_replies import clean_words, enhanced_code, result_of
from postroom.outbound.transports.protocol import Copy, Outcome, Result, Server, written
from postroom.outbound.transports.smtp.trouble import reason

PIECE = 64 * 1024  # bytes that are on their way before the next ones are written
LOOK_SECONDS = 0.005
QUIT_SECONDS = 2.0
_OUTSIDE = re.compile(r"[\x00-\x20<>\x7f]")  # would end the path of MAIL or RCPT
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


def hang_up(client: SMTP) -> None:
    """Close at once: there is nothing to be said any more, not even the goodbye of TLS."""
    if isinstance(client.transport, asyncio.WriteTransport):
        client.transport.abort()
    client.close()


class SmtpSession:
    """One connection. Every way in which a server can fail ends as an outcome; a broken session sends nothing more."""

    def __init__(self, client: SMTP, server: Server, seconds: float) -> None:
        self._client = client
        self._server = server
        self._seconds = seconds
        self._broken = False

    @property
    def alive(self) -> bool:
        return not self._broken and self._client.is_connected

    async def send(self, copies: Sequence[Copy]) -> AsyncIterator[tuple[Copy, Outcome]]:
        for copy in copies:
            yield copy, await self._hand_over(copy) if self.alive else Outcome.untouched()

    async def close(self) -> None:
        """Say goodbye where there is somebody to hear it."""
        if self.alive:
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                await self._client.execute_command(b"QUIT", timeout=min(QUIT_SECONDS, self._seconds))
        self._broken = True
        hang_up(self._client)

    async def _hand_over(self, copy: Copy) -> Outcome:
        raw = written(copy)
        if isinstance(raw, Outcome):
            return raw
        options, problem = self._options(copy, raw)
        if problem:
            return Outcome(Result.REFUSED, "mail", words=problem)
        try:
            outcome = await self._converse(copy, options, raw)
        except _Lost as lost:
            self._broken = True
            return Outcome(Result.DEFERRED, lost.phase, words=lost.words)
        except asyncio.CancelledError:
            self._broken = True  # cut off in the middle: there is nothing to be said any more
            raise
        if outcome.result is Result.UNKNOWN or outcome.code // 100 not in {2, 4, 5}:
            self._broken = True  # who knows what it would say next, and to what
        return outcome

    def _options(self, copy: Copy, raw: bytes) -> tuple[list[bytes], str]:
        """What MAIL says besides the sender, and why the server can't take this mail at all."""
        options = [b"SIZE=%d" % len(raw)] if self._client.supports_extension("size") else []  # RFC 1870
        if problem := self._too_large(len(raw)):
            return [], problem
        for address in (copy.sender, copy.recipient):
            if _OUTSIDE.search(address):
                return [], f"{address!r} is no address that an envelope can carry."
            if not address.isascii() and not self._client.supports_extension("smtputf8"):
                return [], f"The address {address} needs SMTPUTF8, which {self._server.host} does not offer (RFC 6531)."
        plain = raw[: raw.find(b"\r\n\r\n")].isascii() and copy.sender.isascii() and copy.recipient.isascii()
        if not plain and not self._client.supports_extension("smtputf8"):
            return [], f"An address in this mail needs SMTPUTF8, which {self._server.host} does not offer (RFC 6531)."
        return options if plain else [*options, b"SMTPUTF8"], ""

    def _too_large(self, size: int) -> str:
        """Why a mail of so many bytes is not even offered: the server's own limit, or the one that was set for it."""
        offered = str(self._client.esmtp_extensions.get("size", "")).strip()
        limits = [self._server.max_size, int(offered) if offered.isascii() and offered.isdigit() else 0]
        most = min((limit for limit in limits if limit), default=0)
        if not most or size <= most:
            return ""
        return f"This mail has {size / 1e6:.1f} MB; {self._server.host} takes {most / 1e6:.1f} MB at most."

    async def _converse(self, copy: Copy, options: Sequence[bytes], raw: bytes) -> Outcome:
        """Raises _Lost where the connection ended, or the server spoke nonsense, before the final dot was written."""
        mail = await self._say("mail", b"MAIL", b"FROM:<%s>" % copy.sender.encode(), *options)
        if mail.result is not Result.ACCEPTED:
            return await self._reset(mail)
        recipient = await self._say("rcpt", b"RCPT", b"TO:<%s>" % copy.recipient.encode())
        if recipient.result is not Result.ACCEPTED:
            return await self._reset(recipient)
        data = await self._say("data", b"DATA")
        if data.code == 354:
            return await self._content(raw)
        if data.result is Result.ACCEPTED:
            raise _Lost("data", f"{self._server.host} answered DATA with {data.code} instead of 354.")
        return await self._reset(data)

    async def _say(self, phase: str, *words: bytes) -> Outcome:
        try:
            reply = await self._client.execute_command(*words, timeout=self._seconds)
        except (SMTPException, OSError, ValueError) as error:
            raise _Lost(phase, self._lost(error)) from error
        return _outcome(reply, phase)

    async def _reset(self, outcome: Outcome) -> Outcome:
        """Make room for the next mail after one that was not taken (RFC 5321 §4.1.1.5)."""
        if self._client.is_connected:
            try:
                await self._client.rset()
            except (SMTPException, OSError):
                self._broken = True
        return outcome

    async def _content(self, raw: bytes) -> Outcome:
        """After 354: the mail, its final dot, and the answer to that (RFC 5321 §4.1.1.4)."""
        body = _on_the_wire(raw)
        *pieces, last = [body[start : start + PIECE] for start in range(0, len(body), PIECE)]
        protocol = self._client.protocol
        if protocol is None:
            raise _Lost("data", f"{self._server.host} closed the connection before the mail was sent.")
        try:
            if not pieces:
                protocol.write(last)
                return await self._answer(protocol.read_response(self._seconds))
            return await self._long(protocol, pieces, last)
        except (SMTPException, OSError) as error:
            raise _Lost("data", self._lost(error)) from error

    async def _long(self, protocol: SMTPProtocol, pieces: Sequence[bytes], last: bytes) -> Outcome:
        """Piece by piece; whether the server says no before it has seen the end is looked at beside."""
        reading = asyncio.ensure_future(protocol.read_response())
        try:
            for piece in pieces:
                protocol.write(piece)
                await self._gone(protocol, reading)
            if reading.done():
                self._broken = True
                return _outcome(reading.result(), "data")
            protocol.write(last)
        except BaseException:
            reading.cancel()
            raise
        return await self._answer(asyncio.wait_for(reading, self._seconds))

    async def _gone(self, protocol: SMTPProtocol, reading: asyncio.Future[SMTPResponse]) -> None:
        """Wait until what was written is on its way, so that the final dot is not written into the void."""
        until = time.monotonic() + self._seconds
        while not reading.done() and isinstance(protocol.transport, asyncio.WriteTransport):
            if not protocol.transport.get_write_buffer_size():
                return
            if time.monotonic() > until:
                raise TimeoutError
            await asyncio.sleep(LOOK_SECONDS)

    async def _answer(self, reading: Awaitable[SMTPResponse]) -> Outcome:
        """What the server says to the final dot; without that nobody knows whether it has the mail."""
        try:
            return _outcome(await reading, "dot")
        except (SMTPException, OSError) as error:
            why = reason(error, self._seconds)
            words = f"The mail was written, but {self._server.host} did not confirm it: {why}."
            return Outcome(Result.UNKNOWN, "dot", words=words)

    def _lost(self, error: Exception) -> str:
        return f"{self._server.host} did not take the mail: {reason(error, self._seconds)}."


class _Lost(Exception):
    """The connection ended, or the server spoke nonsense, before the final dot was written."""

    def __init__(self, phase: str, words: str) -> None:
        super().__init__(words)
        self.phase = phase
        self.words = words


def _on_the_wire(raw: bytes) -> bytes:
    """The mail as DATA carries it: only CRLF, a dot before each leading one, the final dot (RFC 5321 §4.5.2)."""
    lines = raw.count(b"\r\n")
    if lines != raw.count(b"\n") or lines != raw.count(b"\r"):
        raw = _BARE.sub(b"\r\n", raw)
    end = b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return b"".join((b"." if stuffed.startswith(b".") else b"", stuffed, end))


def _outcome(reply: SMTPResponse, phase: str) -> Outcome:
    """An answer as an outcome; a code that means nothing here leaves open what became of the mail."""
    code, words = reply.code, clean_words(f"{reply.code} {reply.message}")
    if 200 <= code < 600 and code // 100 != 3:
        return Outcome(result_of(code, phase), phase, code, enhanced_code(reply.message), words)
    return Outcome(Result.UNKNOWN if phase == "dot" else Result.DEFERRED, phase, code, "", words)
