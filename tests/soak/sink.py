"""A sink that counts: how often each recipient got a copy, noted before the answer to the final dot is written."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from typing import Self

OFFERS = ((), (b"PIPELINING",), (b"PIPELINING", b"CHUNKING"))


class CountingSink:
    """An SMTP server in a thread of its own, on a port of the loopback. It answers the end of a mail after a moment, up
    to `slowest` seconds, so that a kill may fall between the two; it counts before it answers. In turn, connections
    offer nothing, PIPELINING, and CHUNKING too, so that a sender may have an envelope ahead.
    """

    def __init__(self, seed: int, slowest: float = 0.01) -> None:
        self.counts: Counter[str] = Counter()
        self.port = 0
        self._connections = 0
        self._chance, self._slowest = random.Random(seed), slowest
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def taken(self) -> int:
        """Copies taken so far."""
        return self.counts.total()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10.0)
        return self

    def __exit__(self, *error: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10.0)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the peer was killed
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        offers = OFFERS[self._connections % len(OFFERS)]
        recipients: list[str] = []
        writer.write(b"220 sink.example ESMTP\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            if verb == b"EHLO":
                writer.write(b"".join(b"250-%s\r\n" % one for one in offers))
            elif verb == b"RSET":
                recipients = []
            elif verb == b"RCPT":
                recipients.append(line.decode().partition("<")[2].partition(">")[0].lower())
            elif verb in (b"DATA", b"BDAT"):
                await self._content(verb, line, reader, writer)
                self.counts.update(recipients)
                recipients = []
                await asyncio.sleep(self._chance.random() * self._slowest)
            writer.write(b"250 sink.example\r\n")

    async def _content(
        self, verb: bytes, line: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if verb == b"BDAT":
            await reader.readexactly(int(line.split()[1]))
            return
        writer.write(b"354 go on\r\n")
        await reader.readuntil(b"\r\n.\r\n")
