"""The return path: where a mail that can't be delivered comes back to (RFC 5321 §4.4)."""

from __future__ import annotations

from postroom.core.addresses import normalise
from postroom.core.sending.facts import ServerFact
from postroom.core.sending.from_filter import admits


def may_send(server: ServerFact, email: str) -> bool:
    """Whether a server takes a normalised address as the sender of an envelope."""
    return not server.filter or server.trusted_relay or bool(admits(server.filter, email))


def return_path(server: ServerFact | None, bounce: str, wire_from: str) -> tuple[str, bool]:
    """The bounce address and True where the server may send it; else the From on the wire and False.

    Only the bounce address leads back to us, so only there a token makes sense. Without a server nothing is sent.
    """
    address = normalise(bounce)
    if server and address and may_send(server, address):
        return address, True
    return wire_from, False
