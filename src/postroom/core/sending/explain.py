"""The choice of a server in sentences: where the From came from, every candidate and why or why not, the outcome."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from postroom.core.sending.facts import Candidate, SendingFacts, ServerFact
from postroom.core.sending.from_filter import admits
from postroom.core.sending.search import Found
from postroom.core.trace import Step

MOST_SERVERS = 20  # that a trace names; the rest it counts
MOST_ITEMS = 3  # of a filter, likewise


@dataclass(frozen=True, slots=True)
class Told:
    """What the sentences are about: the outcome, the address that was to be sent, the notification address, and the
    servers that were asked, in order. `by_person`: a forced server was chosen for this copy alone. `down`: servers that
    let nobody in, by id, each with since when.
    """

    found: Found
    email: str
    notification: str
    asked: Sequence[ServerFact]
    by_person: bool = False
    down: tuple[tuple[int, str], ...] = ()

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
        case "forced" if told.by_person:
            return f"Somebody chose {server.name} for this copy.{_mismatch(told, server)}"
        case "forced":
            return f"The letter names {server.name}.{_mismatch(told, server)}"
        case "failover":
            return f"{_is_down(told, found.instead_of)}; {server.name} admits the same From."
        case "default":
            return f"There is no other server: {server.name} {_filtered(told, server)}"
    return f"{server.name} comes first and sends it as {wire.email or 'nobody'}.{_mismatch(told, server)}"


def away(told: Told) -> Iterator[Step]:
    """What follows where the server that was chosen is down, and no other takes over."""
    server = told.found.server
    if server is None or all(number != server.id for number, _ in told.down):
        return
    why = "no other server admits the same From" if server.failover else "no other may take over"
    if told.found.case == "forced":
        why = "a server that is named is never replaced"
    yield {"step": "failover", "text": f"{_is_down(told, server)}; {why}, so the mail waits."}


def _is_down(told: Told, server: ServerFact | None) -> str:
    return f"{server.name} is down since {_since(told, server)}" if server else "Its server is down"


def _since(told: Told, server: ServerFact) -> str:
    return dict(told.down).get(server.id, "")


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


def candidates(told: Told) -> tuple[Candidate, ...]:
    """The servers that were asked, in order, as far as a trace names them, and the chosen one in any case."""
    chosen = told.found.server
    named = [server for at, server in enumerate(told.asked) if at < MOST_SERVERS or server is chosen]
    if chosen is not None and all(one is not chosen for one in named):
        named.append(chosen)  # forced, or the default server: nobody else was asked for it
    return tuple(Candidate(one.id, one.name, _reason(told, one), one is chosen) for one in named)


def servers(told: Told, named: Sequence[Candidate], facts: SendingFacts) -> Iterator[Step]:
    """A line for each candidate, and one for the archived."""
    for one in named:
        yield {"step": "server", "text": f"{one.name}: {one.why}."}
    if len(told.asked) > len(named):
        yield {"step": "server", "text": f"{len(told.asked) - len(named)} more servers were asked."}
    archived = sorted(one.name for one in facts.servers if not one.active and not one.owner)
    if archived:
        yield {"step": "server", "text": f"Archived and not asked: {_listed(archived)}."}


def _reason(told: Told, server: ServerFact) -> str:
    found = told.found
    chosen = found.server
    if server is chosen:
        return _own_reason(told, server)
    if server is found.instead_of:
        return f"it is down since {_since(told, server)}, and another takes over"
    if found.instead_of is not None and _since(told, server):
        return f"it is down too, since {_since(told, server)}"
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
    if case == "failover":
        return f"chosen instead, {_filter_of(server)}"
    if case == "forced" and told.by_person:
        return f"somebody chose it for this copy, so no other is asked; {_filter_of(server)}"
    if case == "forced":
        return f"the letter names it, so no other is asked; {_filter_of(server)}"
    if case == "default":
        return f"it is the default server; {_filter_of(server)}"
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


def return_path(found: Found, path: str, *, may_tag: bool, tag: str) -> str:
    """Where what can't be delivered comes back to, and why there."""
    if may_tag:
        return f"What can't be delivered returns to {path}{_each_its_own(tag)}."
    name = found.server.name if found.server else "No server"
    return f"What can't be delivered returns to {path or 'nobody'}, since {name} may not send the bounce address."


def reply_to(address: str, tag: str) -> str:
    """Where answers go."""
    if not address:
        return "No Reply-To is written: answers go to the From."
    return f"Answers go to {address}{_each_its_own(tag)}."


def _each_its_own(tag: str) -> str:
    return ", with a tag of its own for each copy" if tag else ""
