"""Which paces there are, kept for seconds, so that nothing is asked where nothing is limited."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.core.sending.pacing import Limits
from postroom.infra.clock import now
from postroom.infra.database.base import insert_values
from postroom.outbound import choice
from postroom.outbound.choice import server_of
from postroom.outbound.models import PaceScope, SendingPace

REREAD_SECONDS = 5.0
Key = tuple[int, str, str]  # the company whose servers it is about, the scope, and the id or the domain
Keys = tuple[Key, ...]
Place = tuple[int, str, str, int]  # a server, the domains of From and destination, a company


@dataclass(frozen=True, slots=True)
class Known:
    """A row as it was read last; `limits` are its own, those of a server's record apart."""

    pk: int
    limits: Limits
    is_learnt: bool = False
    waits_until: datetime | None = None


_known: list[tuple[float, int, Mapping[Key, Known]]] = []
_of_places: dict[Place, tuple[Keys, Keys]] = {}  # as long as what is known was not read anew


def forget() -> None:
    """Read them anew the next time they are asked for."""
    _known.clear()
    _of_places.clear()


def known() -> Mapping[Key, Known]:
    """All paces by key; one query where nobody asked lately, else none."""
    for at, forgotten, found in _known[:1]:
        if at >= time.monotonic() - REREAD_SECONDS and forgotten == choice.forgotten[0]:
            return found
    rows = SendingPace.objects.values_list(
        "pk", "company", "scope", "key", "minute_limit", "hour_limit", "day_limit", "learnt_rate", "waits_until"
    )
    read = {
        (company, scope, key): Known(pk, Limits(minute, hour, day), rate > 0, until)
        for pk, company, scope, key, minute, hour, day, rate, until in rows
    }
    _known[:] = [(time.monotonic(), choice.forgotten[0], read)]
    _of_places.clear()
    return read


def limits_of(key: Key) -> Limits:
    """What people allow for a pace: for a server what its record says, for all others what their row says."""
    _, scope, own = key
    if scope == PaceScope.SERVER and own != str(DEFAULT_SERVER):
        server = server_of(int(own))
        return Limits(server.minute_limit, server.hour_limit, server.daily_limit)
    found = known().get(key)
    return found.limits if found else Limits()


def is_limited(key: Key) -> bool:
    """Whether copies have to take places of this pace."""
    found = known().get(key)
    return bool((found and found.is_learnt) or limits_of(key))


def paces_at(place: Place) -> tuple[Keys, Keys]:
    """The paces that a copy belongs to, and those of them that are limited, sorted."""
    known()  # reads anew what is too old
    if place not in _of_places:
        keys = _keys_of(*place)
        _of_places[place] = keys, tuple(sorted(filter(is_limited, keys)))
    return _of_places[place]


def _keys_of(server: int, sender: str, destination: str, company: int) -> Keys:
    whose = server_of(server).company
    return (
        (whose, PaceScope.SERVER.value, str(server)),
        (whose, PaceScope.SENDER.value, sender[:255]),
        (whose, PaceScope.DESTINATION.value, destination[:255]),
        (company, PaceScope.COMPANY.value, str(company)),
    )


def locked(keys: Collection[Key]) -> dict[Key, SendingPace]:
    """Within a transaction: the rows of these paces, kept from others meanwhile, in one order for all; a query, and
    three more where one of them is new.
    """
    wanted, listed = set(keys), known()
    kept = {key: listed[key].pk for key in wanted if key in listed}
    if missing := sorted(wanted - set(kept)):
        kept |= _made(missing)
    rows = _locked(kept.values())
    gone = sorted(wanted - set(rows))
    return rows | _locked(_made(gone).values()) if gone else rows


def _locked(keys: Iterable[int]) -> dict[Key, SendingPace]:
    rows = SendingPace.objects.filter(pk__in=sorted(keys)).order_by("pk").select_for_update()
    return {(row.company, row.scope, row.key): row for row in rows}


def _made(keys: Sequence[Key]) -> dict[Key, int]:
    """Rows that were not known, by key: made here or by somebody else just before."""
    forget()
    names = (
        "company", "scope", "key", "minute_limit", "hour_limit", "day_limit", "state", "learnt_rate", "waits_until",
        "changed_at",
    )  # fmt: skip
    insert_values(SendingPace, names, [(*key, 0, 0, 0, {}, 0.0, None, now()) for key in keys], skip_known=True)
    found = SendingPace.objects.filter(
        company__in={key[0] for key in keys}, scope__in={key[1] for key in keys}, key__in={key[2] for key in keys}
    )
    rows = found.values_list("company", "scope", "key", "pk")
    wanted = set(keys)
    return {key: pk for *parts, pk in rows if (key := (parts[0], parts[1], parts[2])) in wanted}
