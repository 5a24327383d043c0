"""What DNS tells of a sender before anything is sent: SPF, DKIM and DMARC at a server, within one deadline."""

from __future__ import annotations

from postroom.core.authentication.sender import Check, Sender, check_sender
from postroom.core.sending.facts import Choice
from postroom.infra.config import config
from postroom.infra.dns import Resolver, resolver
from postroom.outbound.choice import server_of
from postroom.outbound.providers.guess import provider_of_host


def sender_checks(sender: Sender, asks: Resolver | None = None) -> tuple[Check, Check, Check]:
    """SPF, DKIM and DMARC, in this order; what could not be asked in time says so. For a thread without event loop."""
    return (asks or resolver()).evaluate_now(check_sender(sender), config().dns_check_seconds)


def sender_of(choice: Choice) -> Sender | None:
    """What receivers would see of a mail that leaves so; None where nothing leaves: no server, no From, the outbox."""
    if choice.server is None or not choice.author.email:
        return None
    reach = server_of(choice.server)
    if reach.transport != "smtp" or not reach.host:
        return None
    provider = provider_of_host(reach.host)  # not the one that the form was filled in from: the host may be another now
    return Sender(
        choice.author.domain,
        choice.return_path.rpartition("@")[2],
        reach.host,
        include=provider.spf_include if provider else "",
        selectors=provider.selectors if provider else (),
    )


def checks_of(choice: Choice, asks: Resolver | None = None) -> tuple[Check, ...]:
    """SPF, DKIM and DMARC of a mail that leaves so; empty where nothing would leave. A query, unless it was asked
    lately.
    """
    sender = sender_of(choice)
    return sender_checks(sender, asks) if sender else ()
