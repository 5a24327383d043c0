"""Proving a domain: mails of our own go out by each server to its addresses, and what comes back is compared.

Nothing here asks anybody: what was sent, what arrived and what became of the rest are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from postroom.core.addresses import normalise
from postroom.core.delivery.states import DeliveryState
from postroom.core.subaddress import unwrap
from postroom.core.tokens import LENGTH, looks_like_token

OWN, NAMED = "proof", "trip"  # what stands after the token in the Message-ID, and in the id that References names


class Fate(StrEnum):
    """What became of a round trip; but for `waiting` it is settled."""

    WAITING = "waiting"
    ARRIVED = "arrived"
    WITHOUT_TAG = "without_tag"
    ENVELOPE_CHANGED = "envelope_changed"
    ID_REWRITTEN = "id_rewritten"
    RETURNED = "returned"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    LOST = "lost"


CAME = frozenset({Fate.ARRIVED, Fate.WITHOUT_TAG, Fate.ENVELOPE_CHANGED, Fate.ID_REWRITTEN})

MEANINGS = {
    Fate.WAITING: "Under way.",
    Fate.ARRIVED: "It arrived as it was sent.",
    Fate.WITHOUT_TAG: "It arrived, but its tag was taken off on the way.",
    Fate.ENVELOPE_CHANGED: "It arrived under another envelope: another recipient or another sender.",
    Fate.ID_REWRITTEN: "It arrived with another Message-ID.",
    Fate.RETURNED: "A server on the way sent it back.",
    Fate.REFUSED: "The outgoing server refused it.",
    Fate.NOT_SENT: "It had not left when the time was over.",
    Fate.LOST: "The outgoing server took it, and it did not come back in time.",
}


@dataclass(frozen=True, slots=True)
class Trip:
    """A mail as it was sent: to `address`, which is `base` with or without a tag. `return_path` is what the outgoing
    server was told, empty where that is no longer known.
    """

    id: int
    company: int
    server: str
    address: str
    base: str
    message_id: str
    return_path: str

    @property
    def is_tagged(self) -> bool:
        return self.address != self.base


@dataclass(frozen=True, slots=True)
class Seen:
    """What arrived of it. `sender` is None where the way in knows no envelope; `returned` is what a report about the
    mail says, empty where the mail itself arrived.
    """

    recipients: tuple[str, ...]
    sender: str | None
    message_id: str
    returned: str = ""


def judge(trip: Trip, seen: Seen) -> tuple[Fate, ...]:
    """What became of a mail of which something arrived: what matters most comes first."""
    if seen.returned:
        return (Fate.RETURNED,)
    to = {normalise(unwrap(address)) for address in seen.recipients}
    found = {
        Fate.WITHOUT_TAG: trip.is_tagged and trip.address not in to,
        Fate.ENVELOPE_CHANGED: to.isdisjoint((trip.address, trip.base)) or _has_other_sender(trip, seen),
        Fate.ID_REWRITTEN: seen.message_id != trip.message_id,
    }
    return tuple(fate for fate, is_so in found.items() if is_so) or (Fate.ARRIVED,)


def _has_other_sender(trip: Trip, seen: Seen) -> bool:
    """Whether the return path differs; what SRS and BATV wrap around it is taken off wherever mail comes in."""
    if seen.sender is None or not trip.return_path:
        return False
    return normalise(unwrap(seen.sender)) != normalise(trip.return_path)


def is_green(fates: Sequence[Fate]) -> bool:
    """Whether it came to the address that it was sent to, in its own envelope."""
    return bool(fates) and {Fate.ARRIVED, Fate.ID_REWRITTEN}.issuperset(fates)


def in_words(trip: Trip, seen: Seen, fates: Sequence[Fate]) -> str:
    """What became of it, for the trace: what was sent, then each difference with both values."""
    began = f"A round trip to {trip.address} by {trip.server}."
    return " ".join([began, *(_in_words(fate, trip, seen) for fate in fates)])


def difference(trip: Trip, seen: Seen, fates: Sequence[Fate]) -> str:
    """The values that differ, in words; empty where nothing does."""
    return " ".join(_in_words(fate, trip, seen) for fate in fates if fate is not Fate.ARRIVED)


def _in_words(fate: Fate, trip: Trip, seen: Seen) -> str:
    to, sender = ", ".join(seen.recipients[:3]) or "nobody", seen.sender or "nobody"
    match fate:
        case Fate.WITHOUT_TAG:
            return f"Its tag is gone: it came for {to}."
        case Fate.ENVELOPE_CHANGED:
            return f"Its envelope changed: it came for {to} from {sender}; it was sent from {trip.return_path}."
        case Fate.ID_REWRITTEN:
            return f"Its Message-ID changed to <{seen.message_id[:200]}>."
        case Fate.RETURNED:
            return f"It came back: {seen.returned}"
        case _:
            return MEANINGS[fate]


_NOT_SENT = frozenset({DeliveryState.HELD, DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.CANCELLED})
_REFUSED = frozenset({DeliveryState.FAILED, DeliveryState.BOUNCED, DeliveryState.COMPLAINED})


def without_news(state: str) -> Fate:
    """What became of a mail that did not arrive within its time, by the state of its copy; empty: there is none."""
    if not state or state in _NOT_SENT:
        return Fate.NOT_SENT
    return Fate.REFUSED if state in _REFUSED else Fate.LOST


@dataclass(frozen=True, slots=True)
class Told:
    """A trip for the question whether tags arrive. `fates` are empty while nothing is known."""

    server: int
    base: str
    is_tagged: bool
    fates: tuple[Fate, ...] = ()


def tags_arrive(told: Iterable[Told]) -> bool | None:
    """Whether mail to tagged addresses comes in with its tags: None where that cannot be told.

    Yes, where every address that was tried with a tag was reached so by some server, and none came without. No, where
    one did; or where by no server it came, though it came untagged.
    """
    trips = list(told)
    answers = {_base_keeps(base, trips) for base in sorted({one.base for one in trips if one.is_tagged})}
    if not answers or False in answers:
        return False if answers else None
    return None if None in answers else True


def _base_keeps(base: str, trips: Sequence[Told]) -> bool | None:
    own = [one for one in trips if one.base == base]
    tagged = [one for one in own if one.is_tagged]
    if any(Fate.WITHOUT_TAG in one.fates for one in tagged):
        return False
    if any(_came(one) for one in tagged):
        return True
    plain = {one.server for one in own if not one.is_tagged and _came(one)}
    return False if any(one.fates and one.server in plain for one in tagged) else None


def _came(one: Told) -> bool:
    return not CAME.isdisjoint(one.fates)


@dataclass(frozen=True, slots=True)
class Planned:
    """A mail to be sent, by the server with this id, to a base address with or without a tag."""

    server: int
    base: str
    is_tagged: bool = False


def plan(
    servers: Sequence[int], services: Sequence[str], aliases: Sequence[str], most: int
) -> tuple[tuple[Planned, ...], int]:
    """The mails of a proof, at most so many, and how many addresses are left out.

    Each server writes to each service address, plain and tagged, and to each alias. Where that is too much, the servers
    take turns with the aliases, so that each alias is still written to once; what exceeds even that is left out.
    """
    fixed = [Planned(server, base, tagged) for server in servers for base in services for tagged in (False, True)]
    room = max(0, most - len(fixed))
    every = [Planned(server, alias) for server in servers for alias in aliases]
    if len(every) > room:
        every = [Planned(servers[place % len(servers)], alias) for place, alias in enumerate(aliases)]
    chosen = [*fixed, *every][:most]
    return tuple(chosen), len(fixed) + len(every) - len(chosen)


def own_id(token: str, domain: str) -> str:
    """The Message-ID of a trip, without angle brackets."""
    return f"{token}.{OWN}@{domain}"


def named_id(token: str, domain: str) -> str:
    """The id that its References name: it stays where a server writes a Message-ID of its own."""
    return f"{token}.{NAMED}@{domain}"


def subject_of(words: str, token: str) -> str:
    """A subject by which a trip is known again even where all its ids were changed."""
    return f"{words} [{token}]"


def tokens_in(ids: Iterable[str], subject: str = "") -> tuple[str, ...]:
    """What may be tokens of trips, in ids and at the end of a subject: nothing for nearly every mail."""
    found = [token for one in ids if (token := _of_id(one))]
    if subject.endswith("]") and looks_like_token(token := subject[-LENGTH - 1 : -1]):
        found.append(token.lower())
    return tuple(dict.fromkeys(found))


def _of_id(value: str) -> str:
    if value[LENGTH : LENGTH + 1] != ".":
        return ""
    token, label = value[:LENGTH], value[LENGTH + 1 :].partition("@")[0]
    return token.lower() if label in (OWN, NAMED) and looks_like_token(token) else ""
