"""From a name and a port to a session that takes mail: connect, greeting, TLS, login."""

from __future__ import annotations

import asyncio
import socket
from functools import cache
from typing import Any

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from aiosmtplib.errors import SMTPTimeoutError

from postroom.core.delivery.smtp_replies import clean_words, enhanced_code
from postroom.infra.config import config
from postroom.outbound.hosting import address_problem
from postroom.outbound.login import is_external, mechanism_for
from postroom.outbound.probe import without_secrets
from postroom.outbound.tls import context_of
from postroom.outbound.transports.protocol import NoSession, Outcome, Result, Server
from postroom.outbound.transports.smtp.session import SmtpSession, hang_up
from postroom.outbound.transports.smtp.trouble import is_certificate, is_tls, reason


async def open_session(server: Server) -> SmtpSession:
    """A session that is ready for mail.

    Raises:
        NoSession: its outcome says how far it came, and why no further.

    """
    if server.trouble:
        raise NoSession(Outcome(Result.DEFERRED, "login", words=server.trouble))
    client, phase = SMTP(), "connect"
    try:
        connected = await _connected(server)
        client = _client(server, connected)
        await client.connect()
        phase = "greeting"
        await client.ehlo()
        if server.encryption.startswith("starttls"):
            phase = "tls"
            await _start_tls(client, server)
        phase = "login"
        await _log_in(client, server)
    except Exception as error:
        hang_up(client)
        raise NoSession(_outcome(server, phase, error)) from error
    return SmtpSession(client, server, config().send_timeout)


async def _connected(server: Server) -> socket.socket:
    """A connection to the first address of the server's name that takes one. The address itself is looked at, not the
    name: between a look and a connection a name may come to lead elsewhere.

    Raises:
        OSError: none does.
        _NotOffered: nothing is said at any of them.

    """
    loop, error = asyncio.get_running_loop(), OSError("there is no address")
    async with asyncio.timeout(config().send_timeout):
        found = await loop.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
        problems = [address_problem(str(one[4][0]), public_only=server.public_only) for one in found]
        usable = [one for one, problem in zip(found, problems, strict=True) if not problem]
        for one in usable:
            try:
                # One that is silent must not keep the others from their turn: a test of the connection goes on, too.
                async with asyncio.timeout(config().send_timeout / len(usable)):
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


def _client(server: Server, connected: socket.socket) -> SMTP:
    try:
        return SMTP(
            hostname=server.host,
            sock=connected,
            local_hostname=own_name(),
            timeout=config().send_timeout,
            use_tls=server.encryption.startswith("tls"),
            start_tls=False,
            tls_context=context_of(server) if server.encryption != "none" else None,
        )
    except BaseException:
        connected.close()
        raise


async def _log_in(client: SMTP, server: Server) -> None:
    """By the mechanism that fits; by certificate only where the server wants to hear it as a login, too."""
    offered = client.server_auth_methods
    if is_external(server, offered):
        reply = await client.execute_command(b"AUTH", b"EXTERNAL", b"=")
        if reply.code != 235:
            raise SMTPResponseException(reply.code, reply.message)
    if server.authentication != "login" or not server.username:
        return
    says = {"PLAIN": client.auth_plain, "LOGIN": client.auth_login, "CRAM-MD5": client.auth_crammd5}
    mechanism = mechanism_for(server, offered)
    if not mechanism:
        wanted = server.mechanism or "user name and password"
        raise _NotOffered(f"{_place(server)} takes no login by {wanted}.")
    await says[mechanism](server.username, server.password)


async def _start_tls(client: SMTP, server: Server) -> None:
    if not client.supports_extension("starttls"):
        raise _NotOffered(f"{_place(server)} offers no STARTTLS, which this server is set to need.")
    await client.starttls()
    await client.ehlo()  # what was said before counts no longer (RFC 3207 §4.2)


class _NotOffered(SMTPException):
    """The server lacks what we need; the words say it all."""


@cache
def own_name() -> str:
    """The name by which we greet (RFC 5321 §4.1.1.1)."""
    name = config().smtp_name or socket.gethostname()
    return name if name.isascii() and name and " " not in name else "localhost"


def _place(server: Server) -> str:
    return f"{server.host}:{server.port}"


def _outcome(server: Server, phase: str, error: Exception) -> Outcome:
    """Whatever the server said or did not say: nothing was sent, so it can be tried again."""
    if isinstance(error, SMTPResponseException) and 200 <= error.code < 600:
        words = clean_words(f"{error.code} {without_secrets(error.message, server)}")
        return Outcome(Result.DEFERRED, _reached(phase, error), error.code, enhanced_code(error.message), words)
    return Outcome(Result.DEFERRED, _reached(phase, error), words=_words(server, phase, error))


def _reached(phase: str, error: Exception) -> str:
    if phase != "connect":
        return phase
    if is_tls(error):
        return "tls"
    greeted = isinstance(error, SMTPResponseException) or isinstance(error.__cause__, SMTPException | SMTPTimeoutError)
    return "greeting" if greeted else "connect"


def _words(server: Server, phase: str, error: Exception) -> str:
    if isinstance(error, _NotOffered):
        return str(error)
    place, why = _place(server), reason(error, config().send_timeout)
    if is_certificate(error):
        return f"The certificate of {place} is not accepted: {why}."
    return {
        "connect": f"No server answers at {place}: {why}.",
        "greeting": f"{place} answers, but does not greet: {why}.",
        "tls": f"No encrypted connection to {place}: {why}.",
        "login": f"The login at {place} did not come to an end: {why}.",
    }[_reached(phase, error)]
