"""How long a server may take for what (RFC 5321 §4.5.3.2), in seconds."""

from __future__ import annotations

from dataclasses import dataclass

MAIL = 300.0  # what RFC 5321 gives an answer to MAIL: the setting is this deadline, the others keep their proportion
CONNECT = 60.0  # at most, for all addresses together: RFC 5321 leaves it to TCP


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Each is for a whole answer, however slowly it trickles; `block` is for a piece of a mail to be on its way."""

    connect: float
    greeting: float
    command: float  # EHLO, STARTTLS, AUTH, MAIL, RCPT, RSET
    data: float  # 354
    block: float
    dot: float

    @classmethod
    def of(cls, seconds: float) -> Deadlines:
        """Those in which the answer to MAIL may take so long."""
        scale = seconds / MAIL
        return cls(
            connect=min(seconds, CONNECT),
            greeting=300 * scale,
            command=300 * scale,
            data=120 * scale,
            block=180 * scale,
            dot=600 * scale,
        )
