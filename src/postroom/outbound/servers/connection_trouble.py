"""Why a step of a connection test failed: a plain sentence of what is wrong, and one of what to do."""

from __future__ import annotations

import errno
import socket
import ssl
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from postroom.outbound.servers.certificates import Certificate
from postroom.outbound.servers.login import told_login
from postroom.outbound.servers.probe import Reply, Trouble
from postroom.outbound.transports.protocol import Server

# Verification errors of OpenSSL (x509_vfy.h).
NOT_YET_VALID, EXPIRED, SELF_SIGNED, SELF_SIGNED_IN_CHAIN, NO_ISSUER, WRONG_NAME, WRONG_ADDRESS = (
    9, 10, 18, 19, 20, 62, 64,
)  # fmt: skip
USUAL = gettext_lazy("Usual are 587 with STARTTLS, 465 with TLS, and 25 within one's own network.")
BLOCKED = gettext_lazy(
    "Many networks and hosting providers block port 25 outwards: try 587 with STARTTLS, or 465 with TLS."
)
WITHOUT_SUBMISSION = 25  # between mail servers; programs hand mail in at another (RFC 6409 §3.1)
BARRED = frozenset({errno.EACCES, errno.EPERM})  # what a rule of the machine's own firewall is heard as


class Diagnosis(StrEnum):
    """What can be wrong with a server, each by a name that programs may know it by."""

    WRONG_HOST = "wrong-host"
    NO_NAME_SERVICE = "no-name-service"
    REFUSED_ADDRESS = "refused-address"
    REFUSED_PORT = "refused-port"
    NOT_SET_UP = "not-set-up"
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
    BUSY = "busy"


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
        text = _("The name service gave no answer about %(host)s in time.") % {"host": host}
        return Failed(Diagnosis.NO_NAME_SERVICE, text, _("Check the name service of this machine."))
    text = _("There is no host %(host)s.") % {"host": host}
    return Failed(
        Diagnosis.WRONG_HOST, text, _("Check the spelling against your provider's settings."), said=_system(error)
    )


def no_connection(server: Server, error: OSError) -> Failed:
    """Nobody takes the connection."""
    kind, text, advice = _no_connection(server, error)
    if server.port == WITHOUT_SUBMISSION:
        advice = f"{advice} {BLOCKED}"
    elif kind is not Diagnosis.NO_WAY or error.errno in BARRED:
        advice = f"{advice} {USUAL}"
    return Failed(kind, text, advice, said="" if kind is Diagnosis.SILENT_PORT else _system(error))


def _no_connection(server: Server, error: OSError) -> tuple[Diagnosis, str, str]:
    place = {"host": server.host, "port": server.port}
    if isinstance(error, ConnectionRefusedError):
        text = _("Nothing listens at %(host)s, port %(port)s: the connection was refused.")
        return Diagnosis.WRONG_PORT, text % place, _("Check the port.")
    if isinstance(error, TimeoutError):
        text = _("No answer from %(host)s, port %(port)s in time.")
        return Diagnosis.SILENT_PORT, text % place, _("A firewall may block this port, here or there.")
    if error.errno in BARRED:
        text = _("This machine, or a firewall, lets nothing out to %(host)s, port %(port)s.")
        return Diagnosis.NO_WAY, text % place, _("Have the port opened, or use another.")
    if error.errno in {errno.ENETUNREACH, errno.EHOSTUNREACH}:
        text = _("There is no way from here to %(host)s.")
        return Diagnosis.NO_WAY, text % place, _("Check this machine's network.")
    return Diagnosis.NO_WAY, _("No connection to %(host)s, port %(port)s.") % place, _("Check host name and port.")


def address_refused(host: str, problem: str, said: str) -> Failed:
    """All that a name leads to are addresses at which nothing of ours may be said."""
    text = _("%(host)s leads to an address that can't be used. %(problem)s") % {"host": host, "problem": problem}
    return Failed(Diagnosis.REFUSED_ADDRESS, text, _("Check the host name."), said=said)


def port_refused(problem: str) -> Failed:
    """The hosting profile does not let this port be used."""
    return Failed(Diagnosis.REFUSED_PORT, problem, _("587 with STARTTLS is what most providers want."))


def not_set_up(problem: str) -> Failed:
    """It refers to a server that the configuration does not have."""
    advice = _("Set POSTROOM_OUTGOING_SERVER, or enter host and login of a server here.")
    return Failed(Diagnosis.NOT_SET_UP, problem, advice)


def no_greeting(server: Server, met: Trouble | Reply) -> Failed:
    """Connected, and then no welcome."""
    if isinstance(met, Reply):
        text = _("The server answers, and takes nothing from us.")
        return Failed(
            Diagnosis.NOT_WELCOME, text, _("Ask whoever runs it whether this machine may send by it."), said=met.words
        )
    check, place = _("Check the host name and the port."), _("port %(port)s") % {"port": server.port}
    if met.kind == "babble":
        return Failed(
            Diagnosis.NOT_SMTP,
            _("What answers at %(place)s does not speak SMTP.") % {"place": place},
            check,
            said=met.said,
        )
    if met.kind == "closed":
        text = _("Connected to %(place)s, but the server closes the connection before it greets.") % {"place": place}
        advice = _("It may not take this machine's address: ask whoever runs it. %(check)s") % {"check": check}
        return Failed(Diagnosis.CLOSES_EARLY, text, advice, said=met.said)
    if server.encryption.startswith("tls"):
        return Failed(
            Diagnosis.NO_GREETING, _("Encrypted, but what answers does not greet as a mail server does."), check
        )
    text = _("Connected to %(place)s, but the server does not greet.") % {"place": place}
    return Failed(
        Diagnosis.NO_GREETING,
        text,
        _("%(check)s A busy server may greet later: try again in a minute.") % {"check": check},
    )


def closed_after_tls(server: Server, met: Trouble) -> Failed:
    """The server goes as soon as the connection is encrypted: that is when it looks at a client's certificate, and TLS
    1.3 tells so only then (RFC 8446 §4.4.2.4).
    """
    said = met.said.lower()
    if server.authentication == "certificate" or ("alert" in said and ("certificate" in said or "unknown ca" in said)):
        return _client_certificate(server, met.said)
    text = _("The server closes the connection as soon as it is encrypted.")
    advice = _("It may want a client certificate, or not take this machine's address: ask whoever runs it.")
    return Failed(Diagnosis.CLOSES_EARLY, text, advice, said=met.said)


def tls_expected(server: Server) -> Failed:
    """Nothing is said in the clear at this port, and TLS from the first byte is."""
    text = _("Port %(port)s expects TLS from the start, and was asked in the clear.") % {"port": server.port}
    return Failed(Diagnosis.TLS_EXPECTED, text, _("Choose TLS for this port, or STARTTLS with port 587."))


def hangs(verb: str) -> Failed:
    """Greeted, and then silence."""
    text = _("The server greets, and then gives no answer to %(verb)s.") % {"verb": verb}
    advice = _("Something in between, such as a firewall that looks into mail, may keep its answers: try another port.")
    return Failed(Diagnosis.HANGS, text, advice)


def broken_off(trouble: Trouble, seconds: float) -> Failed:
    """The conversation ended in the middle of a step."""
    again = _("Try again in a minute; if it stays so, ask whoever runs the server.")
    kind, text = {
        "closed": (Diagnosis.CLOSES_EARLY, _("The server closed the connection.")),
        "timeout": (Diagnosis.TOO_SLOW, _("The server took too long for an answer.")),
        "babble": (Diagnosis.NOT_SMTP, _("What answers there does not speak SMTP.")),
    }.get(
        trouble.kind,
        (Diagnosis.TOO_SLOW, _("The whole test took longer than %(seconds)s seconds.") % {"seconds": f"{seconds:.0f}"}),
    )
    advice = _("Check the host name and the port.") if kind is Diagnosis.NOT_SMTP else again
    return Failed(kind, text, advice, said=trouble.said)


def starttls_missing(server: Server, said: str = "") -> Failed:
    """The server stays in the clear."""
    text = _("The server offers no STARTTLS on port %(port)s: all mail, and the password, would go in the clear.") % {
        "port": server.port
    }
    advice = _("Try TLS on port 465, or STARTTLS on port 587. No encryption is for a relay within your own network.")
    return Failed(Diagnosis.STARTTLS_MISSING, text, advice, said=said)


def no_tls(server: Server, error: Exception, seen: Certificate | None = None) -> Failed:
    """TLS did not come about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(server, error, seen)
    if isinstance(error, ssl.SSLError) and _is_about_our_certificate(error):
        return _client_certificate(server, _reason(error))
    if isinstance(error, TimeoutError):
        text = _("The server began no encryption in time.")
        return Failed(
            Diagnosis.TLS_MISSING, text, _("If it begins in the clear, choose STARTTLS, which is usual on port 587.")
        )
    if isinstance(error, ssl.SSLError) and error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST"}:
        text = _("Port %(port)s answers in the clear, not with TLS from the start.") % {"port": server.port}
        advice = _("Choose STARTTLS for this port, or TLS with port 465.")
        return Failed(Diagnosis.TLS_MISSING, text, advice, said=_reason(error))
    text = _("The server and this machine found no encryption that both know.")
    if not isinstance(error, ssl.SSLError):
        text = _("The connection ended while the encryption began.")
    return Failed(
        Diagnosis.TLS_FAILED, text, _("Ask whoever runs the server: TLS 1.2 is the least."), said=_reason(error)
    )


def _is_about_our_certificate(error: ssl.SSLError) -> bool:
    reason = error.reason or ""
    return "ALERT" in reason and any(part in reason for part in ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED"))


def _client_certificate(server: Server, said: str) -> Failed:
    """The server looks at the client's certificate, and wants another one."""
    if server.authentication == "certificate":
        text = _("The server does not accept our client certificate.")
        advice = _("Check that it is the one that the server knows, and that it has not expired.")
    else:
        text = _("The server wants a client certificate.")
        advice = _("Choose to sign in with a client certificate, and paste the one that your provider gave you.")
    return Failed(Diagnosis.CLIENT_CERTIFICATE, text, advice, said=said)


def _certificate(server: Server, error: ssl.SSLCertVerificationError, seen: Certificate | None) -> Failed:
    code, said = error.verify_code, error.verify_message
    if code in {WRONG_NAME, WRONG_ADDRESS}:
        text = _("The server's certificate is not for %(host)s.") % {"host": server.host}
        if seen:
            text = _("The server's certificate is not for %(host)s but for %(owners)s.") % {
                "host": server.host,
                "owners": seen.owners,
            }
        advice = _("Enter the host name that your provider gives; it is one of the certificate's.")
        return Failed(Diagnosis.WRONG_NAME, text, advice, said=said)
    if code == EXPIRED:
        text = _("The server's certificate has expired.")
        if seen:
            text = _("The server's certificate has expired: it was valid until %(until)s.") % {
                "until": f"{seen.until:%Y-%m-%d}"
            }
        return Failed(Diagnosis.EXPIRED, text, _("Whoever runs the server has to renew it."), said=said)
    if code == NOT_YET_VALID:
        text = _("The server's certificate is not valid yet.")
        return Failed(Diagnosis.NOT_YET_VALID, text, _("Check this machine's clock."), said=said)
    kind = Diagnosis.SELF_SIGNED if code == SELF_SIGNED else Diagnosis.UNTRUSTED
    by = _("It was issued by %(issuer)s.") % {"issuer": seen.issuer} if seen and seen.issuer else ""
    if kind is Diagnosis.SELF_SIGNED:
        text = _("The server's certificate is signed by itself, so it proves nothing.")
    else:
        text = _("This machine trusts nobody who vouches for the server's certificate.")
        text = f"{text} {by}".rstrip()
    advice = _(
        "If the server is your own, have this machine trust its authority (SSL_CERT_FILE names a file"
        " of authorities); else check the host name."
    )
    return Failed(kind, text, advice, said=said)


def authentication_refused(server: Server, reply: Reply | None, offered: list[str]) -> Failed:
    """The server does not let us in."""
    if reply is None:
        return _login_not_offered(server, offered)
    words = reply.words.lower()
    if "5.7.139" in words:
        text = _("Microsoft lets no program in as %(username)s by password.") % {"username": told_login(server)}
        advice = _(
            "An administrator of your Microsoft 365 has to allow Authenticated SMTP for the organisation"
            " and for this mailbox, and security defaults must not forbid it; else send by a connector."
        )
        return Failed(Diagnosis.LOGIN_REFUSED_MICROSOFT, text, advice, said=reply.words)
    if reply.code in {534, 535} and ("gsmtp" in words or "support.google.com" in words):
        text = _("Google refused the login of %(username)s.") % {"username": told_login(server)}
        advice = _(
            "The mailbox's own password is never taken: turn two-step login on in the Google account,"
            " make an app password, and enter its 16 letters here."
        )
        return Failed(Diagnosis.LOGIN_REFUSED_GMAIL, text, advice, said=reply.words)
    if reply.code == 535:
        text = _("The server refused the login of %(username)s.") % {"username": told_login(server)}
        advice = _("Check user name and password. With two-step login a password made for programs is needed.")
        return Failed(Diagnosis.LOGIN_REFUSED, text, advice, said=reply.words)
    text = _("The server did not let us in.")
    if server.username:
        text = _("The server did not let %(username)s in.") % {"username": told_login(server)}
    if reply.code // 100 == 4:
        advice = _("It says that this may pass: try again in a few minutes.")
        return Failed(Diagnosis.LOGIN_PUT_OFF, text, advice, said=reply.words)
    advice = _("What it says tells why; your provider's help names the way in.")
    return Failed(Diagnosis.LOGIN_REFUSED, text, advice, said=reply.words)


def _login_not_offered(server: Server, offered: list[str]) -> Failed:
    text = _("The server offers no login by user name and password.")
    advice = _("Choose to send without login.")
    if server.mechanism and offered:
        text = _("The server offers no login by %(mechanism)s.") % {"mechanism": server.mechanism}
        advice = _("It knows %(offered)s: let the mechanism be chosen automatically.") % {"offered": ", ".join(offered)}
    elif server.encryption == "none":
        advice = _("Many offer it only once the connection is encrypted: choose STARTTLS or TLS.")
    elif offered:
        advice = _("It knows %(offered)s only; ask your provider for a password for programs.") % {
            "offered": ", ".join(offered)
        }
    return Failed(Diagnosis.LOGIN_NOT_OFFERED, text, advice)


def sender_refused(server: Server, sender: str, reply: Reply) -> Failed:
    """The server does not send for this return path."""
    text, kind = _("The server does not take mail from %(sender)s.") % {"sender": sender}, Diagnosis.SENDER_REFUSED
    if reply.code == 552 or "5.3.4" in reply.words:
        text = _("The server does not take a mail of the size that is entered.")
        advice = _("Enter a smaller one, or ask the server for its own.")
        return Failed(Diagnosis.SIZE_TOO_SMALL, text, advice, said=reply.words)
    if reply.code == 530:
        kind, advice = Diagnosis.LOGIN_WANTED, _("It wants a login first: choose user name and password.")
    elif reply.code // 100 == 4:
        kind, advice = Diagnosis.PUT_OFF, _("It says that this may pass: try again in a few minutes.")
    else:
        advice = _("Allow %(sender)s there, or name under Sends for only the addresses that it sends for.") % {
            "sender": sender
        }
    return Failed(kind, text, advice, said=reply.words)


def recipient_refused(recipient: str, reply: Reply) -> Failed:
    """The server would not deliver to who asks."""
    text = _("The server would not deliver to %(recipient)s.") % {"recipient": recipient}
    if reply.code // 100 == 4:
        advice = _("It says that this may pass; some put off whom they do not know yet. Try again in a few minutes.")
        return Failed(Diagnosis.PUT_OFF, text, advice, said=reply.words)
    advice = _("If it refuses to relay, it wants a login, or to know this machine's address.")
    return Failed(Diagnosis.RECIPIENT_REFUSED, text, advice, said=reply.words)


def size_too_small(offered: int, wanted: int) -> Failed:
    """The server's largest mail is below what is entered, or below what any mail needs."""
    text = _("The server takes mails of %(offered)s MB at most, and %(wanted)s MB is needed.") % {
        "offered": megabytes(offered),
        "wanted": megabytes(wanted),
    }
    advice = _("Enter %(offered)s MB as the largest mail, or use a server that takes more.") % {
        "offered": megabytes(offered)
    }
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
