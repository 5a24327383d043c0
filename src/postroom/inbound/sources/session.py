"""One SMTP session (RFC 5321): aiosmtpd's, with our own reading of data, limits, and a word about every refusal."""

from __future__ import annotations

import asyncio
import re
import uuid
from email.utils import format_datetime
from typing import Any, AnyStr

from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import DatabaseError

from postroom.core.routing import refusals
from postroom.inbound.services import Arrival, Refused
from postroom.inbound.sources import data
from postroom.inbound.sources.address_table import is_ours
from postroom.inbound.sources.committer import NotKept
from postroom.inbound.sources.reception import Reception
from postroom.infra.clock import now
from postroom.infra.config import config

SLOW_AFTER = 5  # refused recipients in a session
CLOSE_AFTER = 20
SLOW_SECONDS = 1.0
COMMAND_LIMIT = 2048

_SIZE = re.compile(r"\bSIZE=(\d{1,20})\b", re.IGNORECASE)
_UNSAFE = re.compile(r"[^\x21-\x7e]")


class SmtpSession(SMTP):
    """A session at the SMTP door."""

    door = "smtp"
    line_length_limit = data.LINE_LIMIT
    command_size_limit = COMMAND_LIMIT

    def __init__(self, reception: Reception, **options: Any) -> None:
        super().__init__(
            _Hooks(),
            data_size_limit=config().max_message_size,
            enable_SMTPUTF8=True,
            hostname=reception.name,
            ident="ESMTP Postroom",
            timeout=config().smtp_timeout,
            **options,
        )
        self.reception = reception
        self._recipient = ""
        self._refused = 0
        self.is_busy = False

    async def _handle_client(self) -> None:
        if not self.reception.enter(self, self.peer):
            await self.push("421 4.7.0 Too many connections at once. Please try again later.")
            self._writer.close()
            return
        try:
            await super()._handle_client()
        finally:
            self.reception.leave(self)

    def hang_up(self) -> None:
        """Say why, and close."""
        if self.transport is not None and not self.transport.is_closing():
            self._writer.write(b"421 4.3.2 Postroom is stopping. Please try again in a minute.\r\n")
            self._writer.close()

    @property
    def peer(self) -> str:
        """The other side's address, `local` on a unix socket."""
        peer = getattr(self.session, "peer", None)
        return str(peer[0]) if isinstance(peer, tuple) else "local"

    async def push(self, status: AnyStr) -> None:
        """Every answer passes here: a refusal is written down before it is spoken."""
        text = _text(status)
        if text[:1] in "45" and text[3:4] == " ":
            self._note(text)
        await super().push(status)

    def _note(self, text: str) -> None:
        envelope, session = self.envelope, self.session
        code, words = _parted(text)
        self.reception.refusals.note(
            Refused(
                door=self.door,
                peer=self.peer,
                helo=str(session.host_name or "") if session else "",
                sender=str(envelope.mail_from or "") if envelope else "",
                recipient=self._recipient or ", ".join(envelope.rcpt_tos[:3] if envelope else ()),
                code=code,
                words=words,
            )
        )

    async def smtp_MAIL(self, arg: str) -> None:  # noqa: N802 the library's name
        size = _SIZE.search(arg or "")
        if size and int(size[1]) > config().max_message_size:
            await self.push(" ".join(refusals.too_large(config().max_message_size)))
            return
        await super().smtp_MAIL(arg)

    async def smtp_VRFY(self, arg: str) -> None:  # noqa: N802 as above
        await self.push("252 2.5.2 Addresses are checked when mail is sent to them.")

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 as above
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
        self._set_post_data_state()  # type: ignore[no-untyped-call]

    async def _receive(self) -> None:
        await self.push("354 Send the mail, end with a dot alone on a line.")
        try:
            raw = await data.read_data(self._reader, config().max_message_size)
        except data.TooLarge:
            await self.conclude(*refusals.too_large(config().max_message_size))
        else:
            await self._take(raw)

    async def _take(self, raw: bytes) -> None:
        self._reset_timeout()
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
        code, words = kept.refused or ("250 2.0.0", f"Kept as arrival {kept.arrival_id}.")
        await self.conclude(code, words)

    async def conclude(self, code: str, words: str) -> None:
        """The answer to the mail as a whole."""
        await self.push(f"{code} {words}")

    def _arrival(self, raw: bytes) -> Arrival:
        envelope, session, key = self.envelope, self.session, uuid.uuid4().hex
        assert envelope is not None
        assert session is not None
        sender, helo, tls = envelope.mail_from or "", str(session.host_name or ""), _tls(session)
        trace = self._trace(sender, helo, tls, key)
        return Arrival(self.door, key, sender, tuple(envelope.rcpt_tos), trace + raw, self.peer, helo, tls)

    def _trace(self, sender: str, helo: str, tls: str, key: str) -> bytes:
        """Return-Path and Received (RFC 5321 §4.4); everything in them that the peer chose is made harmless."""
        protocol = {"smtp": "ESMTP", "lmtp": "LMTP"}[self.door] + ("S" if tls else "")
        lines = (
            f"Return-Path: <{_UNSAFE.sub('?', sender)}>",
            f"Received: from {_UNSAFE.sub('?', helo)} ([{self.peer}])",
            f"\tby {self.reception.name} with {protocol} id {key};",
            f"\t{format_datetime(now())}",
        )
        return "".join(f"{line}\r\n" for line in lines).encode("ascii", "replace")

    async def check_recipient(self, envelope: Envelope, address: str) -> str:
        """The answer to RCPT: is it an address of ours, and is there room for it?"""
        self._recipient = address
        if len(envelope.rcpt_tos) >= config().max_recipients:
            return " ".join(refusals.too_many_recipients(config().max_recipients))
        try:
            known = self.reception.table.knows(address) or await self.reception.ask_again(address, is_ours)
        except DatabaseError:
            return " ".join(refusals.not_kept())
        if known:
            self._recipient = ""
            envelope.rcpt_tos.append(address)
            return "250 2.1.5 OK"
        return await self._refuse_recipient(address)

    async def _refuse_recipient(self, address: str) -> str:
        """Whoever guesses addresses waits longer and longer, then has to call again."""
        self._refused += 1
        if self._refused > SLOW_AFTER:
            await asyncio.sleep(SLOW_SECONDS)
        if self._refused >= CLOSE_AFTER:
            self.loop.call_soon(self._writer.close)
            return "421 4.7.0 Too many unknown recipients. Goodbye."
        return " ".join(self.reception.table.refusal(address))


class _Hooks:
    """What aiosmtpd asks us."""

    async def handle_EHLO(  # noqa: N802 the library's name
        self, server: SmtpSession, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        offers = [line for line in responses if not line.startswith(("250-AUTH", "250 HELP"))]
        return [*offers, "250-PIPELINING", "250 ENHANCEDSTATUSCODES"]

    async def handle_RCPT(  # noqa: N802 as above
        self, server: SmtpSession, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        return await server.check_recipient(envelope, address)

    async def handle_exception(self, error: Exception) -> str:
        return "451 4.3.0 Something went wrong here. Please try again later."


def _text(status: str | bytes) -> str:
    return status if isinstance(status, str) else status.decode("utf-8", "replace")


def _parted(text: str) -> tuple[str, str]:
    """Code and words of an answer; the enhanced code belongs to the code."""
    code, _, rest = text.partition(" ")
    enhanced, _, words = rest.partition(" ")
    if re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", enhanced):
        return f"{code} {enhanced}", words
    return code, rest


def _tls(session: Session) -> str:
    cipher = (session.ssl or {}).get("cipher")
    return f"{cipher[1]} {cipher[0]}" if cipher else ""
