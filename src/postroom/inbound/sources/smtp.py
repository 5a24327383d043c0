"""The SMTP door (RFC 5321): anybody may call, and one answer stands for the whole mail."""

from __future__ import annotations

from postroom.inbound.listener.session import MailSession


class SmtpSession(MailSession):
    """A session at the SMTP door."""

    door = "smtp"
