"""Does a server let us in, and would it take our mail? A list of steps; each says in a sentence what is wrong.

Nothing is sent: the conversation ends by RSET where the mail itself would begin.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from postroom.infra.clock import now
from postroom.infra.networks import is_refused
from postroom.outbound.certificates import Certificate, certificate_of
from postroom.outbound.connection_trouble import (
    Failed,
    authentication_refused,
    no_connection,
    no_greeting,
    no_name,
    no_tls,
    recipient_refused,
    sender_refused,
    starttls_missing,
)
from postroom.outbound.probe import Found, Probe, Reply, Trouble, coded, plain_login
from postroom.outbound.transports.protocol import Server
from postroom.outbound.transports.smtp.opening import own_name

SECONDS = 30.0  # everything together
GREETING_SECONDS = 15.0
SOON = timedelta(days=14)  # before a certificate expires


class State(StrEnum):
    """How a step ended. `warning`: it works, and somebody should know something."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is over. `about` is what it was tried with, `said` the server's words or what was found, `text` what
    is wrong in a sentence, `advice` what to do.
    """

    key: str
    about: str
    state: State = State.OK
    said: str = ""
    text: str = ""
    advice: str = ""
    seconds: float = 0.0


@dataclass
class Attempt:
    """What the steps know and learn from each other."""

    server: Server
    sender: str
    recipient: str
    probe: Probe
    found: list[Found] = field(default_factory=list)
    offers: dict[str, str] = field(default_factory=dict)

    @property
    def is_encrypted_at_once(self) -> bool:
        return self.server.encryption.startswith("tls")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step found, as in `Step`."""

    said: str
    state: State = State.OK
    text: str = ""
    advice: str = ""


Doing = Callable[[Attempt], Finding]


def run(server: Server, *, sender: str, recipient: str, seconds: float = SECONDS) -> Generator[Step, None, None]:
    """Try a server step by step; ends with the first step without which no other makes sense.

    `sender` is the return path that a mail would have, `recipient` an address of who asks.
    """
    login = server.authentication == "login"
    hidden = (server.password, plain_login(server.username, server.password)) if login else ()
    attempt = Attempt(server, sender, recipient, Probe(seconds, hidden))
    try:
        for key, doing in STEPS:
            if key in _left_out(attempt):
                continue
            step = _timed(attempt, key, doing)
            yield step
            if step.state is State.FAILED and key not in GO_ON:
                return
    finally:
        attempt.probe.quit()


def worked(steps: list[Step]) -> bool:
    """Whether mail would leave by this server."""
    return bool(steps) and all(step.state is not State.FAILED for step in steps)


def _left_out(attempt: Attempt) -> set[str]:
    out = set()
    if attempt.server.encryption == "none":
        out.add("tls")
    if attempt.server.authentication != "login":
        out.add("login")
    return out


def _timed(attempt: Attempt, key: str, doing: Doing) -> Step:
    began = time.monotonic()
    try:
        found = doing(attempt)
    except Failed as failed:
        found = Finding(failed.said, State.FAILED, failed.text, failed.advice)
    except Trouble as trouble:
        found = Finding(trouble.said, State.FAILED, *_broken_off(trouble))
    about = _ABOUT[key](attempt) if key in _ABOUT else ""
    return Step(key, about, found.state, found.said, found.text, found.advice, time.monotonic() - began)


def _broken_off(trouble: Trouble) -> tuple[str, str]:
    again = "Try again in a minute; if it stays so, ask whoever runs the server."
    return {
        "closed": ("The server closed the connection.", again),
        "timeout": ("The server took too long for an answer.", again),
        "babble": ("What answers there does not speak SMTP.", "Check the host name and the port."),
    }.get(trouble.kind, (f"The whole test took longer than {SECONDS:.0f} seconds.", again))


def _resolve(attempt: Attempt) -> Finding:
    host = attempt.server.host
    try:
        found = attempt.probe.resolve(host, attempt.server.port)
    except (OSError, Trouble) as error:
        raise no_name(host, error) from None
    attempt.found = [one for one in dict.fromkeys(found) if not is_refused(one[1])]
    if not attempt.found:
        raise Failed(
            f"{host} leads to an address that no mail server has.",
            "Check the host name.",
            said=found[0][1] if found else "",
        )
    more = len(attempt.found) - 1
    return Finding(attempt.found[0][1] + (f" and {more} more" if more else ""))


def _connect(attempt: Attempt) -> Finding:
    server, error = attempt.server, OSError()
    for family, address in attempt.found:
        try:
            attempt.probe.connect(family, address, server.port)
            break
        except OSError as trouble:
            error = trouble
    else:
        raise no_connection(server, error)
    if attempt.is_encrypted_at_once:
        return Finding(address)
    return Finding(_greeting(attempt).words)


def _greeting(attempt: Attempt) -> Reply:
    """The greeting, and what the server offers (RFC 5321 §4.3.1)."""
    try:
        greeting = attempt.probe.reply(GREETING_SECONDS)
    except Trouble as trouble:
        raise no_greeting(attempt.server, trouble) from None
    if not greeting.good:
        raise no_greeting(attempt.server, greeting)
    _hello(attempt)
    return greeting


def _hello(attempt: Attempt) -> None:
    reply = attempt.probe.ask(f"EHLO {own_name()}")
    if not reply.good:
        reply = attempt.probe.ask(f"HELO {own_name()}")
    if not reply.good:
        raise no_greeting(attempt.server, reply)
    offers = (line.replace("=", " ", 1).partition(" ") for line in reply.lines[1:])
    attempt.offers = {name.upper(): rest.upper() for name, _, rest in offers}


def _tls(attempt: Attempt) -> Finding:
    server = attempt.server
    if not attempt.is_encrypted_at_once:
        if "STARTTLS" not in attempt.offers:
            raise starttls_missing(server)
        reply = attempt.probe.ask("STARTTLS")
        if not reply.good:
            raise starttls_missing(server, reply.words)
    try:
        secured = attempt.probe.encrypt(server.host, _context(server))
    except (OSError, ssl.SSLError, ValueError) as error:
        raise no_tls(server, error, _seen_unverified(attempt, error)) from None
    certificate = certificate_of(secured)
    said = f"{secured.version()}, {certificate.words}" if certificate else str(secured.version())
    if attempt.is_encrypted_at_once:
        said = f"{said}; {_greeting(attempt).words}"
    else:
        _hello(attempt)  # what was offered before counts no longer (RFC 3207 §4.2)
    if server.encryption.endswith("unverified"):
        text = "Encrypted, but not to a server that proved its name: somebody in between could read along."
        return Finding(said, State.WARNING, text, "Choose an encryption that verifies.")
    if certificate and certificate.until - now() < SOON:
        text = f"The server's certificate expires on {certificate.until:%Y-%m-%d}."
        return Finding(said, State.WARNING, text, "Whoever runs the server should renew it before.")
    return Finding(said)


def _context(server: Server) -> ssl.SSLContext:
    """The authorities that this machine trusts, or those of SSL_CERT_FILE, as for mail."""
    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or None)
    if server.encryption.endswith("unverified"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _seen_unverified(attempt: Attempt, error: Exception) -> Certificate | None:
    """The certificate that was not accepted, looked at on a second connection; None where that is no use."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    server = replace(attempt.server, encryption=f"{attempt.server.encryption}-unverified")
    probe = Probe(attempt.probe.left(5.0))
    again = Attempt(server, "", "", probe, attempt.found)
    try:
        _connect(again)
        if not again.is_encrypted_at_once:
            probe.ask("STARTTLS")
        return certificate_of(probe.encrypt(server.host, _context(server)))
    except (OSError, ValueError, Trouble, Failed):
        return None
    finally:
        probe.close()


def _login(attempt: Attempt) -> Finding:
    server, offered = attempt.server, attempt.offers.get("AUTH", "").split()
    if "PLAIN" in offered:
        reply = attempt.probe.ask(f"AUTH PLAIN {plain_login(server.username, server.password)}")
    elif "LOGIN" in offered:
        reply = _login_in_two(attempt)
    else:
        raise authentication_refused(server, None, offered)
    if reply.code != 235:
        raise authentication_refused(server, reply, offered)
    if server.encryption == "none":
        text = "The password crosses the network in the clear."
        return Finding(reply.words, State.WARNING, text, "Choose STARTTLS or TLS.")
    return Finding(reply.words)


def _login_in_two(attempt: Attempt) -> Reply:
    reply = attempt.probe.ask("AUTH LOGIN")
    for part in (attempt.server.username, attempt.server.password):
        if reply.code == 334:
            reply = attempt.probe.ask(coded(part))
    return reply


def _mail(attempt: Attempt) -> Finding:
    sender = attempt.sender
    utf8 = "" if sender.isascii() else " SMTPUTF8"
    reply = attempt.probe.ask(f"MAIL FROM:<{sender}>{utf8}")
    if not reply.good:
        raise sender_refused(attempt.server, sender, reply)
    return Finding(reply.words)


def _recipient(attempt: Attempt) -> Finding:
    reply = attempt.probe.ask(f"RCPT TO:<{attempt.recipient}>")
    if not reply.good:
        raise recipient_refused(attempt.recipient, reply)
    return Finding(reply.words)


def _reset(attempt: Attempt) -> Finding:
    reply = attempt.probe.ask("RSET")
    if reply.good:
        return Finding(reply.words)
    return Finding(reply.words, State.WARNING, "The server does not know RSET.", "Mail leaves none the less.")


# What is tried, in this order; a later step is one more line.
STEPS: tuple[tuple[str, Doing], ...] = (
    ("resolve", _resolve),
    ("connect", _connect),
    ("tls", _tls),
    ("login", _login),
    ("mail", _mail),
    ("rcpt", _recipient),
    ("reset", _reset),
)
GO_ON = frozenset({"rcpt"})  # a step whose failure leaves the conversation whole

# What each step is tried with.
_ABOUT: Mapping[str, Callable[[Attempt], str]] = {
    "resolve": lambda attempt: attempt.server.host,
    "connect": lambda attempt: str(attempt.server.port),
    "tls": lambda attempt: attempt.server.encryption,
    "login": lambda attempt: attempt.server.username,
    "mail": lambda attempt: attempt.sender,
    "rcpt": lambda attempt: attempt.recipient,
}
