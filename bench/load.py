"""The load: sends prepared mails by SMTP over a few connections, a mail a transaction; a process of its own.

`python -m bench.load PORT CONNECTIONS FILE` reads mails that `save` wrote and prints its figures as JSON.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.letters import Posted


@dataclass(slots=True)
class Sent:
    """What the load generator saw: seconds since the epoch of its first connect and of the last 250, replies by code,
    the CPU seconds that it took itself, and milliseconds from the end of data to the 250 (median and 99th percentile).
    """

    first: float = 0.0
    last: float = 0.0
    replies: dict[str, int] = field(default_factory=dict)
    cpu: float = 0.0
    median_ms: float = 0.0
    p99_ms: float = 0.0


@dataclass(slots=True)
class _Share:
    """What all connections have in common: what is still to be sent, and what came back."""

    waiting: deque[tuple[bytes, bytes]]
    codes: Counter[str] = field(default_factory=Counter)
    last: float = 0.0
    waits: list[float] = field(default_factory=list)


class _Client(asyncio.Protocol):
    """One connection. MAIL, RCPT and DATA go together where the server offers PIPELINING (RFC 2920)."""

    def __init__(self, share: _Share, done: asyncio.Future[None]) -> None:
        self._share, self._done = share, done
        self._buffer, self._step, self._pipelining = b"", "greeting", False
        self._commands: list[bytes] = []
        self._data = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\r\n")
        for line in lines:
            self._pipelining |= b"PIPELINING" in line and self._step == "hello"
            if line[3:4] != b"-":
                self._answered(line)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server hung up"))

    def _answered(self, line: bytes) -> None:
        code = line[:3]
        if self._step == "greeting":
            self._step = "hello"
            self._transport.write(b"EHLO load.example\r\n")
        elif self._step == "hello":
            self._next()
        elif self._step == "commands":
            if code[:1] not in b"23":
                raise RuntimeError(f"the server said {line!r}")
            self._go_on(code)
        elif self._step == "data":
            self._share.codes[code.decode()] += 1
            self._share.last = time.time()
            self._share.waits.append(time.perf_counter() - self._sent_at)
            self._next()

    def _next(self) -> None:
        if not self._share.waiting:
            self._step = "over"
            self._transport.write(b"QUIT\r\n")
            self._done.set_result(None)
            return
        envelope, self._data = self._share.waiting.popleft()
        self._step = "commands"
        if self._pipelining:
            self._transport.write(envelope)
        else:
            first, *self._commands = envelope.splitlines(keepends=True)
            self._transport.write(first)

    def _go_on(self, code: bytes) -> None:
        if code == b"354":
            self._step = "data"
            self._sent_at = time.perf_counter()
            self._transport.write(self._data)
        elif not self._pipelining:
            self._transport.write(self._commands.pop(0))


def _wire(one: Posted) -> tuple[bytes, bytes]:
    envelope = f"MAIL FROM:<{one.sender}>\r\nRCPT TO:<{one.recipient}>\r\nDATA\r\n".encode()
    return envelope, one.raw.rstrip(b"\r\n").replace(b"\r\n.", b"\r\n..") + b"\r\n.\r\n"


async def send(posted: Sequence[Posted], port: int, connections: int) -> Sent:
    """Send all of them to 127.0.0.1; every answer to the data is counted by its code."""
    share = _Share(deque(map(_wire, posted)))
    loop = asyncio.get_running_loop()
    first, cpu = time.time(), time.process_time()
    done = [loop.create_future() for _ in range(connections)]
    for one in done:
        await loop.create_connection(lambda one=one: _Client(share, one), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*done)
    waits = sorted(share.waits)
    return Sent(
        first=first,
        last=share.last,
        replies=dict(share.codes),
        cpu=time.process_time() - cpu,
        median_ms=round(waits[len(waits) // 2] * 1000, 2),
        p99_ms=round(waits[len(waits) * 99 // 100] * 1000, 2),
    )


def save(posted: Sequence[Posted], path: Path) -> None:
    """Write mails for a load process to read."""
    path.write_bytes(pickle.dumps(list(posted)))


def main() -> None:
    """Send a file of mails and print what was seen."""
    port, connections, path = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    sent = asyncio.run(send(pickle.loads(path.read_bytes()), port, connections))
    print(json.dumps(asdict(sent)))


if __name__ == "__main__":
    main()
