"""Guessing a provider by asking DNS who takes mail for a domain."""

from __future__ import annotations

from postroom.core.addresses import valid
from postroom.core.authentication.questions import Question
from postroom.infra.dns import resolver
from postroom.outbound.providers.guess import provider_for
from postroom.outbound.providers.provider import Provider

SECONDS = 2.0  # somebody is typing


def look_up(address: str) -> Provider | None:
    """The provider of an address; where its domain tells nothing, the MX records are asked for. Total: without an
    answer there is no guess. Only for a thread that runs no event loop.
    """
    if not valid(address):
        return None
    known = provider_for(address)
    if known is not None:
        return known
    (answer,) = resolver().ask_now(Question(address.rpartition("@")[2].lower(), "MX"), seconds=SECONDS)
    return provider_for(address, answer.values)
