"""From a name and a port to a session that takes mail: connect, greeting, TLS, login."""

from __future__ import annotations

import os
import socket
import ssl
from functools import cache

from aiosmtplib import SMTP, SMTPException, SMTPResponseException
from aiosmtplib.errors import SMTPTimeoutError

from postroom.core.delivery.smtp_replies import clean_words, enhanced_code
from postroom.infra.config import config
from postroom.infra.networks import is_refused
from postroom.outbound.probe import without_secrets
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
    client = SMTP(
        hostname=server.host,
        port=server.port,
        local_hostname=own_name(),
        timeout=config().send_timeout,
        use_tls=server.encryption.startswith("tls"),
        start_tls=False,
        tls_context=_context(server.encryption) if server.encryption != "none" else None,
    )
    phase = "connect"
    try:
        await client.connect()
        _ensure_allowed(client, server)
        phase = "greeting"
        await client.ehlo()
        if server.encryption.startswith("starttls"):
            phase = "tls"
            await _start_tls(client, server)
        if server.authentication == "login" and server.username:
            phase = "login"
            await client.login(server.username, server.password)
    except Exception as error:
        hang_up(client)
        raise NoSession(_outcome(server, phase, error)) from error
    return SmtpSession(client, server, config().send_timeout)


def _ensure_allowed(client: SMTP, server: Server) -> None:
    """A name may lead to an address that no mail server has: nothing is said there."""
    peer = client.transport.get_extra_info("peername") if client.transport else None
    if peer and is_refused(str(peer[0])):
        raise _NotOffered(f"{_place(server)} is at {peer[0]}, where no mail server is looked for.")


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


def _context(encryption: str) -> ssl.SSLContext:
    return _context_of(encryption.endswith("unverified"), os.environ.get("SSL_CERT_FILE", ""))


@cache
def _context_of(unverified: bool, authorities: str) -> ssl.SSLContext:
    """The system's trusted authorities, or those that SSL_CERT_FILE names, as OpenSSL itself reads it."""
    context = ssl.create_default_context()
    if unverified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


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
    if phase == "login" and type(error) is SMTPException:
        return f"{place} takes no login: {str(error).rstrip('.')}."
    return {
        "connect": f"No server answers at {place}: {why}.",
        "greeting": f"{place} answers, but does not greet: {why}.",
        "tls": f"No encrypted connection to {place}: {why}.",
        "login": f"The login at {place} did not come to an end: {why}.",
    }[_reached(phase, error)]
