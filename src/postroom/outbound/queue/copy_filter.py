"""Which copies: the filter that the list, the groups of the queue, decisions about many, API and CLI share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q, QuerySet

from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.infra.database.literals import words
from postroom.outbound.models import ENDED_WELL, Delivery

DUE = "due"  # stands for the empty reason: it waits for nothing
NOT_CHOSEN = -1  # in the place of a server's id: none was chosen yet


@dataclass(frozen=True, slots=True)
class CopyFilter:
    """Copies in one of `states`, that wait for `reason` (`DUE`: for nothing but their turn), to the domain
    `destination`, by the server with this id (0: the default one, `NOT_CHOSEN`: none yet), in this lane, of the record
    `about`, of this letter, with `text` in address, name or subject. What is empty or None asks for nothing.
    """

    states: tuple[str, ...] = ()
    reason: str = ""
    destination: str = ""
    server: int | None = None
    lane: int | None = None
    about: str = ""
    letter: int | None = None
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.given())

    def given(self) -> dict[str, Any]:
        """What is asked for, by name: as JSON keeps it."""
        empty = asdict(CopyFilter())
        return {name: list(v) if name == "states" else v for name, v in asdict(self).items() if v != empty[name]}

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> CopyFilter:
        """The filter that `given` told of."""
        return cls(**{**given, "states": tuple(given.get("states", ()))})


EVERY = CopyFilter()  # asks for nothing, so it finds all


def filtered(rows: QuerySet[Delivery], by: CopyFilter) -> QuerySet[Delivery]:
    """Those of these copies that the filter asks for."""
    if by.states:
        rows = in_states(rows, by.states)
    if by.reason:
        rows = rows.filter(due__isnull=False, reason="" if by.reason == DUE else by.reason)
    if by.destination:
        rows = rows.filter(destination=by.destination.lower())
    if by.server is not None:
        rows = rows.filter(_by_server(by.server))
    if by.lane is not None:
        rows = rows.filter(lane=by.lane)
    if by.about:
        rows = rows.filter(letter__about=by.about)
    if by.letter is not None:
        rows = rows.filter(letter=by.letter)
    if by.text:
        named = Q(address__icontains=by.text) | Q(name__icontains=by.text) | Q(letter__subject__icontains=by.text)
        rows = rows.filter(named)
    return rows


def in_states(rows: QuerySet[Delivery], states: Iterable[str]) -> QuerySet[Delivery]:
    """Those in one of these states; by the index of what is open where none of them ended well."""
    wanted = sorted(map(str, states))
    rows = rows.filter(state__in=wanted)
    return rows if set(wanted) & set(ENDED_WELL) else rows.exclude(state__in=words(ENDED_WELL))


def _by_server(server: int) -> Q:
    """By the last choice; where there is none, by the server that a person chose."""
    chosen = None if server == NOT_CHOSEN else server
    waits = Q(dispatch=None, server__isnull=True) if chosen is None else Q(dispatch=None, server=chosen)
    if server == NOT_CHOSEN:
        return waits
    used = Q(dispatch__isnull=False, dispatch__server=None if server == DEFAULT_SERVER else server)
    return waits | used
