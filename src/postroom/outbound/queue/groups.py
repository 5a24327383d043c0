"""What waits, in groups: by reason, by destination, by server and lane; at a cost that does not grow with the queue.

The index `delivery_waiting` has what waits by company, reason and lane, oldest first. Each such run is counted up to
`MOST` and the oldest of all runs are looked at, `SAMPLE` together: a longer queue is said to be longer, not counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, QuerySet

from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import WANTED
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.database.literals import words
from postroom.infra.database.prepared import prepared
from postroom.outbound.choice import default_server
from postroom.outbound.models import ENDED_WELL, Delivery, OutgoingServer
from postroom.outbound.queue.copy_filter import NOT_CHOSEN

MOST = 10_000  # copies of a run that are counted
SAMPLE = 2_048  # oldest copies of all runs together whose destination and server are looked at
SHOWN = 50  # groups by destination
STOPPED = (DeliveryState.HELD, DeliveryState.UNKNOWN)  # what waits for a person


@dataclass(frozen=True, slots=True)
class Run:
    """Copies of one company that wait for the same thing in one lane. `more`: there are more than were counted.
    `first` is the id of the oldest, `leaves` when the first of them may leave.
    """

    company: int
    reason: str
    lane: int
    count: int
    more: bool
    first: int
    leaves: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Copies that share `key`: a reason, a destination or a state. `oldest` is when the oldest was queued, `leaves`
    when the first may leave (None: a person has to decide). `more`: there are more than `count`.
    """

    key: str
    count: int = 0
    more: bool = False
    oldest: datetime | None = None
    leaves: datetime | None = None


@dataclass(frozen=True, slots=True)
class Age:
    """What waits for a server in a lane, without what is scheduled or can be undone. `server` is the id, 0 for the
    default server, `NOT_CHOSEN` where none is chosen yet. `count` is of the copies that were looked at.
    """

    server: int
    name: str
    lane: int
    count: int
    oldest: datetime
    more: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """All that waits. `count` is of what leaves by itself; `sampled` is how many of these destinations and servers were
    taken from, all of them unless `more`.
    """

    count: int = 0
    more: bool = False
    reasons: tuple[Group, ...] = ()
    stopped: tuple[Group, ...] = ()
    destinations: tuple[Group, ...] = ()
    ages: tuple[Age, ...] = ()
    sampled: int = 0
    more_destinations: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits, for itself or for a person."""
        return not self.reasons and not self.stopped


@dataclass(slots=True)
class _Bin:
    count: int = 0
    first: int = 2**63 - 1
    leaves: datetime | None = None

    def add(self, count: int, first: int, leaves: datetime | None) -> None:
        self.count += count
        self.first = min(self.first, first)
        self.leaves = min(filter(None, (self.leaves, leaves)), default=None)


def queue_of(user: User) -> Queue:
    """What waits of the companies whose copies `user` may see."""
    mine = companies(user, Permission.OUTBOUND_READ)
    runs, stopped = _runs(mine), _stopped(mine)
    seen = _sample(runs)
    places, pairs = _by_destination(seen), _by_server(seen)
    first = [one.first for _, one in places[:SHOWN]] + [one.first for one in pairs.values()]
    made = _made([run.first for run in runs] + first + [oldest for *_, oldest in stopped])
    return Queue(
        count=sum(run.count for run in runs),
        more=any(run.more for run in runs),
        reasons=_reasons(runs, made),
        stopped=_states(stopped, made),
        destinations=tuple(_group(key, one, made) for key, one in places[:SHOWN]),
        ages=_ages(runs, seen, pairs, made),
        sampled=sum(one.count for one in seen),
        more_destinations=len(places) > SHOWN,
    )


# --- runs ------------------------------------------------------------------------------------------------------------


def _runs(some: Collection[int]) -> list[Run]:
    """A question for each company and reason that something waits for, one for each run."""
    return [
        run
        for company in some
        for reason in _waited_for(company)
        for lane in _lanes(company, reason)
        if (run := _run(company, reason, lane))
    ]


def _waited_for(company: int) -> Iterable[str]:
    """The reasons that copies wait for, `""` among them where some are due."""
    found = _first_reason(company)
    while found:
        yield found[0]
        found = _next_reason(company, found[0])


def _lanes(company: int, reason: str) -> Iterable[int]:
    lane = -1
    while found := _next_lane(company, reason, lane=lane):
        lane = found[0]
        yield lane


def _run(company: int, reason: str, lane: int) -> Run | None:
    rows = _waiting().filter(company=company, reason=reason, lane=lane).order_by("id")[: MOST + 1]
    found = rows.values("id", "due").aggregate(count=Count("id"), first=Min("id"), leaves=Min("due"))
    if not found["count"]:
        return None
    return Run(company, reason, lane, min(found["count"], MOST), found["count"] > MOST, found["first"], found["leaves"])


def _waiting() -> QuerySet[Delivery]:
    return Delivery.objects.filter(due__isnull=False)


@prepared
def _first_reason(company: int) -> QuerySet[Delivery, str]:
    return _waiting().filter(company_id=company).order_by("reason").values_list("reason", flat=True)[:1]


@prepared
def _next_reason(company: int, reason: str) -> QuerySet[Delivery, str]:
    rows = _waiting().filter(company_id=company, reason__gt=reason)
    return rows.order_by("reason").values_list("reason", flat=True)[:1]


@prepared
def _next_lane(company: int, reason: str, *, lane: int) -> QuerySet[Delivery, int]:
    rows = _waiting().filter(company_id=company, reason=reason, lane__gt=lane)
    return rows.order_by("lane").values_list("lane", flat=True)[:1]


def _reasons(runs: Sequence[Run], made: Mapping[int, datetime]) -> tuple[Group, ...]:
    found: dict[str, Group] = {}
    for run in runs:
        one = found.get(run.reason, Group(run.reason))
        found[run.reason] = replace(
            one,
            count=one.count + run.count,
            more=one.more or run.more,
            oldest=_earlier(one.oldest, made.get(run.first)),
            leaves=_earlier(one.leaves, run.leaves),
        )
    return tuple(sorted(found.values(), key=lambda one: (-one.count, one.key)))


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(filter(None, (one, other)), default=None)


# --- what waits for a person -----------------------------------------------------------------------------------------


def _stopped(some: Collection[int]) -> list[tuple[str, int, int]]:
    """State, number (at most one more than `MOST`) and the oldest that was counted, for each company and state."""
    found = []
    for company in some:
        for state in STOPPED:
            rows = Delivery.objects.exclude(state__in=words(ENDED_WELL)).filter(company=company, state=state)
            one = rows.order_by("id")[: MOST + 1].values("id").aggregate(count=Count("id"), first=Min("id"))
            if one["count"]:
                found.append((str(state), one["count"], one["first"]))
    return found


def _states(found: Sequence[tuple[str, int, int]], made: Mapping[int, datetime]) -> tuple[Group, ...]:
    groups: dict[str, Group] = {}
    for state, count, first in found:
        one = groups.get(state, Group(state))
        groups[state] = replace(
            one,
            count=one.count + min(count, MOST),
            more=one.more or count > MOST,
            oldest=_earlier(one.oldest, made.get(first)),
        )
    return tuple(groups[state] for state in map(str, STOPPED) if state in groups)


# --- destinations and servers ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Seen:
    """Copies of a run with the same destination and server."""

    run: Run
    destination: str
    server: int
    name: str
    count: int
    first: int
    leaves: datetime | None


def _sample(runs: Sequence[Run]) -> list[_Seen]:
    """The oldest of each run, in SQL grouped by what they share; shorter runs leave their share to longer ones."""
    left, found = SAMPLE, list[_Seen]()
    for place, run in enumerate(sorted(runs, key=lambda run: run.count)):
        share = max(1, left // (len(runs) - place))
        left -= min(share, run.count)
        found += _seen(run, share)
    return found


def _seen(run: Run, most: int) -> list[_Seen]:
    few = 1 << (most - 1).bit_length()  # so that few statements are written
    return [
        _Seen(run, place, *_server(chosen, used, name), count, first, leaves)
        for place, chosen, used, name, count, first, leaves in _shared(run.company, run.reason, lane=run.lane, few=few)
    ]


@prepared
def _shared(company: int, reason: str, *, lane: int, few: int) -> QuerySet[Delivery, tuple[Any, ...]]:
    oldest = _waiting().filter(company_id=company, reason=reason, lane=lane).order_by("id")
    rows = Delivery.objects.filter(pk__in=oldest.values("pk")[:few]).order_by()
    shared = rows.values_list("destination", "server", "dispatch__server", "dispatch__server_name")
    return shared.annotate(Count("pk"), Min("pk"), Min("due"))


def _server(chosen: int | None, used: int | None, name: str | None) -> tuple[int, str]:
    """The server of the last choice, else the one that a person chose, whose name is asked for later."""
    if name is not None:
        return used or DEFAULT_SERVER, name
    return (NOT_CHOSEN if chosen is None else chosen), ""


def _by_destination(seen: Iterable[_Seen]) -> list[tuple[str, _Bin]]:
    found: dict[str, _Bin] = {}
    for one in seen:
        found.setdefault(one.destination, _Bin()).add(one.count, one.first, one.leaves)
    return sorted(found.items(), key=lambda item: (-item[1].count, item[0]))


def _group(key: str, one: _Bin, made: Mapping[int, datetime]) -> Group:
    return Group(key, one.count, oldest=made.get(one.first), leaves=one.leaves)


def _by_server(seen: Iterable[_Seen]) -> dict[tuple[int, int], _Bin]:
    """By server and lane, without what is wanted so."""
    found: dict[tuple[int, int], _Bin] = {}
    for one in seen:
        if one.run.reason not in WANTED:
            found.setdefault((one.server, one.run.lane), _Bin()).add(one.count, one.first, one.leaves)
    return found


def _ages(
    runs: Sequence[Run], seen: Iterable[_Seen], pairs: Mapping[tuple[int, int], _Bin], made: Mapping[int, datetime]
) -> tuple[Age, ...]:
    names = dict.fromkeys((server for server, _ in pairs), "")
    names |= {one.server: one.name for one in seen if one.name}
    long = {run.lane for run in runs if run.more}
    named = _named(names)
    ages = [
        Age(server, named[server], lane, one.count, made[one.first], lane in long)
        for (server, lane), one in pairs.items()
        if one.first in made
    ]
    return tuple(sorted(ages, key=lambda age: (age.oldest, age.server, age.lane)))


def _named(names: dict[int, str]) -> dict[int, str]:
    missing = {key for key, name in names.items() if not name}
    return {**names, **named_servers(missing), NOT_CHOSEN: ""}


def named_servers(keys: Collection[int]) -> dict[int, str]:
    """The names of servers by id, that of the default one too; a query unless it is the only one."""
    own = [key for key in keys if key > 0]
    rows = OutgoingServer.objects.filter(pk__in=own).values_list("pk", "name") if own else ()
    default = {DEFAULT_SERVER: default_server().name} if DEFAULT_SERVER in keys else {}
    return {**dict.fromkeys(own, ""), **dict(rows), **default}


@prepared
def _made_at(keys: Sequence[int]) -> QuerySet[Delivery, tuple[int, datetime, datetime | None]]:
    return Delivery.objects.filter(pk__in=keys).values_list("pk", "created_at", "renewed_at")


def _made(keys: Collection[int]) -> dict[int, datetime]:
    """Since when these copies wait: since they were queued, or sent again."""
    at = now()
    return {key: min(at, renewed or made) for key, made, renewed in _made_at(sorted(set(keys)))} if keys else {}
