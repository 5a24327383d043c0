"""What went wrong with a connection, in words that say who did what."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from postroom.outbound.transports.smtp.connection import Late
from postroom.outbound.transports.smtp.replies import NotSmtp

LONGEST = 200  # characters of an error that we do not know


def reason(error: BaseException, seconds: float) -> str:
    """The cause in a few words, without a full stop; `seconds` is the time that there was, where it does not say."""
    for cause in _causes(error):
        if words := _words(cause, seconds):
            return words
    return str(error)[:LONGEST].rstrip(".") or type(error).__name__


def is_certificate(error: BaseException) -> bool:
    """Whether the server's certificate was not accepted."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def is_tls(error: BaseException) -> bool:
    """Whether TLS did not come about."""
    return any(isinstance(cause, ssl.SSLError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The first cause first: it says most."""
    chain: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in chain:
        chain.append(found)
        found = found.__cause__ or found.__context__
    return reversed(chain)


def _words(error: BaseException, seconds: float) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return error.verify_message.rstrip(".")
        case ssl.SSLError():
            return f"TLS failed ({error.reason or error})"
        case socket.gaierror():
            return "its name can't be resolved"
        case ConnectionRefusedError():
            return "connection refused"
        case NotSmtp() | Late():
            return str(error)
        case TimeoutError():
            return f"no answer within {seconds:g} seconds"
        case ConnectionAbortedError() if "handshake" in str(error):
            return f"TLS did not begin within {seconds:g} seconds"
        case ConnectionError():
            return "it closed the connection"
        case OSError():
            refused = "refused" in str(error)  # of several addresses each
            return "connection refused" if refused else (error.strerror or str(error)).lower().rstrip(".")
    return ""
