"""What a server offers in its answer to EHLO (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from postroom.outbound.transports.smtp.replies import Reply

_LONGEST_SIZE = 19  # digits


@dataclass(frozen=True, slots=True)
class Offers:
    """The extensions that make a difference to us; `size` is the largest mail in bytes, 0 where no limit is named."""

    starttls: bool = False
    pipelining: bool = False  # RFC 2920
    chunking: bool = False  # RFC 3030
    eight_bit: bool = False  # RFC 6152
    utf8: bool = False  # RFC 6531
    takes_size: bool = False  # RFC 1870
    size: int = 0
    mechanisms: tuple[str, ...] = ()  # RFC 4954


class Chunking:
    """Which servers offer CHUNKING without knowing BDAT: what they are sent by it they take for commands. Each is found
    out once in the life of a process, by host and port.
    """

    def __init__(self) -> None:
        self._without: set[tuple[str, int]] = set()

    def is_unknown(self, place: tuple[str, int]) -> None:
        """This server does not know what it offers."""
        self._without.add(place)

    def corrected(self, offers: Offers, place: tuple[str, int]) -> Offers:
        """What this server offers, as far as it is true."""
        return replace(offers, chunking=False) if place in self._without else offers

    def forget(self) -> None:
        """Ask everybody again."""
        self._without.clear()


CHUNKING = Chunking()


def offers_of(reply: Reply) -> Offers:
    """As an answer to EHLO says; nothing is offered by one to HELO, which has one line."""
    said = {name.upper(): rest for name, rest in map(_parted, reply.text.split("\n")[1:])}
    size = said.get("SIZE", "").strip()
    return Offers(
        starttls="STARTTLS" in said,
        pipelining="PIPELINING" in said,
        chunking="CHUNKING" in said,
        eight_bit="8BITMIME" in said,
        utf8="SMTPUTF8" in said,
        takes_size="SIZE" in said,
        size=int(size) if size.isascii() and size.isdigit() and len(size) < _LONGEST_SIZE else 0,
        mechanisms=_mechanisms(reply),
    )


def _parted(line: str) -> tuple[str, str]:
    name, _, rest = line.strip().partition(" ")
    return name, rest


def _mechanisms(reply: Reply) -> tuple[str, ...]:
    """Of every line: old servers say `AUTH=LOGIN`, some beside `AUTH LOGIN PLAIN`."""
    lines = (line.strip().upper().replace("=", " ", 1) for line in reply.text.split("\n")[1:])
    found = (name for line in lines if line.startswith("AUTH ") for name in line.split()[1:])
    return tuple(dict.fromkeys(found))
