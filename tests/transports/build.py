"""Copies to hand over, and sessions run to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from postroom.outbound.registry import transports
from postroom.outbound.transports.protocol import Copy, Outcome, Server
from tests.support.smtp_server import SmtpServer

RAW = b"From: a@acme.example\r\nTo: b@firm.example\r\nSubject: Vans\r\n\r\nHello\r\n.a line with a dot\r\n..two\r\n"
# The ways to converse, by what a server offers for each.
WAYS = {
    "step by step": (),
    "pipelining": ("PIPELINING",),
    "chunking": ("CHUNKING",),
    "both": ("PIPELINING", "CHUNKING"),
}


def copy(number: int = 1, recipient: str = "", raw: bytes = RAW, sender: str = "bounce@acme.example") -> Copy:
    return Copy(number, sender, recipient or f"r{number}@firm.example", lambda: raw)


def server_at(port: int, encryption: str = "none", host: str = "127.0.0.1", **fields: str) -> Server:
    return replace(Server(7, "Test", "smtp", host, port, encryption), **fields)  # type: ignore[arg-type]


def run_on(
    server: Server,
    copies: Sequence[Copy],
    loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    seconds: float = 0.0,
) -> tuple[list[Outcome], bool]:
    """As `hand_over`, and whether the session was alive after it; in a loop of this kind. For so many `seconds` at most
    it may still hear what ends it.
    """

    async def run() -> tuple[list[Outcome], bool]:
        session = await transports()[server.transport].open(server)
        try:
            outcomes = [outcome async for _, outcome in session.send(copies)]
            assert session.silent_seconds == 0.0
            for _ in range(round(100 * seconds)):
                if not session.alive:
                    break
                await asyncio.sleep(0.01)
            return outcomes, session.alive
        finally:
            await session.close()
            assert not session.alive
            await asyncio.sleep(0.01)  # for transports that close

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(run())


def hand_over(server: Server, copies: Sequence[Copy]) -> list[Outcome]:
    """Open a session, send these, close it."""

    async def run() -> list[Outcome]:
        session = await transports()[server.transport].open(server)
        try:
            outcomes = list[Outcome]()
            async for one, outcome in session.send(copies):
                assert one is copies[len(outcomes)]
                outcomes.append(outcome)
            return outcomes
        finally:
            await session.close()

    return asyncio.run(run())


def speaking(way: str, **more: object) -> SmtpServer:
    """A server with these extensions; `more` as for any."""
    server = SmtpServer(**more)  # type: ignore[arg-type]
    server.extensions += WAYS[way]
    return server


def copies_of(*numbers: int, raw: bytes = RAW) -> list[Copy]:
    """Copies whose sender and recipient carry their number: `s1@acme.example`, `r1@firm.example`."""
    return [copy(number, sender=f"s{number}@acme.example", raw=raw) for number in numbers]
