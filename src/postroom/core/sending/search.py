"""The search for the server that may send an address, step by step; a forced server needs none."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from postroom.core.addresses import Address, normalise
from postroom.core.sending.envelope import may_send
from postroom.core.sending.facts import DEFAULT_SERVER, SendingFacts, ServerFact
from postroom.core.sending.from_filter import admits
from postroom.core.sending.from_rewrite import encapsulate

CASES = MappingProxyType(
    {
        "forced": "The letter names its server: nothing is searched. The From is kept.",
        "address": "The first server whose filter lists the exact address. The From is kept.",
        "domain": "The first server whose filter lists the domain of the address. The From is kept.",
        "unfiltered": "The first server without a filter. The From is rewritten, unless it is a trusted relay.",
        "notification address": "The first server whose filter lists the notification address. The From is rewritten.",
        "notification domain": "The first server whose filter lists that address's domain. The From is rewritten.",
        "first": "The first server of all. The From is rewritten, and still nothing admits it.",
        "default": "No server is set up: that of the configuration, whose filter decides in the same way.",
        "failover": "The server that was found is down and lets others take over: the next that admits the same From.",
        "none": "The configuration has none either. Nothing can be sent.",
    }
)
"""The steps in the order in which they are asked, and what each means."""


@dataclass(frozen=True, slots=True)
class Found:
    """The outcome: `wire` is the From on the wire; `admitted` says whether the server admits it."""

    server: ServerFact | None
    wire: Address
    case: str
    admitted: bool
    instead_of: ServerFact | None = None  # the server that is down, where another takes over


def notification_of(facts: SendingFacts) -> str:
    """The notification address, normalised; empty where there is none."""
    return normalise(facts.notification)


def candidates(facts: SendingFacts) -> list[ServerFact]:
    """The servers that are asked, in order: active ones that are everybody's or the author's own."""
    own = facts.author_user
    found = [one for one in facts.servers if one.active and (not one.owner or one.owner == own)]
    return sorted(found, key=_place) if len(found) > 1 else found


def _place(server: ServerFact) -> tuple[object, ...]:
    """By priority, then name, then id; the rest only settles between rows that share all of these."""
    name = server.name
    return server.priority, name.casefold(), name, server.id, server.filter, server.owner, server.trusted_relay


def forced(sender: Address, facts: SendingFacts) -> tuple[Found | None, str]:
    """The server that the letter names, or why it is not taken, in a sentence; the search is made instead.

    A personal server can be named by its owner only, and only for an address that its filter lists.
    """
    wanted = facts.forced_server
    if wanted is None:
        return None, ""
    server = facts.default if wanted == DEFAULT_SERVER else _known(wanted, facts)
    if server is None:
        return None, "The server that was asked for is gone."
    if not server.active:
        return None, f"{server.name} was asked for, but it is archived."
    if server.owner and server.owner != facts.author_user:
        return None, "The server that was asked for is somebody else's own."
    if server.owner and not admits(server.filter, sender.email):
        return None, f"{server.name} was asked for, but it is a personal server that does not list the From."
    wire = sender if sender.email else encapsulate(sender, notification_of(facts))
    return Found(server, wire, "forced", bool(wire.email) and may_send(server, wire.email)), ""


def _known(wanted: int, facts: SendingFacts) -> ServerFact | None:
    named = [one for one in facts.servers if one.id == wanted]
    return min(named, key=lambda one: (not one.active, _place(one)), default=None)


def search(author: Address, sender: Address, asked: list[ServerFact], facts: SendingFacts) -> Found:
    """The server for `sender` among the candidates, by the steps of `CASES`; a From that is rewritten has the name of
    `author`, never one made of the address that a setting put in between.
    """
    keeper, how = _admitting(sender.email, asked)
    if keeper:
        return Found(keeper, sender, how, admitted=True)
    notification = notification_of(facts)
    wire = encapsulate(author, notification) if notification else sender
    shared = [one for one in asked if not one.owner]
    if not shared:
        return _default(sender, wire, facts.default)
    for one in shared:
        if not one.filter:
            return Found(one, _unfiltered(one, sender, wire), "unfiltered", bool(wire.email))
    rewriter, how = _admitting(notification, shared)
    if rewriter:
        return Found(rewriter, wire, f"notification {how}", admitted=True)
    return Found(shared[0], wire, "first", shared[0].trusted_relay and bool(wire.email))


def failover(found: Found, facts: SendingFacts) -> Found:
    """The same, or the next server that takes over, since this one is down and is set to let others do so; the From on
    the wire stays. The default server of the configuration, which is no candidate, never takes over, and a server that
    is forced is never replaced.
    """
    own, down = found.server, dict(facts.down)
    if own is None or found.case == "forced" or not own.failover or own.id not in down:
        return found
    up = [one for one in candidates(facts) if one.id not in down and one.id != own.id]
    keeper, _ = _admitting(found.wire.email, up)
    keeper = keeper or next((one for one in up if _sends_as_it_is(one, found.wire.email, facts)), None)
    return Found(keeper, found.wire, "failover", admitted=True, instead_of=own) if keeper else found


def _sends_as_it_is(server: ServerFact, email: str, facts: SendingFacts) -> bool:
    """Whether a server without a filter leaves this From alone."""
    if server.filter or server.owner or not email:
        return False
    return server.trusted_relay or email == notification_of(facts)


def _admitting(email: str, asked: list[ServerFact]) -> tuple[ServerFact | None, str]:
    """The first server whose filter lists the address, else the first whose filter lists its domain."""
    by_domain: ServerFact | None = None
    for one in asked:
        how = admits(one.filter, email)
        if how == "address":
            return one, how
        if how and by_domain is None:
            by_domain = one
    return by_domain, "domain"


def _default(sender: Address, wire: Address, server: ServerFact | None) -> Found:
    if server is None or not server.active:
        return Found(None, sender, "none", admitted=False)
    if admits(server.filter, sender.email):
        return Found(server, sender, "default", admitted=True)
    if not server.filter:
        return Found(server, _unfiltered(server, sender, wire), "default", bool(wire.email))
    return Found(server, wire, "default", bool(wire.email) and may_send(server, wire.email))


def _unfiltered(server: ServerFact, sender: Address, wire: Address) -> Address:
    return sender if server.trusted_relay and sender.email else wire
