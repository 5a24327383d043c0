"""Why a step of a connection test failed: a plain sentence of what is wrong, and one of what to do."""

from __future__ import annotations

import errno
import socket
import ssl
from enum import StrEnum

from postroom.outbound.certificates import Certificate
from postroom.outbound.probe import Reply, Trouble
from postroom.outbound.transports.protocol import Server

# Verification errors of OpenSSL (x509_vfy.h).
NOT_YET_VALID, EXPIRED, SELF_SIGNED, SELF_SIGNED_IN_CHAIN, NO_ISSUER, WRONG_NAME, WRONG_ADDRESS = (
    9, 10, 18, 19, 20, 62, 64,
)  # fmt: skip
USUAL = "Usual are 587 with STARTTLS, 465 with TLS, and 25 within one's own network."
BLOCKED = "Many networks and hosting providers block port 25 outwards: try 587 with STARTTLS, or 465 with TLS."
WITHOUT_SUBMISSION = 25  # between mail servers; programs hand mail in at another (RFC 6409 §3.1)
BARRED = frozenset({errno.EACCES, errno.EPERM})  # what a rule of the machine's own firewall is heard as


class Diagnosis(StrEnum):
    """What can be wrong with a server, each by a name that programs may know it by."""

    WRONG_HOST = "wrong-host"
    NO_NAME_SERVICE = "no-name-service"
    REFUSED_ADDRESS = "refused-address"
    REFUSED_PORT = "refused-port"
    WRONG_PORT = "wrong-port"
    SILENT_PORT = "silent-port"
    NO_WAY = "no-way"
    TLS_EXPECTED = "tls-expected"
    TLS_MISSING = "tls-missing"
    STARTTLS_MISSING = "starttls-missing"
    TLS_FAILED = "tls-failed"
    SELF_SIGNED = "certificate-self-signed"
    UNTRUSTED = "certificate-untrusted"
    EXPIRED = "certificate-expired"
    NOT_YET_VALID = "certificate-not-yet-valid"
    WRONG_NAME = "certificate-wrong-name"
    CLIENT_CERTIFICATE = "client-certificate-refused"
    NOT_WELCOME = "not-welcome"
    NO_GREETING = "no-greeting"
    HANGS = "hangs-after-greeting"
    CLOSES_EARLY = "closes-early"
    NOT_SMTP = "not-smtp"
    LOGIN_REFUSED = "login-refused"
    LOGIN_REFUSED_GMAIL = "login-refused-gmail"
    LOGIN_REFUSED_MICROSOFT = "login-refused-microsoft"
    LOGIN_PUT_OFF = "login-put-off"
    LOGIN_NOT_OFFERED = "login-not-offered"
    LOGIN_WANTED = "login-wanted"
    SENDER_REFUSED = "sender-refused"
    RECIPIENT_REFUSED = "recipient-refused"
    PUT_OFF = "put-off"
    SIZE_TOO_SMALL = "size-too-small"
    TOO_SLOW = "too-slow"


class Failed(Exception):
    """A step failed: `text` says what is wrong, `advice` what to do, `said` is the server's own word, `kind` the
    name of what is wrong.
    """

    def __init__(self, kind: Diagnosis, text: str, advice: str, *, said: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text
        self.advice = advice
        self.said = said


def no_name(host: str, error: Exception) -> Failed:
    """The host has no address."""
    if isinstance(error, Trouble):
        text = f"The name service gave no answer about {host} in time."
        return Failed(Diagnosis.NO_NAME_SERVICE, text, "Check the name service of this machine.")
    text = f"There is no host {host}."
    return Failed(
        Diagnosis.WRONG_HOST, text, "Check the spelling against your provider's settings.", said=_system(error)
    )


def no_connection(server: Server, error: OSError) -> Failed:
    """Nobody takes the connection."""
    place = f"{server.host}, port {server.port}"
    others = BLOCKED if server.port == WITHOUT_SUBMISSION else USUAL
    if isinstance(error, ConnectionRefusedError):
        text = f"Nothing listens at {place}: the connection was refused."
        return Failed(Diagnosis.WRONG_PORT, text, f"Check the port. {others}", said=_system(error))
    if isinstance(error, TimeoutError):
        text = f"No answer from {place} in time."
        return Failed(Diagnosis.SILENT_PORT, text, f"A firewall may block this port, here or there. {others}")
    if error.errno in BARRED:
        text = f"This machine, or a firewall, lets nothing out to {place}."
        return Failed(Diagnosis.NO_WAY, text, f"Have the port opened, or use another. {others}", said=_system(error))
    if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        text, advice = f"There is no way from here to {server.host}.", "Check this machine's network."
        if server.port == WITHOUT_SUBMISSION:
            advice = f"{advice} {BLOCKED}"
        return Failed(Diagnosis.NO_WAY, text, advice, said=_system(error))
    return Failed(Diagnosis.NO_WAY, f"No connection to {place}.", others, said=_system(error))


def address_refused(host: str, problem: str, said: str) -> Failed:
    """All that a name leads to are addresses at which nothing of ours may be said."""
    text = f"{host} leads to an address that can't be used. {problem}"
    return Failed(Diagnosis.REFUSED_ADDRESS, text, "Check the host name.", said=said)


def port_refused(problem: str) -> Failed:
    """The hosting profile does not let this port be used."""
    return Failed(Diagnosis.REFUSED_PORT, problem, "587 with STARTTLS is what most providers want.")


def no_greeting(server: Server, met: Trouble | Reply) -> Failed:
    """Connected, and then no welcome."""
    if isinstance(met, Reply):
        text = "The server answers, and takes nothing from us."
        return Failed(
            Diagnosis.NOT_WELCOME, text, "Ask whoever runs it whether this machine may send by it.", said=met.words
        )
    check, place = "Check the host name and the port.", f"port {server.port}"
    if met.kind == "babble":
        return Failed(Diagnosis.NOT_SMTP, f"What answers at {place} does not speak SMTP.", check, said=met.said)
    if met.kind == "closed":
        text = f"Connected to {place}, but the server closes the connection before it greets."
        advice = f"It may not take this machine's address: ask whoever runs it. {check}"
        return Failed(Diagnosis.CLOSES_EARLY, text, advice, said=met.said)
    if server.encryption.startswith("tls"):
        return Failed(Diagnosis.NO_GREETING, "Encrypted, but what answers does not greet as a mail server does.", check)
    text = f"Connected to {place}, but the server does not greet."
    return Failed(Diagnosis.NO_GREETING, text, f"{check} A busy server may greet later: try again in a minute.")


def closed_after_tls(server: Server, met: Trouble) -> Failed:
    """The server goes as soon as the connection is encrypted: that is when it looks at a client's certificate, and TLS
    1.3 tells so only then (RFC 8446 §4.4.2.4).
    """
    said = met.said.lower()
    if server.authentication == "certificate" or ("alert" in said and ("certificate" in said or "unknown ca" in said)):
        return _client_certificate(server, met.said)
    text = "The server closes the connection as soon as it is encrypted."
    advice = "It may want a client certificate, or not take this machine's address: ask whoever runs it."
    return Failed(Diagnosis.CLOSES_EARLY, text, advice, said=met.said)


def tls_expected(server: Server) -> Failed:
    """Nothing is said in the clear at this port, and TLS from the first byte is."""
    text = f"Port {server.port} expects TLS from the start, and was asked in the clear."
    return Failed(Diagnosis.TLS_EXPECTED, text, "Choose TLS for this port, or STARTTLS with port 587.")


def hangs(verb: str) -> Failed:
    """Greeted, and then silence."""
    text = f"The server greets, and then gives no answer to {verb}."
    advice = "Something in between, such as a firewall that looks into mail, may keep its answers: try another port."
    return Failed(Diagnosis.HANGS, text, advice)


def broken_off(trouble: Trouble, seconds: float) -> Failed:
    """The conversation ended in the middle of a step."""
    again = "Try again in a minute; if it stays so, ask whoever runs the server."
    kind, text = {
        "closed": (Diagnosis.CLOSES_EARLY, "The server closed the connection."),
        "timeout": (Diagnosis.TOO_SLOW, "The server took too long for an answer."),
        "babble": (Diagnosis.NOT_SMTP, "What answers there does not speak SMTP."),
    }.get(trouble.kind, (Diagnosis.TOO_SLOW, f"The whole test took longer than {seconds:.0f} seconds."))
    advice = "Check the host name and the port." if kind is Diagnosis.NOT_SMTP else again
    return Failed(kind, text, advice, said=trouble.said)


def starttls_missing(server: Server, said: str = "") -> Failed:
    """The server stays in the clear."""
    text = f"The server offers no STARTTLS on port {server.port}: all mail, and the password, would go in the clear."
    advice = "Try TLS on port 465, or STARTTLS on port 587. No encryption is for a relay within your own network."
    return Failed(Diagnosis.STARTTLS_MISSING, text, advice, said=said)


def no_tls(server: Server, error: Exception, seen: Certificate | None = None) -> Failed:
    """TLS did not come about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(server, error, seen)
    if isinstance(error, ssl.SSLError) and _is_about_our_certificate(error):
        return _client_certificate(server, _reason(error))
    if isinstance(error, TimeoutError):
        text = "The server began no encryption in time."
        return Failed(
            Diagnosis.TLS_MISSING, text, "If it begins in the clear, choose STARTTLS, which is usual on port 587."
        )
    if isinstance(error, ssl.SSLError) and error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        text = f"Port {server.port} answers in the clear, not with TLS from the start."
        advice = "Choose STARTTLS for this port, or TLS with port 465."
        return Failed(Diagnosis.TLS_MISSING, text, advice, said=_reason(error))
    text = "The server and this machine found no encryption that both know."
    if not isinstance(error, ssl.SSLError):
        text = "The connection ended while the encryption began."
    return Failed(Diagnosis.TLS_FAILED, text, "Ask whoever runs the server: TLS 1.2 is the least.", said=_reason(error))


def _is_about_our_certificate(error: ssl.SSLError) -> bool:
    reason = error.reason or ""
    return "ALERT" in reason and any(part in reason for part in ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED"))


def _client_certificate(server: Server, said: str) -> Failed:
    """The server looks at the client's certificate, and wants another one."""
    if server.authentication == "certificate":
        text = "The server does not accept our client certificate."
        advice = "Check that it is the one that the server knows, and that it has not expired."
    else:
        text = "The server wants a client certificate."
        advice = "Choose to sign in with a client certificate, and paste the one that your provider gave you."
    return Failed(Diagnosis.CLIENT_CERTIFICATE, text, advice, said=said)


def _certificate(server: Server, error: ssl.SSLCertVerificationError, seen: Certificate | None) -> Failed:
    code, said = error.verify_code, error.verify_message
    if code in {WRONG_NAME, WRONG_ADDRESS}:
        text = f"The server's certificate is not for {server.host}"
        text += f" but for {seen.owners}." if seen else "."
        advice = "Enter the host name that your provider gives; it is one of the certificate's."
        return Failed(Diagnosis.WRONG_NAME, text, advice, said=said)
    if code == EXPIRED:
        text = "The server's certificate has expired"
        text += f": it was valid until {seen.until:%Y-%m-%d}." if seen else "."
        return Failed(Diagnosis.EXPIRED, text, "Whoever runs the server has to renew it.", said=said)
    if code == NOT_YET_VALID:
        text = "The server's certificate is not valid yet."
        return Failed(Diagnosis.NOT_YET_VALID, text, "Check this machine's clock.", said=said)
    kind = Diagnosis.SELF_SIGNED if code == SELF_SIGNED else Diagnosis.UNTRUSTED
    by = f" It was issued by {seen.issuer}." if seen and seen.issuer else ""
    if kind is Diagnosis.SELF_SIGNED:
        text = "The server's certificate is signed by itself, so it proves nothing."
    else:
        text = f"This machine trusts nobody who vouches for the server's certificate.{by}"
    advice = (
        "If the server is your own, have this machine trust its authority (SSL_CERT_FILE names a file of authorities);"
        " else check the host name."
    )
    return Failed(kind, text, advice, said=said)


def authentication_refused(server: Server, reply: Reply | None, offered: list[str]) -> Failed:
    """The server does not let us in."""
    if reply is None:
        return _login_not_offered(server, offered)
    words = reply.words.lower()
    if "5.7.139" in words:
        text = f"Microsoft lets no program in as {server.username} by password."
        advice = (
            "An administrator of your Microsoft 365 has to allow Authenticated SMTP for the organisation and for this"
            " mailbox, and security defaults must not forbid it; else send by a connector."
        )
        return Failed(Diagnosis.LOGIN_REFUSED_MICROSOFT, text, advice, said=reply.words)
    if reply.code in {534, 535} and ("gsmtp" in words or "support.google.com" in words):
        text = f"Google refused the login of {server.username}."
        advice = (
            "The mailbox's own password is never taken: turn two-step login on in the Google account, make an app"
            " password, and enter its 16 letters here."
        )
        return Failed(Diagnosis.LOGIN_REFUSED_GMAIL, text, advice, said=reply.words)
    if reply.code == 535:
        text = f"The server refused the login of {server.username}."
        advice = "Check user name and password. With two-step login a password made for programs is needed."
        return Failed(Diagnosis.LOGIN_REFUSED, text, advice, said=reply.words)
    text = f"The server did not let {server.username or 'us'} in."
    if reply.code // 100 == 4:
        advice = "It says that this may pass: try again in a few minutes."
        return Failed(Diagnosis.LOGIN_PUT_OFF, text, advice, said=reply.words)
    advice = "What it says tells why; your provider's help names the way in."
    return Failed(Diagnosis.LOGIN_REFUSED, text, advice, said=reply.words)


def _login_not_offered(server: Server, offered: list[str]) -> Failed:
    text = "The server offers no login by user name and password."
    advice = "Choose to send without login."
    if server.mechanism and offered:
        text = f"The server offers no login by {server.mechanism}."
        advice = f"It knows {', '.join(offered)}: let the mechanism be chosen automatically."
    elif server.encryption == "none":
        advice = "Many offer it only once the connection is encrypted: choose STARTTLS or TLS."
    elif offered:
        advice = f"It knows {', '.join(offered)} only; ask your provider for a password for programs."
    return Failed(Diagnosis.LOGIN_NOT_OFFERED, text, advice)


def sender_refused(server: Server, sender: str, reply: Reply) -> Failed:
    """The server does not send for this return path."""
    text, kind = f"The server does not take mail from {sender}.", Diagnosis.SENDER_REFUSED
    if reply.code == 552 or "5.3.4" in reply.words:
        text = "The server does not take a mail of the size that is entered."
        advice = "Enter a smaller one, or ask the server for its own."
        return Failed(Diagnosis.SIZE_TOO_SMALL, text, advice, said=reply.words)
    if reply.code == 530:
        kind, advice = Diagnosis.LOGIN_WANTED, "It wants a login first: choose user name and password."
    elif reply.code // 100 == 4:
        kind, advice = Diagnosis.PUT_OFF, "It says that this may pass: try again in a few minutes."
    else:
        advice = f"Allow {sender} there, or name under Sends for only the addresses that it sends for."
    return Failed(kind, text, advice, said=reply.words)


def recipient_refused(recipient: str, reply: Reply) -> Failed:
    """The server would not deliver to who asks."""
    text = f"The server would not deliver to {recipient}."
    if reply.code // 100 == 4:
        advice = "It says that this may pass; some put off whom they do not know yet. Try again in a few minutes."
        return Failed(Diagnosis.PUT_OFF, text, advice, said=reply.words)
    advice = "If it refuses to relay, it wants a login, or to know this machine's address."
    return Failed(Diagnosis.RECIPIENT_REFUSED, text, advice, said=reply.words)


def size_too_small(offered: int, wanted: int) -> Failed:
    """The server's largest mail is below what is entered, or below what any mail needs."""
    text = f"The server takes mails of {megabytes(offered)} MB at most, and {megabytes(wanted)} MB is needed."
    advice = f"Enter {megabytes(offered)} MB as the largest mail, or use a server that takes more."
    return Failed(Diagnosis.SIZE_TOO_SMALL, text, advice, said=f"SIZE {offered}")


def megabytes(count: int) -> str:
    """Bytes as people enter them: megabytes, rounded down to a tenth."""
    return f"{count * 10 // (1024 * 1024) / 10:.1f}".removesuffix(".0")


def _system(error: Exception) -> str:
    if isinstance(error, socket.gaierror | OSError) and error.strerror:
        return str(error.strerror)
    return ""


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return str(error.reason).replace("_", " ").lower()
    return _system(error)
