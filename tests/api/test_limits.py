"""What the web server is made to read: bodies up to the largest mail, whatever their sender says of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from postroom.project.limits import limited

MOST = 100


def ask(chunks: list[bytes], *headers: tuple[bytes, bytes], kind: str = "http") -> tuple[list[Any], list[bytes]]:
    """What is sent to a client that sends these chunks, and what the application behind the limit reads."""
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    sent: list[Any] = []
    read: list[bytes] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while waiting:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            read.append(message["body"])
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(limited(application, MOST)({"type": kind, "headers": list(headers)}, receive, send))
    return sent, read


def test_a_body_within_the_limit_is_read() -> None:
    sent, read = ask([b"x" * 60, b"x" * 40], (b"content-length", b"100"))
    assert sent[0]["status"] == 200
    assert len(b"".join(read)) == MOST


def test_an_announced_body_beyond_the_limit_is_not_even_read() -> None:
    sent, read = ask([b"x" * 60], (b"content-length", b"101"))
    assert sent[0]["status"] == 413
    assert (b"content-type", b"application/problem+json") in sent[0]["headers"]
    assert b'"status":413' in sent[1]["body"]
    assert read == []


@pytest.mark.parametrize("headers", [(), ((b"content-length", b"many"),), ((b"content-length", b"5"),)])
def test_a_body_that_grows_beyond_the_limit_is_broken_off(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    sent, read = ask([b"x" * 60] * 5, *headers)
    assert [message.get("status") for message in sent] == [413, None]
    assert len(read) == 1
