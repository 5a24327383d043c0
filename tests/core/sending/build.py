"""Worlds for the choice of a server: a company with its servers and settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from postroom.core.addresses import Address, parse_addresses
from postroom.core.sending.facts import DEFAULT_SERVER, SendingFacts, ServerFact
from postroom.core.sending.from_filter import parse_filter

DEFAULT = ServerFact(DEFAULT_SERVER, "Default")
ACME = SendingFacts(default=DEFAULT, alias_domain="acme.example", bounce="bounce@acme.example")


def server(name: str, filter_text: str = "", priority: int = 10, **more: Any) -> ServerFact:
    """A server whose id is made of its name, so that ids say nothing about the order of rows."""
    return ServerFact(sum(name.encode()), name, priority, parse_filter(filter_text), **more)


def world(*servers: ServerFact, **settings: Any) -> SendingFacts:
    return replace(ACME, servers=servers, **settings)


def default(filter_text: str = "", **more: Any) -> ServerFact:
    return replace(DEFAULT, filter=parse_filter(filter_text), **more)


def author(text: str) -> Address:
    """The mailbox in a From field; without an address where it has none."""
    return next(iter(parse_addresses(text)), Address("", text))
