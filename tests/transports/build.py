"""Copies to hand over, and sessions run to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from postroom.outbound.registry import transports
from postroom.outbound.transports.protocol import Copy, Outcome, Server

RAW = b"From: a@acme.example\r\nTo: b@firm.example\r\nSubject: Vans\r\n\r\nHello\r\n.a line with a dot\r\n..two\r\n"


def copy(number: int = 1, recipient: str = "", raw: bytes = RAW, sender: str = "bounce@acme.example") -> Copy:
    return Copy(number, sender, recipient or f"r{number}@firm.example", lambda: raw)


def server_at(port: int, encryption: str = "none", host: str = "127.0.0.1", **fields: str) -> Server:
    return replace(Server(7, "Test", "smtp", host, port, encryption), **fields)  # type: ignore[arg-type]


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
