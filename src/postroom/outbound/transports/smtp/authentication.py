"""The conversation of a login (RFC 4954), by the mechanism that `login.py` chose."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from postroom.outbound.servers.login import cram_md5
from postroom.outbound.servers.probe import coded, plain_login
from postroom.outbound.transports.protocol import Server
from postroom.outbound.transports.smtp.connection import Connection
from postroom.outbound.transports.smtp.replies import Reply

WELCOME = 235
GO_ON = 334


async def _plain(connection: Connection, server: Server, seconds: float) -> Reply:
    initial = plain_login(server.username, server.password)
    return await connection.ask(f"AUTH PLAIN {initial}".encode(), seconds)


async def _login(connection: Connection, server: Server, seconds: float) -> Reply:
    reply = await connection.ask(b"AUTH LOGIN", seconds)
    for part in (server.username, server.password):
        if reply.code == GO_ON:
            reply = await connection.ask(coded(part).encode(), seconds)
    return reply


async def _cram_md5(connection: Connection, server: Server, seconds: float) -> Reply:
    reply = await connection.ask(b"AUTH CRAM-MD5", seconds)
    if reply.code != GO_ON:
        return reply
    return await connection.ask(cram_md5(server.username, server.password, reply.text).encode(), seconds)


async def _external(connection: Connection, server: Server, seconds: float) -> Reply:
    return await connection.ask(b"AUTH EXTERNAL =", seconds)


# Each gives the last answer: 235 lets us in.
LOGINS: Mapping[str, Callable[[Connection, Server, float], Awaitable[Reply]]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "CRAM-MD5": _cram_md5,
    "EXTERNAL": _external,
}
