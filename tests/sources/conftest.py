"""A real listener on a port of its own, with Acme behind it."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import ready
from tests.support.running import Installation, stop

OPEN: list[Line] = []


@pytest.fixture(autouse=True)
def everybody_hangs_up() -> Iterator[None]:
    """No connection outlives its test."""
    yield
    while OPEN:
        OPEN.pop().hang_up()


class Line:
    """A bare SMTP conversation: send bytes, read answers."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        self.connection = connection
        self.wire = connection.makefile("rb")
        OPEN.append(self)

    def hang_up(self) -> None:
        self.wire.close()
        self.connection.close()

    def answer(self) -> str:
        """One answer, its continuation lines joined."""
        lines = [self.wire.readline()]
        while lines[-1][3:4] == b"-":
            lines.append(self.wire.readline())
        return b"".join(lines).decode().strip()

    def say(self, command: str) -> str:
        self.connection.sendall(command.encode() + b"\r\n")
        return self.answer()

    def greet(self, word: str = "EHLO") -> Line:
        assert self.answer().startswith("220")
        assert self.say(f"{word} client.example").startswith("250")
        return self

    def mail(self, *recipients: str, sender: str = "hanna@customer.example", options: str = "") -> list[str]:
        """MAIL and RCPTs; their answers."""
        return [self.say(f"MAIL FROM:<{sender}>{options}")] + [self.say(f"RCPT TO:<{one}>") for one in recipients]

    def data(self, raw: bytes, end: bytes = b"\r\n.\r\n") -> str:
        assert self.say("DATA").startswith("354")
        self.connection.sendall(raw + end)
        return self.answer()


@dataclass
class Post:
    """A running listener and its database."""

    installation: Installation
    process: subprocess.Popen[bytes] | None = None

    def call(self) -> Line:
        return Line(socket.create_connection(("127.0.0.1", self.installation.port)))

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.installation.var / "postroom.sqlite3", timeout=20) as database:
            return database.execute(sql, values).fetchall()

    def arrivals(self) -> int:
        return int(self.rows("SELECT count(*) FROM inbound_inboundmail")[0][0])

    def newest(self) -> bytes:
        """The bytes of the newest arrival."""
        sql = "SELECT data, blob_id FROM inbound_rawmail ORDER BY arrival_id DESC LIMIT 1"
        data, digest = self.rows(sql)[0]
        return bytes(data) if data is not None else (self.blobs / digest[:2] / digest).read_bytes()

    def refusals(self) -> list[tuple[str, str, str]]:
        return self.rows("SELECT code, recipient, words FROM inbound_refusal")

    def memory(self) -> int:
        """Resident bytes of the listener."""
        assert self.process is not None
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def blobs(self) -> Path:
        return self.installation.var / "blobs"


def make_post(var: Path, **settings: str) -> Installation:
    """An installation with Acme in it; `settings` are POSTROOM_* variables by their short names."""
    installation = Installation(var, extra={f"POSTROOM_{k.upper()}": v for k, v in settings.items()})
    ready.put("acme", var)
    return installation


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Post]:
    """A listener that all tests of a module share; small limits so that they are reached soon."""
    settings = {"max_message_size": str(35 * 1024 * 1024), "max_recipients": "5"}
    installation = make_post(tmp_path_factory.mktemp("post") / "var", **settings)
    process = installation.listener()
    yield Post(installation, process)
    stop([process])


def envelope_of(file: Path) -> dict[str, Any]:
    """The first line of a spooled mail."""
    envelope: dict[str, Any] = json.loads(file.read_bytes().partition(b"\n")[0])
    return envelope
