"""From a name and a port to a session that takes mail: connect, TLS, greeting, login."""

from __future__ import annotations

import asyncio
import socket
import ssl
from functools import cache
from typing import Any

from postroom.core.delivery.smtp_replies import clean_words, enhanced_code
from postroom.infra.config import config
from postroom.outbound.hosting import address_problem
from postroom.outbound.servers.login import EXTERNAL, is_external, mechanism_for
from postroom.outbound.servers.probe import without_secrets
from postroom.outbound.servers.tls import context_of
from postroom.outbound.transports.protocol import NoSession, Outcome, Result, Server
from postroom.outbound.transports.smtp.authentication import LOGINS, WELCOME
from postroom.outbound.transports.smtp.connection import Connection
from postroom.outbound.transports.smtp.deadlines import Deadlines
from postroom.outbound.transports.smtp.offers import CHUNKING, Offers, offers_of
from postroom.outbound.transports.smtp.replies import Reply
from postroom.outbound.transports.smtp.session import SmtpSession
from postroom.outbound.transports.smtp.trouble import is_certificate, is_tls, reason


async def open_session(server: Server) -> SmtpSession:
    """A session that is ready for mail.

    Raises:
        NoSession: its outcome says how far it came, and why no further.

    """
    if server.trouble:
        raise NoSession(Outcome(Result.DEFERRED, "login", words=server.trouble))
    opening = _Opening(server, Deadlines.of(config().send_timeout))
    try:
        return await opening.run()
    except Exception as error:
        opening.give_up()
        raise NoSession(opening.outcome(error)) from error
    except BaseException:
        opening.give_up()
        raise


class _Refused(Exception):
    """The server said no; its words say why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.text)
        self.reply = reply


class _NotOffered(Exception):
    """The server lacks what we need; the words say it all."""


class _Opening:
    """The way to a session; `phase` is how far it came."""

    def __init__(self, server: Server, deadlines: Deadlines) -> None:
        self.phase = "connect"
        self._server = server
        self._deadlines = deadlines
        self._connection: Connection | None = None

    async def run(self) -> SmtpSession:
        """Raises whatever stands in the way."""
        server, seconds = self._server, self._deadlines.command
        connection = self._connection = await self._connect()
        self.phase = "greeting"
        _good(await connection.reply(self._deadlines.greeting))
        offers = await self._hello(connection)
        if server.encryption.startswith("starttls"):
            self.phase = "tls"
            await self._start_tls(connection, offers, context_of(server))
            offers = await self._hello(connection)  # what was said before counts no longer (RFC 3207 §4.2)
        self.phase = "login"
        for mechanism in _logins(server, offers):
            reply = await LOGINS[mechanism](connection, server, seconds)
            if reply.code != WELCOME:
                raise _Refused(reply)
        return SmtpSession(connection, server, offers, self._deadlines)

    async def _connect(self) -> Connection:
        """To the server, and encrypted where that is so from the start."""
        server, loop = self._server, asyncio.get_running_loop()
        encrypted = server.encryption.startswith("tls")
        context = context_of(server) if encrypted else None
        connected = await _connected(server, self._deadlines.connect)
        connection = self._connection = Connection(loop)
        self.phase = "tls" if encrypted else "connect"
        more: dict[str, Any] = {}
        if context is not None:
            more = {"server_hostname": server.host, "ssl_handshake_timeout": self._deadlines.command}
        try:
            await loop.create_connection(lambda: connection, sock=connected, ssl=context, **more)
        except BaseException:
            connected.close()
            raise
        return connection

    async def _hello(self, connection: Connection) -> Offers:
        """Who we are, and what the server offers to that; a server of old knows HELO alone (RFC 5321 §3.2)."""
        seconds = self._deadlines.command
        reply = await connection.ask(f"EHLO {own_name()}".encode(), seconds)
        if 500 <= reply.code < 600:
            _good(await connection.ask(f"HELO {own_name()}".encode(), seconds))
            return Offers()
        _good(reply)
        return CHUNKING.corrected(offers_of(reply), (self._server.host, self._server.port))

    async def _start_tls(self, connection: Connection, offers: Offers, context: ssl.SSLContext) -> None:
        if not offers.starttls:
            raise _NotOffered(f"{self._place} offers no STARTTLS, which this server is set to need.")
        _good(await connection.ask(b"STARTTLS", self._deadlines.command))
        await connection.start_tls(context, self._server.host, self._deadlines.command)

    def give_up(self) -> None:
        """Leave nothing open."""
        if self._connection is not None:
            self._connection.abort()

    # --- what is said of it ----------------------------------------------------------------------------------------

    @property
    def _place(self) -> str:
        return _place(self._server)

    def outcome(self, error: Exception) -> Outcome:
        """Whatever the server said or did not say: nothing was sent, so it can be tried again."""
        phase = "tls" if self.phase in {"connect", "greeting"} and is_tls(error) else self.phase
        if isinstance(error, _Refused):
            code, text = error.reply.code, without_secrets(error.reply.text, self._server)
            return Outcome(Result.DEFERRED, phase, code, enhanced_code(text), clean_words(f"{code} {text}"))
        return Outcome(Result.DEFERRED, phase, words=without_secrets(self._words(phase, error), self._server))

    def _words(self, phase: str, error: Exception) -> str:
        if isinstance(error, _NotOffered):
            return str(error)
        seconds = self._deadlines.connect if phase == "connect" else self._deadlines.command
        place, why = self._place, reason(error, seconds)
        if is_certificate(error):
            return f"The certificate of {place} is not accepted: {why}."
        return {
            "connect": f"No server answers at {place}: {why}.",
            "greeting": f"{place} answers, but does not greet: {why}.",
            "tls": f"No encrypted connection to {place}: {why}.",
            "login": f"The login at {place} did not come to an end: {why}.",
        }[phase]


def _good(reply: Reply) -> None:
    if not reply.is_good:
        raise _Refused(reply)


def _logins(server: Server, offers: Offers) -> list[str]:
    """The mechanisms to log in with: by certificate only where the server wants to hear it as a login, too.

    Raises:
        _NotOffered: the server takes none that fits.

    """
    external = [EXTERNAL] if is_external(server, offers.mechanisms) else []
    if server.authentication != "login" or not server.username:
        return external
    mechanism = mechanism_for(server, offers.mechanisms)
    if not mechanism:
        wanted = server.mechanism or "user name and password"
        raise _NotOffered(f"{_place(server)} takes no login by {wanted}.")
    return [*external, mechanism]


async def _connected(server: Server, seconds: float) -> socket.socket:
    """A connection to the first address of the server's name that takes one. The address itself is looked at, not the
    name: between a look and a connection a name may come to lead elsewhere.

    Raises:
        OSError: none does.
        _NotOffered: nothing is said at any of them.

    """
    loop, error = asyncio.get_running_loop(), OSError("there is no address")
    async with asyncio.timeout(seconds):
        found = await loop.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        problems = [address_problem(str(one[4][0]), public_only=server.public_only) for one in found]
        usable = [one for one, problem in zip(found, problems, strict=True) if not problem]
        for one in usable:
            try:
                # One that is silent must not keep the others from their turn: a test of the connection goes on, too.
                async with asyncio.timeout(seconds / len(usable)):
                    return await _dialled(one)
            except OSError as trouble:
                error = trouble
    if found and not usable:
        raise _NotOffered(f"{_place(server)} can't be used: {problems[-1]}")
    raise error


async def _dialled(found: tuple[Any, ...]) -> socket.socket:
    """A connection to one of the addresses that a name was found to have; raises OSError where nobody takes it."""
    family, kind, protocol, _name, where = found
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, where)
    except BaseException:
        made.close()
        raise
    return made


@cache
def own_name() -> str:
    """The name by which we greet (RFC 5321 §4.1.1.1)."""
    name = config().smtp_name or socket.gethostname()
    return name if name.isascii() and name and " " not in name else "localhost"


def _place(server: Server) -> str:
    return f"{server.host}:{server.port}"
