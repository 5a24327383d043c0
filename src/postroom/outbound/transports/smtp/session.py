"""A session that hands mails over, one after another, and says what became of each.

Where the server offers PIPELINING (RFC 2920), the commands of a mail leave together, and those of the next one leave
with the content of the one before: a mail costs one round trip. Nothing further is ahead: of two mails at most one is
between its content and its answer, and that one alone becomes unknown when the connection is lost.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from postroom.core.delivery.smtp_replies import clean_words, enhanced_code, result_of
from postroom.outbound.servers.probe import without_secrets
from postroom.outbound.transports.protocol import Copy, Outcome, Result, Server
from postroom.outbound.transports.smtp.connection import Connection, Lost
from postroom.outbound.transports.smtp.content import Mail, Ready
from postroom.outbound.transports.smtp.deadlines import Deadlines
from postroom.outbound.transports.smtp.offers import CHUNKING, Offers
from postroom.outbound.transports.smtp.replies import Reply
from postroom.outbound.transports.smtp.trouble import reason

PIECE = 64 * 1024  # bytes that are on their way before the next ones are written
QUIT_SECONDS = 2.0
CLOSING = 421
GO_ON = 354
_UNKNOWN_COMMAND = frozenset({500, 502})
_USUAL = {"mail": 250, "rcpt": 250, "data": GO_ON}  # what nearly every answer is


class SmtpSession:
    """One connection. Every way in which a server can fail ends as an outcome; a broken session sends nothing more."""

    def __init__(self, connection: Connection, server: Server, offers: Offers, deadlines: Deadlines) -> None:
        self._connection = connection
        self._server = server
        self._offers = offers
        self._ready = Ready(server, offers)
        self._deadlines = deadlines
        self._seconds = {"reset": deadlines.command, "mail": deadlines.command, "rcpt": deadlines.command,
                         "data": deadlines.data, "dot": deadlines.dot}  # fmt: skip
        self._broken = False
        self._phase = ""  # of the answer that is waited for
        self._unclean = False  # the server still has an envelope of which nothing comes any more
        self._next: Mail | Outcome | None = None  # of the copy after this one, made ready with it
        self._data_at = 0.0  # since when the data of a mail are on their way; 0: none are

    @property
    def alive(self) -> bool:
        return not self._broken and self._connection.is_open

    @property
    def silent_seconds(self) -> float:
        began = self._data_at
        return time.monotonic() - max(began, self._connection.heard_at) if began else 0.0

    async def send(self, copies: Sequence[Copy]) -> AsyncIterator[tuple[Copy, Outcome]]:
        try:
            for copy, after in zip(copies, (*copies[1:], None), strict=False):
                yield copy, await self._hand_over(copy, after)
        finally:
            # The server may wait for the content of a mail that is not sent now: any word would be taken for it.
            if isinstance(self._next, Mail):
                self._break()
            self._next = None

    async def close(self) -> None:
        """Say goodbye where there is somebody to hear it."""
        if self.alive:
            with contextlib.suppress(Lost):
                await self._connection.ask(b"QUIT", min(QUIT_SECONDS, self._deadlines.command))
        self._break()

    def _break(self) -> None:
        self._broken, self._next, self._data_at = True, None, 0.0
        self._connection.abort()

    async def _hand_over(self, copy: Copy, after: Copy | None) -> Outcome:
        mail, self._next = self._next, None
        # What was begun is heard to its end: the server may have said something of it before it went.
        if not self.alive and (self._broken or not isinstance(mail, Mail)):
            return Outcome.untouched()
        mail = mail or self._ready.mail(copy)
        if isinstance(mail, Outcome):
            return mail
        try:
            return await self._converse(mail, after)
        except Lost as lost:
            self._break()
            return self._outcome_of_loss(mail, lost)
        except BaseException:
            self._break()  # cut off in the middle: there is nothing to be said any more
            raise

    async def _converse(self, mail: Mail, after: Copy | None) -> Outcome:
        """Raises Lost where the connection is of no use any more; `_phase` says how far it came."""
        try:
            return await self._envelope(mail) or await self._content(mail, after)
        finally:
            self._data_at = 0.0

    # --- the envelope ----------------------------------------------------------------------------------------------

    async def _envelope(self, mail: Mail) -> Outcome | None:
        """What the server said where the content must not come; of all that it says, the first no counts."""
        if not mail.ahead:
            await self._begin(mail)
        refusal: Outcome | None = None
        for phase, line in mail.steps:
            if phase == "data":
                self._data_at = time.monotonic()
            if not self._offers.pipelining:
                self._connection.write(line, 1)
            try:
                reply = self._connection.take() or await self._answer(phase)
            except Lost:
                if refusal is None:
                    raise
                self._break()
                return refusal
            if refusal is None and reply.code == _USUAL[phase]:
                continue
            said = self._outcome(reply, phase)
            if phase == "data" and said.code == GO_ON:
                return await self._take_back(refusal or said)
            if problem := self._problem(said):
                self._break()
                return refusal or problem
            if said.result is not Result.ACCEPTED:
                refusal, self._unclean = refusal or said, True
                if not self._offers.pipelining:
                    break
        return refusal

    async def _begin(self, mail: Mail) -> None:
        """Say what can be said at once; make room before where a mail was not taken (RFC 5321 §4.1.1.5).

        Raises:
            Lost: no room was made.

        """
        self._phase = "reset"
        commands, number = (mail.commands(), len(mail.steps)) if self._offers.pipelining else (b"", 0)
        if not self._unclean:
            if commands:
                self._connection.write(commands, number)
            return
        self._connection.write(b"RSET\r\n" + commands, 1 + number)
        if not (await self._answer("reset")).is_good:
            raise Lost
        self._unclean = False

    async def _take_back(self, refusal: Outcome) -> Outcome:
        """The server wants content for a mail that it refused: none (RFC 2920 §3.1), whatever it says to that.

        Where MAIL was what it refused it may have taken the recipient, who must not get an empty mail.
        """
        if refusal.phase != "rcpt" or not await self._says_nothing_more():
            self._break()
        return refusal

    async def _says_nothing_more(self) -> bool:
        """Whether the session can go on after a lone dot."""
        try:
            self._connection.write(b".\r\n", 1)
            said = self._outcome(await self._connection.reply(self._deadlines.dot), "rcpt")
        except Lost:
            return False
        self._unclean = False
        return self._problem(said) is None

    def _problem(self, said: Outcome) -> Outcome | None:
        """What holds for a mail where the server says something after which nothing can be said to it any more."""
        if said.code == CLOSING or said.code // 100 not in {2, 4, 5}:
            return said
        if said.phase == "data" and said.result is Result.ACCEPTED:
            words = f"{self._server.host} answered DATA with {said.code} instead of 354."
            return Outcome(Result.DEFERRED, "data", words=words)
        return None

    # --- the content -----------------------------------------------------------------------------------------------

    async def _content(self, mail: Mail, after: Copy | None) -> Outcome:
        """The mail, its end, and the answer to that (RFC 5321 §4.1.1.4, RFC 3030 §2)."""
        self._phase = "data"
        if not self._connection.is_open:
            raise self._connection.lost()
        self._data_at = self._data_at or time.monotonic()  # BDAT has no word before it
        rest, written = memoryview(mail.body), 0
        while len(rest) > PIECE:
            self._connection.write(rest[:PIECE], 0 if written else 1)
            rest, written = rest[PIECE:], written + PIECE
            await self._connection.drained(self._deadlines.block)
            if self._connection.has_replies:
                return await self._too_early()
        self._write_end(rest, 0 if written else 1, after)
        if self._connection.is_paused:
            await self._connection.drained(self._deadlines.block)
        said = self._outcome(await self._answer("dot"), "dot")
        if said.code in _UNKNOWN_COMMAND and self._offers.chunking:
            CHUNKING.is_unknown((self._server.host, self._server.port))
            self._break()
            return replace(said, result=Result.DEFERRED)
        if said.result is Result.UNKNOWN or self._problem(said):
            self._break()
        return said

    def _write_end(self, rest: memoryview, due: int, after: Copy | None) -> None:
        """The last piece; with it the envelope of the mail that comes next."""
        following = self._ready.mail(after) if after and self._offers.pipelining else None
        if isinstance(following, Mail):
            self._connection.write(b"".join((rest, following.commands())), due + len(following.steps))
            following.ahead = True
        else:
            self._connection.write(rest, due)
        self._next, self._phase = following, "dot"

    async def _too_early(self) -> Outcome:
        """The server did not wait for the end: it has not the whole mail, and never gets it."""
        said = self._outcome(await self._answer("data"), "data")
        self._break()
        if said.code // 100 in {4, 5}:
            return said
        words = f"{self._server.host} answered {said.code} before it had the whole mail."
        return Outcome(Result.DEFERRED, "data", words=words)

    # --- answers ---------------------------------------------------------------------------------------------------

    async def _answer(self, phase: str) -> Reply:
        self._phase = phase
        return await self._connection.reply(self._seconds[phase])

    def _outcome(self, reply: Reply, phase: str) -> Outcome:
        """An answer as an outcome; a code that means nothing here leaves open what became of the mail."""
        code, text = reply.code, reply.text
        if self._server.password:
            text = without_secrets(text, self._server)
        words = clean_words(f"{code} {text}")
        if 200 <= code < 600 and code // 100 != 3:
            return Outcome(result_of(code, phase), phase, code, enhanced_code(text), words)
        return Outcome(Result.UNKNOWN if phase == "dot" else Result.DEFERRED, phase, code, "", words)

    def _outcome_of_loss(self, mail: Mail, lost: Lost) -> Outcome:
        """What holds for a mail with which the connection ended. Where its envelope was written ahead and nothing was
        said to it, the server ended the session with the mail before: any other session may take it.
        """
        host, phase = self._server.host, self._phase
        if phase == "reset" or (mail.ahead and phase == "mail" and lost.closed):
            return Outcome.untouched()
        why = without_secrets(reason(lost, self._seconds[phase]), self._server)
        if phase == "dot":
            return Outcome(Result.UNKNOWN, phase, words=f"The mail was written, but {host} did not confirm it: {why}.")
        return Outcome(Result.DEFERRED, phase, words=f"{host} did not take the mail: {why}.")
