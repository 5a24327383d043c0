"""SMTP to a server that takes mail for delivery (RFC 5321, RFC 6409), by a client of our own."""

from __future__ import annotations

from postroom.outbound.transports.protocol import Server
from postroom.outbound.transports.smtp.opening import open_session
from postroom.outbound.transports.smtp.session import SmtpSession


class Smtp:
    """The transport."""

    key = "smtp"

    async def open(self, server: Server) -> SmtpSession:
        return await open_session(server)


TRANSPORT = Smtp()
