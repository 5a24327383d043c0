"""Addresses beyond ASCII: what every server carries, and what needs SMTPUTF8 (RFC 6531).

Only the local part needs it: an international domain has a form in A-labels (RFC 5890), which is the same domain.
"""

from __future__ import annotations

from collections.abc import Iterable

from postroom.core.addresses import normalise


def wire_address(email: str) -> str:
    """An address as an envelope carries it: its domain in A-labels. What is no address stays as it is."""
    return email if email.isascii() else normalise(email) or email


def problem(recipient: str, others: Iterable[str], server: str, *, offered: bool = False) -> str:
    """Why a server can't take a mail to `recipient` that names `others`, in a sentence; else empty. `offered`: it has
    SMTPUTF8, so that only a domain which is none is a problem.
    """
    for begin, email in [("The address", recipient), *(("This mail names an address that", one) for one in others)]:
        wire = wire_address(email)
        if wire.isascii():
            continue
        local, _, domain = wire.rpartition("@")
        if local.isascii():
            return f"{wire} can't be written to: {domain} has no form that mail servers know (RFC 5891)."
        if offered:
            continue
        named = f"{begin} {wire} needs" if email is recipient else f"{begin} needs"
        more = "" if email is recipient else f": {wire}"
        return f"{named} SMTPUTF8, which {server} does not offer (RFC 6531){more}."
    return ""
