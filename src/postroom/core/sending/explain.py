"""The choice of a server in sentences: where the From came from, every candidate and why or why not, the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from postroom.core.sending.facts import SendingFacts, ServerFact
from postroom.core.sending.from_filter import admits
from postroom.core.sending.search import Found
from postroom.core.trace import Step

MOST_SERVERS = 20  # that a trace names; the rest it counts
MOST_ITEMS = 3  # of a filter, likewise


@dataclass(frozen=True, slots=True)
class Told:
    """What the sentences are about: the outcome, the address that was to be sent, the notification address, and the
    servers that were asked, in order.
    """

    found: Found
    email: str
    notification: str
    asked: Sequence[ServerFact]

    @property
    def sender(self) -> str:
        return self.email or "an empty From"


def because(told: Told) -> str:
    """Why this server and this From, in a sentence or two."""
    found = told.found
    server, wire = found.server, found.wire
    if server is None:
        return "There is no server to send by."
    match found.case:
        case "address":
            return f"{server.name} lists {wire.email} in its filter."
        case "domain":
            return f"{server.name} admits every address of {wire.domain}."
        case "unfiltered":
            return f"{server.name} {_unfiltered(told, server)}"
        case "notification address" | "notification domain":
            return f"No server admits {told.sender}, so {server.name} sends it as {wire.email}."
        case "forced":
            return f"The letter names {server.name}.{_mismatch(told, server)}"
        case "default":
            return f"There is no other server: {server.name} {_filtered(told, server)}"
    return f"{server.name} comes first and sends it as {wire.email or 'nobody'}.{_mismatch(told, server)}"


def _unfiltered(told: Told, server: ServerFact) -> str:
    wire = told.found.wire.email
    if server.trusted_relay and told.email:
        return "is a trusted relay and sends for any From."
    if wire != told.email:
        return f"has no filter, so the From becomes {wire}."
    if not wire:
        return "has no filter, but there is no From to send. Not admitted."
    return f"has no filter and sends {wire}."


def _filtered(told: Told, server: ServerFact) -> str:
    wire = told.found.wire.email
    if not server.filter:
        return _unfiltered(told, server)
    if told.found.admitted and wire == told.email:
        return f"admits {wire}."
    return f"does not admit {told.sender} and sends it as {wire or 'nobody'}.{_mismatch(told, server)}"


def _mismatch(told: Told, server: ServerFact) -> str:
    if told.found.admitted:
        return ""
    return f" Not admitted: {_filter_of(server)}, the From is {told.found.wire.email or 'empty'}."


def servers(told: Told, facts: SendingFacts) -> Iterator[Step]:
    """A line for each server that was asked, and one for the archived."""
    for server in told.asked[:MOST_SERVERS]:
        yield {"step": "server", "text": f"{server.name}: {_reason(told, server)}."}
    if len(told.asked) > MOST_SERVERS:
        yield {"step": "server", "text": f"{len(told.asked) - MOST_SERVERS} more servers come after these."}
    archived = sorted(one.name for one in facts.servers if not one.active and not one.owner)
    if archived:
        yield {"step": "server", "text": f"Archived and not asked: {_listed(archived)}."}


def _reason(told: Told, server: ServerFact) -> str:
    found = told.found
    chosen = found.server
    if server is chosen:
        return _own_reason(told, server)
    rival = chosen.name if chosen else ""
    if found.case in {"address", "domain"}:
        if admits(server.filter, told.email) == found.case:
            return f"{_filter_of(server)}, but {rival} comes before it"
        if admits(server.filter, told.email):
            return f"{_filter_of(server)}, but {rival} lists the exact address"
        if not server.filter:
            return f"it has no filter, and {rival} admits the From by its filter"
    elif not server.filter and server.owner:
        return "a personal server is used only for what its filter lists, and it has none"
    elif not server.filter:
        return f"it has no filter, but {rival} comes before it"
    elif found.case.startswith("notification") and not server.owner and admits(server.filter, told.notification):
        return f"{_filter_of(server)}, but {rival} goes before it"
    return f"{_filter_of(server)}, the From is {told.email or 'empty'}"


def _own_reason(told: Told, server: ServerFact) -> str:
    case = told.found.case
    if case == "first":
        return f"{_filter_of(server)}, the From is {told.email or 'empty'}, but it comes first"
    if case.startswith("notification"):
        return f"{_filter_of(server)}; that holds {told.notification}"
    return f"chosen, {_filter_of(server)}"


def _filter_of(server: ServerFact) -> str:
    return f"its filter admits {_listed(server.filter)} only" if server.filter else "it has no filter"


def _listed(items: Sequence[str]) -> str:
    more = f" and {len(items) - MOST_ITEMS} more" if len(items) > MOST_ITEMS else ""
    return f"{', '.join(items[:MOST_ITEMS])}{more}"
