"""An HTTP server for tests that says what it is told, bytes as they are, and keeps what it was asked."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@dataclass(frozen=True)
class Asked:
    """A question: its first line, its header fields as they came, its body."""

    line: str
    fields: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        return [value for given, value in self.fields if given.lower() == name.lower()]


@dataclass
class HttpServer:
    """A running server: it answers with `says`, after `seconds`; with less than nothing it hangs up at once."""

    says: bytes = OK + b"Content-Length: 2\r\n\r\n{}"
    seconds: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, body: bytes, head: bytes = OK) -> None:
        self.says = head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@contextmanager
def http_server() -> Iterator[HttpServer]:
    """A server on loopback, for as long as the block lasts."""
    server = HttpServer()
    ended = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().decode("latin-1").strip()
            fields: list[tuple[str, str]] = []
            while text := self.rfile.readline().decode("latin-1").strip():
                name, _, value = text.partition(":")
                fields.append((name, value.strip()))
            length = next((int(value) for name, value in fields if name.lower() == "content-length"), 0)
            server.asked.append(Asked(line, fields, self.rfile.read(length)))
            until = time.monotonic() + server.seconds
            while time.monotonic() < until and not ended.wait(0.02):
                pass
            with suppress(OSError):  # whoever asked may have gone, as some tests want
                self.wfile.write(server.says)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as listening:
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            ended.set()
            listening.shutdown()
            thread.join()
