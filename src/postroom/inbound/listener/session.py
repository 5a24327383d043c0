"""One SMTP session (RFC 5321): aiosmtpd's, with our own reading of data, limits, and a word about every refusal."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any, AnyStr, cast

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import DatabaseError

from postroom.core.routing import refusals
from postroom.inbound.listener import answers, data
from postroom.inbound.listener.address_table import is_ours
from postroom.inbound.listener.committer import NotKept
from postroom.inbound.listener.reception import Reception
from postroom.inbound.services import Arrival, Refused
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.logs import logger

log = logger(__name__)

SLOW_AFTER = 5  # refused recipients in a session
CLOSE_AFTER = 20
SLOW_SECONDS = 1.0
COMMAND_LIMIT = 2048  # bytes
MOST_ANSWERS = 1000  # without a mail between them
TURN = 20  # answers after which the other sessions have their turn
DATA_SECONDS = 1800.0  # for one mail, however steadily it drips
LAST_WORD_SECONDS = 5.0  # for a peer to read why it is being cut off

_SIZE = re.compile(r"\bSIZE=(\d{1,20})\b", re.IGNORECASE)


class MailSession(SMTP):
    """A session at a door that speaks SMTP; `door` is what its arrivals name as their source."""

    door = ""
    is_outside = True  # the peer may be anybody
    line_length_limit = data.LINE_LIMIT
    command_size_limit = COMMAND_LIMIT

    def __init__(self, reception: Reception, **options: Any) -> None:
        super().__init__(
            HOOKS,
            data_size_limit=config().max_message_size,
            enable_SMTPUTF8=True,
            hostname=reception.name,
            ident="ESMTP Postroom",
            timeout=config().smtp_timeout,
            **options,
        )
        self.command_size_limits = defaultdict(lambda: COMMAND_LIMIT)  # the library's is one for all sessions
        self.reception = reception
        self._sender = self._recipient = ""  # as the command at hand names them
        self._refused = 0
        self._held = self._answers = 0
        self._data_until = 0.0
        self.is_busy = False

    def __dir__(self) -> list[str]:
        """The commands alone: the library looks itself over for each connection, which else takes half its time."""
        return _commands(cast("Any", type(self)))

    # --- the connection

    async def _handle_client(self) -> None:
        peer = self.peer
        if not self.reception.enter(self, peer):
            await self.push("421 4.7.0 Too many connections at once. Please try again later.")
            self._writer.close()
            return
        try:
            with suppress(ConnectionError):  # whoever is gone needs no answer
                await super()._handle_client()
        finally:
            self.reception.leave(self, peer)

    def hang_up(self, words: str = "421 4.3.2 Postroom is stopping. Please try again in a minute.") -> None:
        """Say why, and close; a peer that does not read is cut off."""
        if self.transport is not None and not self.transport.is_closing():
            self._writer.write(words.encode() + b"\r\n")
            self._writer.close()
            self.loop.call_later(LAST_WORD_SECONDS, self._writer.transport.abort)

    def _timeout_cb(self) -> None:
        """Nothing was heard for too long."""
        words = "421 4.4.2 Nothing was heard for too long. Goodbye."
        self._note(words)
        self.hang_up(words)

    @property
    def peer(self) -> str:
        """The other side's address, `local` on a unix socket."""
        peer = getattr(self.session, "peer", None)
        return str(peer[0]) if isinstance(peer, tuple) else "local"

    # --- answers

    async def push(self, status: AnyStr) -> None:
        """Every answer passes here: a refusal is written down before it is spoken."""
        text = answers.clean(answers.with_enhanced_code(_text(status)))
        if text[:1] in "45" and text[3:4] == " ":
            self._note(text)
        self._recipient = ""
        await super().push(text)
        await self._take_turns()

    async def _take_turns(self) -> None:
        """Whoever sends many commands ahead does not keep the others waiting, and not for ever."""
        self._answers += 1
        if self._answers > MOST_ANSWERS:
            self._answers = 0
            words = "421 4.7.0 Too many commands without a mail. Goodbye."
            self._note(words)
            self.hang_up(words)
        if self._answers % TURN == 0:
            await asyncio.sleep(0)

    def _note(self, text: str) -> None:
        envelope, session = self.envelope, self.session
        code, words = answers.parted(text)
        self.reception.refusals.note(
            Refused(
                door=self.door,
                peer=self.peer,
                helo=str(session.host_name or "") if session else "",
                sender=_bare(str(envelope.mail_from or "") if envelope else "") or self._sender,
                recipient=self._recipient or ", ".join(envelope.rcpt_tos[:3] if envelope else ()),
                code=code,
                words=words,
            )
        )

    async def handle_exception(self, error: Exception) -> str:
        if not isinstance(error, EOFError):
            log.error("a session went wrong", peer=self.peer, error=repr(error))
        return " ".join(refusals.not_kept())

    # --- commands

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 the library's name
        if not hostname:
            await self.push("501 Syntax: EHLO hostname")
            return
        self._greeted(hostname, extended=True)
        offers = [self.hostname, f"SIZE {self.data_size_limit}", "8BITMIME", "SMTPUTF8", "PIPELINING"]
        if self.tls_context and not self._tls_protocol:
            offers.append("STARTTLS")
        offers.append("ENHANCEDSTATUSCODES")
        lines = [f"250-{offer}" for offer in offers[:-1]] + [f"250 {offers[-1]}"]
        await super().push("\r\n".join(lines))

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802 as above
        if not hostname:
            await self.push("501 Syntax: HELO hostname")
            return
        self._greeted(hostname, extended=False)
        await super().push(f"250 {self.hostname}")

    def _greeted(self, hostname: str, *, extended: bool) -> None:
        assert self.session is not None
        self._set_rset_state()  # type: ignore[no-untyped-call]
        self.session.extended_smtp = extended
        self.session.host_name = answers.clean(hostname)[:255]

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802 as above
        await self.push("502 5.5.1 Nobody signs in here: mail is taken for our own addresses only.")

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: N802 as above
        await self.push("252 2.5.2 Addresses are checked when mail is sent to them.")

    async def smtp_EXPN(self, arg: str) -> None:  # noqa: N802 as above
        await self.push("502 5.5.1 Lists are not told.")

    async def smtp_HELP(self, arg: str) -> None:  # noqa: N802 as above
        await self.push("214 2.0.0 This is Postroom. It takes mail as RFC 5321 says.")

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """The library's way to ask for address and parameters; its own takes ten times as long."""
        return answers.read_path(arg) or (None, None)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 as above
        path = answers.read_path((arg or "").partition(":")[2].strip())
        self._sender = _bare(path[0]) if path else ""
        size = _SIZE.search(path[1]) if path else None
        if size and int(size[1]) > config().max_message_size:
            await self.push(" ".join(refusals.too_large(config().max_message_size)))
            return
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 as above
        self._recipient = answers.clean((arg or "").partition(":")[2].strip())
        await super().smtp_RCPT(arg)

    async def check_recipient(self, envelope: Envelope, address: str) -> str:
        """The answer to RCPT: is it an address of ours, and is there room for it?"""
        address = self.reception.table.whole(address)
        self._recipient = address
        if len(envelope.rcpt_tos) >= config().max_recipients:
            return " ".join(refusals.too_many_recipients(config().max_recipients))
        try:
            known = self.reception.table.knows(address) or await self.reception.ask_again(address, is_ours)
        except DatabaseError:
            return " ".join(refusals.not_kept())
        if known:
            envelope.rcpt_tos.append(address)
            return "250 2.1.5 OK"
        return await self._refuse_recipient(address)

    async def _refuse_recipient(self, address: str) -> str:
        """Whoever guesses addresses from outside is slowed down, then has to call again."""
        self._refused += self.is_outside
        if self._refused > SLOW_AFTER:
            await asyncio.sleep(SLOW_SECONDS)
        if self._refused >= CLOSE_AFTER:
            self.loop.call_soon(self._writer.close)
            return "421 4.7.0 Too many unknown recipients. Goodbye."
        return " ".join(self.reception.table.refusal(address))

    # --- the mail

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802 as above
        if await self.check_helo_needed():
            return
        if arg or not self.envelope or not self.envelope.rcpt_tos:
            await self.push("501 5.5.4 Syntax: DATA" if arg else "503 5.5.1 Name a recipient first (RCPT).")
            return
        self.is_busy = True
        try:
            await self._receive()
        finally:
            self.is_busy = False
            self._data_until = 0.0
            self._hold(0)
        self._set_post_data_state()  # type: ignore[no-untyped-call]

    async def _receive(self) -> None:
        await self.push("354 Send the mail, end with a dot alone on a line.")
        self._data_until = self.loop.time() + DATA_SECONDS
        try:
            raw = await data.read_data(self._reader, config().max_message_size, self._hold)
        except data.TooLarge:
            await self.conclude(*refusals.too_large(config().max_message_size))
        except data.NoRoom:
            await self.conclude(*refusals.busy())
        else:
            self._reset_timeout()
            await self._take(raw)

    def _hold(self, size: int) -> bool:
        """So many bytes of a mail are in memory now; whether all sessions together may hold that much."""
        if self.loop.time() < self._data_until:
            self._reset_timeout()
        held, self._held = self._held, size
        return self.reception.hold(size - held)

    async def _take(self, raw: bytes) -> None:
        raw = data.undot(raw)
        if data.has_long_line(raw):
            await self.conclude(*refusals.line_too_long(data.LINE_LIMIT))
            return
        if data.has_bare_breaks(raw):
            if not self.reception.is_own_network(self.peer):
                await self.conclude(*refusals.bare_line_ending())
                return
            raw = data.mend_breaks(raw)
        await self._hand_over(self._arrival(raw))

    async def _hand_over(self, arrival: Arrival) -> None:
        try:
            kept = await self.reception.committer.keep(arrival)
        except NotKept as error:
            await self.conclude(error.code, error.words)
            return
        self._answers = 0
        code, words = kept.refused or ("250 2.0.0", f"Kept as arrival {kept.arrival_id}.")
        await self.conclude(code, words)

    async def conclude(self, code: str, words: str) -> None:
        """The answer to the mail as a whole."""
        await self.push(f"{code} {words}")

    def _arrival(self, raw: bytes) -> Arrival:
        envelope, session = self.envelope, self.session
        assert envelope is not None
        assert session is not None
        arrival = Arrival(
            source=self.door,
            key=self.reception.next_key(),
            sender=_bare(envelope.mail_from or ""),
            recipients=tuple(envelope.rcpt_tos),
            raw=raw,
            peer=self.peer,
            helo=str(session.host_name or ""),
            tls=_tls(session),
        )
        return replace(arrival, raw=answers.trace(arrival, self.reception.name, now()) + raw)


class _Hooks:
    """What aiosmtpd asks us; one for all sessions."""

    def __dir__(self) -> list[str]:
        return ["handle_RCPT"]

    async def handle_RCPT(  # noqa: N802 the library's name
        self, server: MailSession, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return await server.check_recipient(envelope, address)


HOOKS = _Hooks()


@cache
def _commands(session: Any) -> list[str]:
    return [name for name in dir(session) if name.startswith("smtp_")]


def _tls(session: Session) -> str:
    cipher = (session.ssl or {}).get("cipher")
    return f"{cipher[1]} {cipher[0]}" if cipher else ""


def _text(status: str | bytes) -> str:
    return status if isinstance(status, str) else status.decode("utf-8", "replace")


def _bare(path: str) -> str:
    """The sender of a path, empty for a report's."""
    return "" if path == answers.NULL else path
