"""Without a network: mail is settled all the same, and only the first one pays for finding out that nobody answers."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import ready
from tests.support.acting import Actor
from tests.support.running import Installation, stop
from tests.support.supervised import wait_for

pytestmark = pytest.mark.slow

MAILS = 20


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    """A resolver that takes every question and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.setblocking(False)
        yield one


def asked(mute: socket.socket) -> int:
    """How many questions came since it was last looked at."""
    count = 0
    while True:
        try:
            mute.recv(2000)
        except BlockingIOError:
            return count
        count += 1


def send(office: Installation, number: int) -> None:
    """A mail from a domain of its own."""
    sender = f"anne@firm{number}.example"
    raw = f"From: {sender}\r\nTo: sales@acme.example\r\nMessage-ID: <{number}@post.example>\r\n\r\nNumber {number}\r\n"
    with smtplib.SMTP("127.0.0.1", office.port, timeout=30) as server:
        server.sendmail(sender, ["sales@acme.example"], raw)


def became(act: Actor, number: int) -> dict[str, Any]:
    found: dict[str, Any] = wait_for(
        lambda: (row := act("became", message_id=f"{number}@post.example"))["settled"] and row, f"mail {number}"
    )
    return found


def test_only_the_first_mail_pays_for_it(tmp_path: Path, mute: socket.socket) -> None:
    extra = {
        "POSTROOM_DNS_SERVERS": f"127.0.0.1:{mute.getsockname()[1]}",
        "POSTROOM_DNS_REST_SECONDS": "600",
        "POSTROOM_OWN_NETWORKS": "192.0.2.0/24",
        "POSTROOM_WORKER_PARSERS": "0",
    }
    office = Installation(tmp_path / "var", extra=extra)
    ready.put("acme", office.var)
    processes = [office.listener(), office.worker()]
    try:
        with Actor(office) as act:
            send(office, 0)
            first = became(act, 0)
            assert asked(mute) > 0
            for number in range(1, MAILS):
                send(office, number)
            rest = [became(act, number) for number in range(1, MAILS)]
    finally:
        stop(processes)
    assert asked(mute) == 0
    for row in (first, *rest):
        assert (row["state"], row["level"]) == ("routed", "unknown")
    assert first["verdict"] == "DNS could not be asked whether firm0.example sent it."
    assert any("no resolver answers; they are asked again in" in step["text"] for step in rest[-1]["trace"])
