"""The steps of a connection test, each a conversation of its own kind; a failure is raised as `Failed`."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from postroom.infra.clock import now
from postroom.outbound.hosting import address_problem
from postroom.outbound.servers.certificates import Certificate, certificate_of
from postroom.outbound.servers.connection_trouble import (
    Failed,
    address_refused,
    authentication_refused,
    closed_after_tls,
    hangs,
    megabytes,
    no_connection,
    no_greeting,
    no_name,
    no_tls,
    not_set_up,
    port_refused,
    recipient_refused,
    sender_refused,
    size_too_small,
    starttls_missing,
    tls_expected,
)
from postroom.outbound.servers.login import cram_md5, mechanism_for, told_login
from postroom.outbound.servers.probe import Found, Probe, Reply, Trouble, coded, plain_login
from postroom.outbound.servers.tls import context_of
from postroom.outbound.transports.protocol import Server
from postroom.outbound.transports.smtp.opening import own_name

GREETING_SECONDS = 15.0
ANSWER_SECONDS = 15.0  # to the first word of ours
ALERT_SECONDS = 0.15  # in which a server says that it does not like our certificate
TLS_LOOK_SECONDS = 5.0  # for a second connection that only wants to know something
SMALLEST = 1024 * 1024  # bytes that the largest mail must have, or hardly an attachment ever leaves
SOON = timedelta(days=14)  # before a certificate expires


class State(StrEnum):
    """How a step ended. `warning`: it works, and somebody should know something."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


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
    kind: str = ""
    size: int = 0
    smtputf8: bool | None = None


Doing = Callable[[Attempt], Finding]


def offered_logins(attempt: Attempt) -> list[str]:
    return attempt.offers.get("AUTH", "").split()


def _resolve(attempt: Attempt) -> Finding:
    host = attempt.server.host
    if attempt.server.trouble:
        raise (port_refused if host else not_set_up)(attempt.server.trouble)
    try:
        found = attempt.probe.resolve(host, attempt.server.port)
    except (OSError, Trouble) as error:
        raise no_name(host, error) from None
    public = attempt.server.public_only
    attempt.found = [one for one in dict.fromkeys(found) if not address_problem(one[1], public_only=public)]
    if not attempt.found:
        where = found[0][1] if found else ""
        raise address_refused(host, address_problem(where, public_only=public), where)
    more = len(attempt.found) - 1
    said = attempt.found[0][1]
    return Finding(_("%(address)s and %(more)s more") % {"address": said, "more": more} if more else said)


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
        if trouble.kind == "closed" and attempt.is_encrypted_at_once:
            raise
        if trouble.kind in {"timeout", "closed", "deadline"} and _speaks_tls(attempt):
            raise tls_expected(attempt.server) from None
        raise no_greeting(attempt.server, trouble) from None
    if not greeting.good:
        raise no_greeting(attempt.server, greeting)
    try:
        _hello(attempt)
    except Trouble as trouble:
        if trouble.kind == "timeout":
            raise hangs("EHLO") from None
        raise
    return greeting


def _speaks_tls(attempt: Attempt) -> bool:
    """Whether TLS begins at once at this port, where nobody greeted in the clear; on a connection of its own."""
    if attempt.is_encrypted_at_once:
        return False
    attempt.probe.close()
    probe = Probe(TLS_LOOK_SECONDS)
    try:
        for family, address in attempt.found[:1]:
            probe.connect(family, address, attempt.server.port)
        probe.encrypt(attempt.server.host, context_of(replace(attempt.server, encryption="tls-unverified")))
    except (OSError, ValueError, AssertionError, Trouble):
        return False
    finally:
        probe.close()
    return True


def _hello(attempt: Attempt) -> None:
    reply = attempt.probe.ask(f"EHLO {own_name()}", ANSWER_SECONDS)
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
        secured = attempt.probe.encrypt(server.host, context_of(server))
    except (OSError, ssl.SSLError, ValueError) as error:
        raise no_tls(server, error, _seen_unverified(attempt, error)) from None
    certificate = certificate_of(secured)
    said = f"{secured.version()}, {certificate.words}" if certificate else str(secured.version())
    greeted = _first_words(attempt)
    said = f"{said}; {greeted}" if greeted else said
    if server.encryption.endswith("unverified"):
        text = _("Encrypted, but not to a server that proved its name: somebody in between could read along.")
        return Finding(said, State.WARNING, text, _("Choose an encryption that verifies."))
    if certificate and certificate.until - now() < SOON:
        text = _("The server's certificate expires on %(until)s.") % {"until": f"{certificate.until:%Y-%m-%d}"}
        return Finding(said, State.WARNING, text, _("Whoever runs the server should renew it before."))
    return Finding(said)


def _first_words(attempt: Attempt) -> str:
    """The greeting, where it comes encrypted; and what the server offers now: what it offered before counts no longer
    (RFC 3207 §4.2).
    """
    try:
        if attempt.is_encrypted_at_once:
            return _greeting(attempt).words
        attempt.probe.listen(ALERT_SECONDS)
        _hello(attempt)
    except Trouble as trouble:
        if trouble.kind == "closed":
            raise closed_after_tls(attempt.server, trouble) from None
        raise
    return ""


def _seen_unverified(attempt: Attempt, error: Exception) -> Certificate | None:
    """The certificate that was not accepted, looked at on a second connection; None where that is no use."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    server = replace(attempt.server, encryption=f"{attempt.server.encryption}-unverified")
    probe = Probe(attempt.probe.left(TLS_LOOK_SECONDS))
    again = Attempt(server, "", "", probe, attempt.found)
    try:
        _connect(again)
        if not again.is_encrypted_at_once:
            probe.ask("STARTTLS")
        return certificate_of(probe.encrypt(server.host, context_of(server)))
    except (OSError, ValueError, Trouble, Failed):
        return None
    finally:
        probe.close()


def _login(attempt: Attempt) -> Finding:
    server, offered = attempt.server, offered_logins(attempt)
    mechanism = "EXTERNAL" if server.authentication == "certificate" else mechanism_for(server, offered)
    if not mechanism:
        raise authentication_refused(server, None, offered)
    reply = _LOGINS[mechanism](attempt)
    if reply.code != 235:
        raise authentication_refused(server, reply, offered)
    if server.encryption == "none" and mechanism != "CRAM-MD5":
        text = _("The password crosses the network in the clear.")
        return Finding(f"{mechanism}: {reply.words}", State.WARNING, text, _("Choose STARTTLS or TLS."))
    return Finding(f"{mechanism}: {reply.words}")


def _login_in_two(attempt: Attempt) -> Reply:
    reply = attempt.probe.ask("AUTH LOGIN")
    for part in (attempt.server.username, attempt.server.password):
        if reply.code == 334:
            reply = attempt.probe.ask(coded(part))
    return reply


def _login_by_challenge(attempt: Attempt) -> Reply:
    server, reply = attempt.server, attempt.probe.ask("AUTH CRAM-MD5")
    if reply.code != 334:
        return reply
    return attempt.probe.ask(cram_md5(server.username, server.password, "".join(reply.lines)))


_LOGINS: Mapping[str, Callable[[Attempt], Reply]] = {
    "PLAIN": lambda attempt: attempt.probe.ask(
        f"AUTH PLAIN {plain_login(attempt.server.username, attempt.server.password)}"
    ),
    "LOGIN": _login_in_two,
    "CRAM-MD5": _login_by_challenge,
    "EXTERNAL": lambda attempt: attempt.probe.ask("AUTH EXTERNAL ="),
}


def _mail(attempt: Attempt) -> Finding:
    sender = attempt.sender
    size, utf8 = _size_option(attempt), "" if sender.isascii() else " SMTPUTF8"
    reply = attempt.probe.ask(f"MAIL FROM:<{sender}>{size}{utf8}")
    if not reply.good:
        raise sender_refused(attempt.server, sender, reply)
    return Finding(reply.words)


def _size_option(attempt: Attempt) -> str:
    """The largest mail that is entered, so that the server can say no to it (RFC 1870 §6.1)."""
    wanted, offered = attempt.server.max_size, _offered_size(attempt)
    return f" SIZE={wanted}" if wanted and "SIZE" in attempt.offers and not 0 < offered < wanted else ""


def _offered_size(attempt: Attempt) -> int:
    """In bytes; 0 where the server names no limit (RFC 1870 §4)."""
    said = attempt.offers.get("SIZE", "").strip()
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else 0


def find_size(attempt: Attempt) -> Finding:
    offered, utf8 = _offered_size(attempt), "SMTPUTF8" in attempt.offers
    if "SIZE" not in attempt.offers:
        return Finding(_("The server does not say how large a mail may be."), smtputf8=utf8)
    if not offered:
        return Finding(_("The server sets no limit."), smtputf8=utf8)
    if offered < max(SMALLEST, attempt.server.max_size):
        raise size_too_small(offered, max(SMALLEST, attempt.server.max_size))
    return Finding(_("%(offered)s MB at most") % {"offered": megabytes(offered)}, size=offered, smtputf8=utf8)


def _recipient(attempt: Attempt) -> Finding:
    reply = attempt.probe.ask(f"RCPT TO:<{attempt.recipient}>")
    if not reply.good:
        raise recipient_refused(attempt.recipient, reply)
    return Finding(reply.words)


def _reset(attempt: Attempt) -> Finding:
    reply = attempt.probe.ask("RSET")
    if reply.good:
        return Finding(reply.words)
    return Finding(reply.words, State.WARNING, _("The server does not know RSET."), _("Mail leaves none the less."))


# What is tried, in this order; a later step is one more line.
STEPS: tuple[tuple[str, Doing], ...] = (
    ("resolve", _resolve),
    ("connect", _connect),
    ("tls", _tls),
    ("login", _login),
    ("mail", _mail),
    ("rcpt", _recipient),
    ("reset", _reset),
    ("size", find_size),
)
GO_ON = frozenset({"rcpt"})  # a step whose failure leaves the conversation whole

# What each step is tried with.
ABOUT: Mapping[str, Callable[[Attempt], str]] = {
    "resolve": lambda attempt: attempt.server.host,
    "connect": lambda attempt: str(attempt.server.port),
    "tls": lambda attempt: attempt.server.encryption,
    "login": lambda attempt: told_login(attempt.server),
    "mail": lambda attempt: attempt.sender,
    "rcpt": lambda attempt: attempt.recipient,
}
