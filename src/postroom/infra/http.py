"""One question over HTTP/1.1 (RFC 9112) to a server that an administrator named, such as a filter on this machine.

It follows no redirection, keeps no connection and reads no more than it was allowed to; the whole has one deadline.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import urlsplit

from postroom.core.errors import PostroomError
from postroom.infra.logs import logger

LONGEST_LINE = 16 * 1024  # bytes
MOST_LINES = 200  # of a head
PIECE = 64 * 1024
NO_ADDRESS = "What is set is no address of HTTP."


log = logger(__name__)


class NoAnswer(PostroomError):
    """There is no answer; the words say why, in a sentence. They name no host and no address, which may hold a
    password: people read them to whom these are nothing.
    """


@dataclass(frozen=True, slots=True)
class Url:
    """Where a server is; `path` begins with a slash."""

    host: str
    port: int
    path: str = "/"
    encrypted: bool = False

    @classmethod
    def read(cls, text: str) -> Url:
        """The address that a setting names.

        Raises:
            NoAnswer: it is no address of HTTP.

        """
        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError:
            raise NoAnswer(NO_ADDRESS) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or not text.isascii() or not text.isprintable():
            raise NoAnswer(NO_ADDRESS)
        encrypted = parts.scheme == "https"
        return cls(parts.hostname, port or (443 if encrypted else 80), parts.path or "/", encrypted)

    def at(self, path: str) -> Url:
        """The same server; what stood in the address before comes before this path."""
        return replace(self, path=self.path.rstrip("/") + path)

    @property
    def name(self) -> str:
        """The host as the Host field has it (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answered:
    """A server's answer."""

    status: int
    body: bytes


async def post(url: Url, body: bytes, fields: Sequence[tuple[str, str]], *, seconds: float, most: int) -> Answered:
    """What a server answers to these bytes; `fields` are header fields, in printable ASCII. `most` bytes are read.

    Raises:
        NoAnswer: it could not be reached, took longer than `seconds`, or said what is no answer.

    """
    try:
        async with asyncio.timeout(seconds):
            return await _exchange(url, _head(url, len(body), fields) + body, most)
    except TimeoutError:
        log.warning("no answer over HTTP", at=url.name, seconds=seconds)
        raise NoAnswer(f"It did not answer within {seconds:g} seconds.") from None
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        log.warning("no answer over HTTP", at=url.name, error=repr(error))
        raise NoAnswer("It could not be reached.") from None


def _head(url: Url, length: int, fields: Sequence[tuple[str, str]]) -> bytes:
    wrong = [name for name, value in fields if not (f"{name}{value}".isascii() and f"{name}{value}".isprintable())]
    if wrong:
        raise NoAnswer(f"The field {wrong[0]} can't be sent as it is.")
    lines = [f"POST {url.path} HTTP/1.1", f"Host: {url.name}", f"Content-Length: {length}", "Connection: close"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in fields), "", ""]).encode("ascii")


async def _exchange(url: Url, question: bytes, most: int) -> Answered:
    context = _encryption() if url.encrypted else None
    reader, writer = await asyncio.open_connection(url.host, url.port, ssl=context, limit=LONGEST_LINE)
    try:
        writer.write(question)
        await writer.drain()
        return await _answer(reader, most)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader, most: int) -> Answered:
    status, fields = await _read_head(reader)
    while status < 200:  # what comes before the answer (RFC 9110 §15.2)
        status, fields = await _read_head(reader)
    if "chunked" in fields.get("transfer-encoding", "").lower():
        return Answered(status, await _chunks(reader, most))
    length = fields.get("content-length", "")
    if not length:
        return Answered(status, await _rest(reader, most))
    if not (length.isascii() and length.isdigit() and len(length) < 12 and int(length) <= most):
        raise NoAnswer(f"The answer is longer than {most:,} bytes.")
    return Answered(status, await reader.readexactly(int(length)))


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, Mapping[str, str]]:
    lines = [await _line(reader)]
    while lines[-1]:
        if len(lines) > MOST_LINES:
            raise NoAnswer("What it said is no answer of HTTP.")
        lines.append(await _line(reader))
    version, _, rest = lines[0].partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise NoAnswer("What it said is no answer of HTTP.")
    named = (line.partition(":") for line in lines[1:])
    return int(rest[:3]), {name.strip().lower(): value.strip() for name, _, value in named}


async def _line(reader: asyncio.StreamReader) -> str:
    return (await reader.readuntil(b"\n")).decode("latin-1").rstrip("\r\n")


async def _chunks(reader: asyncio.StreamReader, most: int) -> bytes:
    """A body in pieces, each with its length (RFC 9112 §7.1)."""
    found = bytearray()
    while True:
        length = (await _line(reader)).partition(";")[0].strip()
        try:
            size = int(length, 16)
        except ValueError:
            raise NoAnswer("What it said is no answer of HTTP.") from None
        if size < 0 or len(found) + size > most:
            raise NoAnswer(f"The answer is longer than {most:,} bytes.")
        if size == 0:
            return bytes(found)
        found += await reader.readexactly(size)
        await _line(reader)


async def _rest(reader: asyncio.StreamReader, most: int) -> bytes:
    found = bytearray()
    while piece := await reader.read(PIECE):
        found += piece
        if len(found) > most:
            raise NoAnswer(f"The answer is longer than {most:,} bytes.")
    return bytes(found)


@cache
def _encryption() -> ssl.SSLContext:
    return ssl.create_default_context()
