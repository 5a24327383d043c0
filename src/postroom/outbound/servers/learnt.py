"""What the last connection test learnt of a server: how large a mail may be, and whether it offers SMTPUTF8.

The steps are kept for the server as it is set now, and are forgotten when it is set otherwise.
"""

from __future__ import annotations

from postroom.outbound.models import OutgoingServer


def known_size(row: OutgoingServer) -> int:
    """The largest mail, in bytes, that a server takes: what was entered or what it said itself (RFC 1870 §4), whichever
    is less; 0 where neither is known.
    """
    said = [step.get("size", 0) for step in row.test_steps if step.get("key") == "size"]
    return min((size for size in (row.max_size, *said) if size), default=0)


def learnt_smtputf8(row: OutgoingServer) -> bool | None:
    """Whether a server offers SMTPUTF8 (RFC 6531); None where nobody has looked."""
    said = [step.get("smtputf8") for step in row.test_steps if step.get("key") == "size"]
    return said[-1] if said else None
