"""The ASGI application that uvicorn serves: Django, behind a limit on what it is made to read."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.core.asgi import get_asgi_application

from postroom.infra.config import config

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

ROOM_FOR_FORMS = 64 * 1024  # beyond the largest mail
TOO_LARGE = b'{"type":"about:blank","title":"Content Too Large","status":413}'


def limited(application: Application, most: int) -> Application:
    """Refuse bodies of more than `most` bytes: by their announced length, else where they pass it (RFC 9110 §15.5.14).

    Django would spool a body of any length to disk before it asks who sends it.
    """

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _announced(scope) > most:
            await _refuse(send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return message if read <= most else {"type": "http.disconnect"}

        await application(scope, counted, send)

    return guarded


def _announced(scope: Message) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/problem+json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": TOO_LARGE})


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.project.settings")
application = limited(get_asgi_application(), config().max_message_size + ROOM_FOR_FORMS)
