"""The LMTP door (RFC 2033) on a unix socket: as SMTP, but each recipient gets an answer."""

from __future__ import annotations

from postroom.inbound.listener.session import MailSession


class LmtpSession(MailSession):
    """A session at the LMTP door."""

    door = "lmtp"
    is_outside = False

    async def smtp_LHLO(self, hostname: str) -> None:  # noqa: N802 the library's name
        await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802 the library's name
        await self.push("500 5.5.1 This is LMTP: say LHLO.")

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 the library's name
        await self.push("500 5.5.1 This is LMTP: say LHLO.")

    async def check_helo_needed(self, helo: str = "LHLO") -> bool:
        return await super().check_helo_needed("LHLO")

    async def conclude(self, code: str, words: str) -> None:
        """The mail is kept or refused as a whole, and every recipient that was taken hears it (RFC 2033 §4.2)."""
        for _ in self.envelope.rcpt_tos if self.envelope else ():
            await super().conclude(code, words)
