"""Answers leave through a real server's sink, Postfix's `smtp-sink`: what it dumps is what is kept of each copy."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support import ready
from tests.support.acting import Actor
from tests.support.require import require
from tests.support.running import Installation, free_port, stop, wait_for_port
from tests.support.supervised import wait_for

pytestmark = pytest.mark.slow

TITLE, TALK = "Forty vans", "Long talk"
PEOPLE = tuple(f"{name}@customer.example" for name in ("hanna", "bob", "carol"))
ANSWERS = 20
# What tempts a transport: dots at the start of lines, one alone, lines longer than a line may be, what is not ASCII.
BODY = f".\n..\n.hidden\n\nGrüße aus Borås — {'very ' * 300}long\n{'x' * 1200}\n.\n\n  kept  \nFrom here on\n\n."


@dataclass(frozen=True)
class Dumped:
    """One mail that the sink got: its envelope and its bytes, lines as mail has them."""

    sender: str
    to: tuple[str, ...]
    raw: bytes


def read(path: Path) -> Dumped:
    """A file of the sink: pseudo-headers, its own Received, the mail with LF, and a line more."""
    head, body = path.read_bytes().split(b"Received: from ", 1)
    said = [line.split(b": ", 1) for line in head.splitlines()]
    to = tuple(_path(value) for name, value in said if name == b"X-Rcpt-Args")
    (sender,) = (_path(value) for name, value in said if name == b"X-Mail-Args")
    mail = body.split(b"(UTC)\n", 1)[1]
    assert mail.endswith(b"\n\n")
    return Dumped(sender, to, mail[:-1].replace(b"\n", b"\r\n"))


def _path(value: bytes) -> str:
    return value.decode().partition("<")[2].partition(">")[0]


@dataclass
class Place:
    """An installation that sends to the sink, and the folder of what that got."""

    act: Actor
    folder: Path

    def dumped(self) -> list[Dumped]:
        """All mails so far."""
        return [read(path) for path in sorted(self.folder.iterdir())]

    def answer(self, title: str, body: str) -> dict[str, int]:
        """An answer to everybody, once every copy has left: the ids of its copies by address."""
        made = self.act("write", user="amara", title=title, body=body, to=PEOPLE)
        wait_for(lambda: {one["state"] for one in self._copies(made["id"]).values()} == {"accepted"}, "three copies")
        return {address: one["id"] for address, one in self._copies(made["id"]).items()}

    def _copies(self, message: int) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.act("copies", message=message)
        return found


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    program = require("postfix").with_name("smtp-sink")
    folder, port = tmp_path_factory.mktemp("sink"), free_port()
    who = ["-u", pwd.getpwuid(os.geteuid()).pw_name] if os.geteuid() == 0 else []
    command = [program, *who, "-d", f"{folder}/%s.", f"127.0.0.1:{port}", "100"]
    extra = {
        "POSTROOM_OUTGOING_SERVER": "127.0.0.1",
        "POSTROOM_OUTGOING_PORT": str(port),
        "POSTROOM_OUTGOING_ENCRYPTION": "none",
        "POSTROOM_FROM_FILTER": "acme.example",
        "POSTROOM_WORKER_ONLY": "outbound",
    }
    installation = Installation(tmp_path_factory.mktemp("office") / "var", extra=extra)
    ready.put("acme", installation.var)
    processes = [subprocess.Popen([*map(str, command)], start_new_session=True)]
    try:
        wait_for_port(port, processes[0])
        processes.append(installation.worker())
        with Actor(installation) as act:
            for title in (TITLE, TALK):
                act("record", title=title)
            yield Place(act, folder)
    finally:
        stop(processes)


def test_what_arrives_is_what_is_kept_byte_for_byte(place: Place) -> None:
    copies = place.answer(TITLE, BODY)
    assert sorted(copies) == sorted(PEOPLE)
    dumped = {one.to: one for one in place.dumped()}
    assert sorted(dumped) == sorted((address,) for address in PEOPLE)
    for address, copy in copies.items():
        got = dumped[address,]
        assert got.raw == place.act("rendered", delivery=copy).encode("latin-1")
        assert got.sender.startswith("bounce+")
        assert max(map(len, got.raw.split(b"\r\n"))) <= 998  # RFC 5322 §2.1.1
    assert len({one.raw for one in dumped.values()}) == len(PEOPLE), "each names its own way back"


def test_every_copy_arrives_once(place: Place) -> None:
    before = len(place.dumped())
    for number in range(ANSWERS):
        place.act("write", user="amara", title=TALK, body=f"Answer {number}.", to=PEOPLE)
    wait_for(lambda: place.act("unsettled") == 0, "everything settled")
    new = place.dumped()
    assert len(new) == before + ANSWERS * len(PEOPLE)
    pairs = [
        (one.to, line) for one in new for line in one.raw.split(b"\r\n") if line.lower().startswith(b"message-id:")
    ]
    assert len(pairs) == len(set(pairs)) == len(new)
    assert {row["state"] for row in place.act("sent", title=TALK)} == {"accepted"}
