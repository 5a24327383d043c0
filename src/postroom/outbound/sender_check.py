"""What DNS tells of a sender before anything is sent: SPF, DKIM and DMARC at a server, within one deadline."""

from __future__ import annotations

from postroom.core.authentication.sender import Check, Sender, check_sender
from postroom.infra.config import config
from postroom.infra.dns import Resolver, resolver


def sender_checks(sender: Sender, asks: Resolver | None = None) -> tuple[Check, Check, Check]:
    """SPF, DKIM and DMARC, in this order; what could not be asked in time says so. For a thread without event loop."""
    return (asks or resolver()).evaluate_now(check_sender(sender), config().dns_check_seconds)


async def sender_checks_async(sender: Sender, asks: Resolver | None = None) -> tuple[Check, Check, Check]:
    """`sender_checks` on an event loop."""
    return await (asks or resolver()).evaluate(check_sender(sender), config().dns_check_seconds)


def default_sender(from_domain: str, envelope_domain: str, host: str = "") -> Sender:
    """A sender at the default server: `host` is empty where mail is kept in the outbox."""
    return Sender(from_domain, envelope_domain, host or config().outgoing_server)
