"""Why a step of a connection test failed: a plain sentence of what is wrong, and one of what to do."""

from __future__ import annotations

import errno
import socket
import ssl

from postroom.outbound.certificates import Certificate
from postroom.outbound.probe import Reply, Trouble
from postroom.outbound.transports.protocol import Server

# Verification errors of OpenSSL (x509_vfy.h).
NOT_YET_VALID, EXPIRED, SELF_SIGNED, SELF_SIGNED_IN_CHAIN, NO_ISSUER, WRONG_NAME, WRONG_ADDRESS = (
    9, 10, 18, 19, 20, 62, 64,
)  # fmt: skip
USUAL = "Usual are 587 with STARTTLS, 465 with TLS, and 25 within one's own network."


class Failed(Exception):
    """A step failed: `text` says what is wrong, `advice` what to do, `said` is the server's own word."""

    def __init__(self, text: str, advice: str, *, said: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.advice = advice
        self.said = said


def no_name(host: str, error: Exception) -> Failed:
    """The host has no address."""
    if isinstance(error, Trouble):
        text = f"The name service gave no answer about {host} in time."
        return Failed(text, "Check the name service of this machine.")
    text = f"There is no host {host}."
    return Failed(text, "Check the spelling against your provider's settings.", said=_system(error))


def no_connection(server: Server, error: OSError) -> Failed:
    """Nobody takes the connection."""
    place = f"{server.host}, port {server.port}"
    if isinstance(error, ConnectionRefusedError):
        text = f"Nothing listens at {place}: the connection was refused."
        return Failed(text, f"Check the port. {USUAL}", said=_system(error))
    if isinstance(error, TimeoutError):
        text = f"No answer from {place} in time."
        advice = f"A firewall may block this port, here or there; many networks block 25. {USUAL}"
        return Failed(text, advice)
    if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        text, advice = f"There is no way from here to {server.host}.", "Check this machine's network."
        return Failed(text, advice, said=_system(error))
    return Failed(f"No connection to {place}.", USUAL, said=_system(error))


def no_greeting(server: Server, met: Trouble | Reply) -> Failed:
    """Connected, and then no welcome."""
    if isinstance(met, Reply):
        text = "The server answers, and takes nothing from us."
        return Failed(text, "Ask whoever runs it whether this machine may send by it.", said=met.words)
    check = "Check the host name and the port."
    if server.encryption.startswith("tls"):
        return Failed("Encrypted, but what answers does not greet as a mail server does.", check, said=met.said)
    if met.kind == "babble":
        return Failed(f"What answers at port {server.port} does not speak SMTP.", check, said=met.said)
    text = f"Connected to port {server.port}, but the server does not greet."
    if server.port == 465:
        return Failed(text, "It probably expects TLS from the start: choose TLS.", said=met.said)
    advice = "If it expects TLS from the start, choose TLS, which is usual on port 465; else try again later."
    return Failed(text, advice, said=met.said)


def starttls_missing(server: Server, said: str = "") -> Failed:
    """The server stays in the clear."""
    text = f"The server offers no STARTTLS on port {server.port}: all mail, and the password, would go in the clear."
    advice = "Try TLS on port 465, or STARTTLS on port 587. No encryption is for a relay within your own network."
    return Failed(text, advice, said=said)


def no_tls(server: Server, error: Exception, seen: Certificate | None = None) -> Failed:
    """TLS did not come about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        text, advice = _certificate(server, error, seen)
        return Failed(text, advice, said=error.verify_message)
    if isinstance(error, TimeoutError):
        text = "The server began no encryption in time."
        return Failed(text, "If it begins in the clear, choose STARTTLS, which is usual on port 587.")
    if isinstance(error, ssl.SSLError) and error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        text = f"Port {server.port} answers in the clear, not with TLS from the start."
        return Failed(text, "Choose STARTTLS for this port, or TLS with port 465.", said=_reason(error))
    text = "The server and this machine found no encryption that both know."
    if not isinstance(error, ssl.SSLError):
        text = "The connection ended while the encryption began."
    return Failed(text, "Ask whoever runs the server: TLS 1.2 is the least.", said=_reason(error))


def _certificate(server: Server, error: ssl.SSLCertVerificationError, seen: Certificate | None) -> tuple[str, str]:
    code = error.verify_code
    if code in {WRONG_NAME, WRONG_ADDRESS}:
        text = f"The server's certificate is not for {server.host}"
        text += f" but for {seen.owners}." if seen else "."
        return text, "Enter the host name that your provider gives; it is one of the certificate's."
    if code == EXPIRED:
        text = "The server's certificate has expired"
        text += f": it was valid until {seen.until:%Y-%m-%d}." if seen else "."
        return text, "Whoever runs the server has to renew it."
    if code == NOT_YET_VALID:
        return "The server's certificate is not valid yet.", "Check this machine's clock."
    by = f" It was issued by {seen.issuer}." if seen and seen.issuer else ""
    if code == SELF_SIGNED:
        text = "The server's certificate is signed by itself, so it proves nothing."
    else:
        text = f"This machine trusts nobody who vouches for the server's certificate.{by}"
    advice = (
        "If the server is your own, have this machine trust its authority (SSL_CERT_FILE names a file of authorities);"
        " else check the host name."
    )
    return text, advice


def authentication_refused(server: Server, reply: Reply | None, offered: list[str]) -> Failed:
    """The server does not let us in."""
    if reply is None:
        text = "The server offers no login by user name and password."
        advice = "Choose to send without login."
        if server.encryption == "none":
            advice = "Many offer it only once the connection is encrypted: choose STARTTLS or TLS."
        elif offered:
            advice = f"It knows {', '.join(offered)} only; ask your provider for a password for programs."
        return Failed(text, advice)
    if reply.code == 535:
        text = f"The server refused the login of {server.username}."
        advice = "Check user name and password. With two-step login a password made for programs is needed."
        return Failed(text, advice, said=reply.words)
    text = f"The server did not let {server.username} in."
    if reply.code // 100 == 4:
        return Failed(text, "It says that this may pass: try again in a few minutes.", said=reply.words)
    return Failed(text, "What it says tells why; your provider's help names the way in.", said=reply.words)


def sender_refused(server: Server, sender: str, reply: Reply) -> Failed:
    """The server does not send for this return path."""
    text = f"The server does not take mail from {sender}."
    if reply.code == 530:
        advice = "It wants a login first: choose user name and password."
    elif reply.code // 100 == 4:
        advice = "It says that this may pass: try again in a few minutes."
    else:
        advice = f"Allow {sender} there, or name under Sends for only the addresses that it sends for."
    return Failed(text, advice, said=reply.words)


def recipient_refused(recipient: str, reply: Reply) -> Failed:
    """The server would not deliver to who asks."""
    text = f"The server would not deliver to {recipient}."
    if reply.code // 100 == 4:
        advice = "It says that this may pass; some put off whom they do not know yet. Try again in a few minutes."
    else:
        advice = "If it refuses to relay, it wants a login, or to know this machine's address."
    return Failed(text, advice, said=reply.words)


def _system(error: Exception) -> str:
    if isinstance(error, socket.gaierror | OSError) and error.strerror:
        return str(error.strerror)
    return ""


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return str(error.reason).replace("_", " ").lower()
    return _system(error)
