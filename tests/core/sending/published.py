"""The two orders in which the FROM filters of the system before ours are published: by its manual and by its program.

Written from the rules as facts, to hold ours against them: `Published` is the server and the From that a mail of this
author would get there. Both know neither parameters that replace the From nor trusted relays, and break ties by the age
of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from postroom.core.addresses import Address
from postroom.core.sending.facts import SendingFacts, ServerFact

Order = Literal["manual", "program"]
Published = tuple[str, str]


class Asked(NamedTuple):
    """What an order looks at: the From, the notification address, and the servers in their order."""

    sender: str
    notification: str
    servers: Sequence[ServerFact]


def published(order: Order, author: Address, facts: SendingFacts) -> Published:
    """The name of the server and the address on the wire; ("", …) where there is none."""
    sender = author.email.lower()
    notification = facts.notification.lower()
    asked_too = sorted((one for one in facts.servers if one.active), key=lambda one: one.priority)
    own = [one for one in asked_too if not one.owner or one.owner == facts.author_user]
    shared = [one for one in own if not one.owner]
    forced = next((one for one in facts.servers if one.id == facts.forced_server), None)
    if forced is not None:
        return (forced.name, sender) if forced.active else ("error: it is archived", "")
    asked = Asked(sender, notification, shared)
    found = _kept(Asked(sender, notification, own))
    if found is None:
        found = _unfiltered(asked) if order == "manual" else None
        found = found or _by_notification(asked) or _unfiltered(asked) or _first(asked)
    return found or _configured(asked, facts.default)


def _kept(asked: Asked) -> Published | None:
    one = _listing(asked.sender, asked.servers)
    return (one.name, asked.sender) if one else None


def _by_notification(asked: Asked) -> Published | None:
    one = _listing(asked.notification, asked.servers)
    return (one.name, asked.notification) if one else None


def _unfiltered(asked: Asked) -> Published | None:
    one = next((one for one in asked.servers if not one.filter), None)
    return (one.name, asked.notification or asked.sender) if one else None


def _first(asked: Asked) -> Published | None:
    return (asked.servers[0].name, asked.notification or asked.sender) if asked.servers else None


def _configured(asked: Asked, default: ServerFact | None) -> Published:
    """An empty filter of the server of the configuration admits everybody."""
    if default is None:
        return "", asked.sender
    if asked.sender and (not default.filter or _listing(asked.sender, [default])):
        return default.name, asked.sender
    return default.name, asked.notification or asked.sender


def _listing(email: str, servers: Sequence[ServerFact]) -> ServerFact | None:
    if not email:
        return None
    domain = email.rpartition("@")[2]
    exact = next((one for one in servers if email in one.filter), None)
    return exact or next((one for one in servers if domain in one.filter), None)
