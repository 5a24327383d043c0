"""A copy as a conversation says it: the commands of its envelope, and its content as it crosses the wire."""

from __future__ import annotations

import re
from dataclasses import dataclass

from postroom.outbound.transports.protocol import Copy, Outcome, Result, Server, written
from postroom.outbound.transports.smtp.offers import Offers

_OUTSIDE = re.compile(r"[\x00-\x20<>\x7f]")  # would end the path of MAIL or RCPT
_NO_LINE_ENDS = bytes(sorted(set(range(256)) - set(b"\r\n")))
_LONE_CR = re.compile(rb"\r[^\n]")
_LEADING_DOT = re.compile(rb"\n\.")
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(slots=True)
class Mail:
    """`steps` are the commands before the content with their phases; `body` is all that follows the last of them.

    `ahead`: its commands were written with the content of the mail before.
    """

    steps: tuple[tuple[str, bytes], ...]
    body: bytes
    ahead: bool = False

    def commands(self) -> bytes:
        """All at once."""
        return b"".join([line for _, line in self.steps])


class Ready:
    """Makes copies ready for one server as it is now."""

    __slots__ = ("_most", "_offers", "_server")

    def __init__(self, server: Server, offers: Offers) -> None:
        self._server = server
        self._offers = offers
        self._most = min((limit for limit in (server.max_size, offers.size) if limit), default=0)  # bytes; 0: any

    def mail(self, copy: Copy) -> Mail | Outcome:
        """A copy made ready, or why the server can't take it: then nothing of it is said."""
        raw = written(copy)
        if isinstance(raw, Outcome):
            return raw
        raw, offers = _in_lines(raw), self._offers
        is_plain = raw.isascii()
        needs_utf8 = not (copy.sender.isascii() and copy.recipient.isascii() and (is_plain or _header(raw).isascii()))
        if problem := self._problem(copy, len(raw), needs_utf8=needs_utf8):
            return Outcome(Result.REFUSED, "mail", words=problem)
        options = _options(len(raw), offers, is_plain=is_plain, needs_utf8=needs_utf8)
        mail = b"MAIL FROM:<%b>%b\r\n" % (copy.sender.encode(), options)
        recipient = b"RCPT TO:<%b>\r\n" % copy.recipient.encode()
        if offers.chunking:
            return Mail((("mail", mail), ("rcpt", recipient)), b"BDAT %d LAST\r\n%b" % (len(raw), raw))
        return Mail((("mail", mail), ("rcpt", recipient), ("data", b"DATA\r\n")), _with_dots(raw))

    def _problem(self, copy: Copy, size: int, *, needs_utf8: bool) -> str:
        """Why the server can't take this mail at all."""
        host, most = self._server.host, self._most
        if most and size > most:
            return f"This mail has {size / 1e6:.1f} MB; {host} takes {most / 1e6:.1f} MB at most."
        for address in (copy.sender, copy.recipient):
            if _OUTSIDE.search(address):
                return f"{address!r} is no address that an envelope can carry."
            if not (self._offers.utf8 or address.isascii()):
                return f"The address {address} needs SMTPUTF8, which {host} does not offer (RFC 6531)."
        if needs_utf8 and not self._offers.utf8:
            return f"An address in this mail needs SMTPUTF8, which {host} does not offer (RFC 6531)."
        return ""


def _header(raw: bytes) -> bytes:
    return raw[: raw.find(b"\r\n\r\n")]


def _options(size: int, offers: Offers, *, is_plain: bool, needs_utf8: bool) -> bytes:
    """What MAIL says besides the sender. Content of eight bits goes to a server that does not offer 8BITMIME as it is:
    our own letters have none, and of mail that is passed on every server of this century keeps them.
    """
    limit = b" SIZE=%d" % size if offers.takes_size else b""
    body = b" BODY=8BITMIME" if offers.eight_bit and not is_plain else b""
    return limit + body + (b" SMTPUTF8" if needs_utf8 else b"")


def _in_lines(raw: bytes) -> bytes:
    """Only CRLF, also at the end (RFC 5321 §2.3.8): a bare CR or LF is where mail is smuggled.

    Every mail comes through here, nearly all of them are right: looked at are as many CR as LF, in turn, and no CR
    before something else, which costs a third of asking for a bare one of either kind.
    """
    ends = raw.translate(None, _NO_LINE_ENDS)
    if ends != b"\r\n" * (len(ends) // 2) or _LONE_CR.search(raw):
        raw = _BARE.sub(b"\r\n", raw)
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


def _with_dots(raw: bytes) -> bytes:
    """As DATA carries it: a dot before each leading one, the final dot (RFC 5321 §4.5.2)."""
    first = b"." if raw.startswith(b".") else b""
    if _LEADING_DOT.search(raw):
        raw = raw.replace(b"\n.", b"\n..")
    return b"%b%b.\r\n" % (first, raw)
