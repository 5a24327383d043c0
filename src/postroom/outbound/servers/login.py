"""How to log in at a server: which mechanism of those that it offers, and what each says (RFC 4954)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection

from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.outbound.transports.protocol import Server

IN_THE_OPEN = ("PLAIN", "LOGIN")  # the password crosses the wire
KNOWN = (*IN_THE_OPEN, "CRAM-MD5")
EXTERNAL = "EXTERNAL"  # the certificate of the connection is the login (RFC 4422, appendix A)


def mechanism_for(server: Server, offered: Collection[str]) -> str:
    """The mechanism to log in with: the one that the server is set to, else the best that is offered; empty: none fits.

    Without encryption one that keeps the password to itself comes first.
    """
    names = {name.upper() for name in offered}
    if server.mechanism:
        return server.mechanism if server.mechanism in names else ""
    order = KNOWN if server.encryption != "none" else tuple(reversed(KNOWN))
    return next((name for name in order if name in names), "")


def is_external(server: Server, offered: Collection[str]) -> bool:
    """Whether the client's certificate has to be named as the login, too."""
    return server.authentication == "certificate" and EXTERNAL in {name.upper() for name in offered}


def told_login(server: Server) -> str:
    """The user name as pages tell it: of the operator's server those who refer to it hear the host alone."""
    return server.host if is_lent(server) else server.username


def is_lent(server: Server) -> bool:
    """Whether somebody's server refers to the default one, whose login is the operator's."""
    return server.by_default and server.id != DEFAULT_SERVER


def cram_md5(username: str, password: str, challenge: str) -> str:
    """The answer to a challenge as the server coded it (RFC 2195 §2); a challenge that is none is answered as empty."""
    try:
        asked = base64.b64decode(challenge, validate=True)
    except (binascii.Error, ValueError):
        asked = b""
    digest = hmac.new(password.encode(), asked, hashlib.md5).hexdigest()
    return base64.b64encode(f"{username} {digest}".encode()).decode()
