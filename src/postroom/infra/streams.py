"""Long answers: lines that are read from the database while they are sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest


def streamed(request: HttpRequest, lines: Iterator[bytes]) -> Iterator[bytes] | AsyncIterator[bytes]:
    """The lines as the server that took the request sends them."""
    return _later(lines) if isinstance(request, ASGIRequest) else lines


async def _later(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same lines for the event loop, each read in the thread of the database."""
    while line := await sync_to_async(_next)(lines):
        yield line


def _next(lines: Iterator[bytes]) -> bytes:
    return next(lines, b"")
