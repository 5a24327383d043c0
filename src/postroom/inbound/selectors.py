"""Questions about arrivals and refusals: lists by key, one arrival with its routes, its bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q, QuerySet

from postroom.conversations.models import Thread
from postroom.core.delivery.states import ArrivalState, worst
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.models import Alias
from postroom.inbound.access import owned, readable
from postroom.inbound.models import ORDINARY, InboundMail, RawMail, Refusal, Route
from postroom.infra import blobs
from postroom.infra.database.literals import words
from postroom.infra.database.prepared import prepared
from postroom.infra.paging import Page, newest, page_of
from postroom.records.models import Record

PAGE = 50


@dataclass(frozen=True, slots=True)
class Arrival:
    """An arrival as somebody may see it: `whole`, or only with the routes and recipients of their own companies."""

    mail: InboundMail
    routes: tuple[Route, ...] = ()
    whole: bool = True

    @property
    def state(self) -> str:
        """The state of the arrival, or the worst of the routes that may be seen."""
        if self.whole or not self.routes:
            return self.mail.state
        return worst(ArrivalState(route.state) for route in self.routes)

    @property
    def recipients(self) -> list[str]:
        """The envelope recipients that may be seen."""
        if self.whole:
            return list(self.mail.recipients)
        return list(dict.fromkeys(address for route in self.routes for address in route.recipients))


def arrivals(user: User, *, states: Sequence[str] = (), before: int | None = None, limit: int = PAGE) -> Page[Arrival]:
    """Arrivals, newest first: those before id `before`; with `states`, those of which a route is in one of them.

    Arrivals of one company are found by it, those of several by their routes: two index scans, merged here.
    """
    mine = companies(user, Permission.ARRIVALS_READ)
    mails, routes = InboundMail.objects.all(), Route.objects.all()
    if before is not None:
        mails, routes = mails.filter(pk__lt=before), routes.filter(arrival_id__lt=before)
    if states:
        mails, routes = mails.filter(state__in=states), routes.filter(state__in=states)
        if not set(states) & set(ORDINARY):
            unusual = ~Q(state__in=words(ORDINARY))
            mails, routes = mails.filter(unusual), routes.filter(unusual)
    found = {*newest(mails, mine, "pk", limit + 1), *newest(routes, mine, "arrival_id", limit + 1)}
    keys = sorted(found, reverse=True)[: limit + 1]
    return page_of(_with_routes(user, _mails(keys)), keys, limit)


@prepared
def _mails(keys: Sequence[int]) -> QuerySet[InboundMail]:
    return InboundMail.objects.filter(pk__in=keys).order_by("-pk")


def arrival(user: User, pk: int) -> Arrival | None:
    """One arrival with its routes, or None where it isn't there for `user`."""
    mail = readable(user).filter(pk=pk).first()
    return _with_routes(user, [mail])[0] if mail else None


def _with_routes(user: User, mails: Sequence[InboundMail]) -> list[Arrival]:
    by_arrival: dict[int, list[Route]] = defaultdict(list)
    mine = companies(user, Permission.ARRIVALS_READ)
    for route in _routes_of([mail.pk for mail in mails]):
        if route.company_id in mine:
            by_arrival[route.arrival_id].append(route)
    return [Arrival(mail, tuple(by_arrival[mail.pk]), owned(user, mail)) for mail in mails]


@prepared
def _routes_of(arrivals: Sequence[int]) -> QuerySet[Route]:
    found = Route.objects.filter(arrival__in=arrivals).select_related("message__thread__record")
    return found.defer(*_BODIES).order_by("pk")


_BODIES = tuple(f"message__{name}" for name in ("html", "text", "own_text", "quoted_text", "to", "cc", "defects"))


def targets(routes: Sequence[Route]) -> dict[str, Alias | Record]:
    """What these routes aim at, by target: aliases, and the records of threads. For routes that the caller may see."""
    aliases, threads = _ids(routes, "alias"), _ids(routes, "thread")
    found: dict[str, Alias | Record] = {}
    if aliases:
        rows = Alias.objects.filter(pk__in=aliases).select_related("domain")
        found |= {f"alias:{alias.pk}": alias for alias in rows}
    if threads:
        conversations = Thread.objects.filter(pk__in=threads).select_related("record")
        found |= {f"thread:{thread.pk}": thread.record for thread in conversations}
    return found


def _ids(routes: Sequence[Route], kind: str) -> list[int]:
    pairs = (route.target.partition(":") for route in routes)
    return [int(number) for name, _colon, number in pairs if name == kind and number.isdigit()]


def source(user: User, pk: int) -> bytes | None:
    """The bytes of an arrival as they came; None where it isn't there for `user`, or they are kept no longer."""
    if not readable(user).filter(pk=pk).exists():
        return None
    raw = RawMail.objects.select_related("blob").filter(pk=pk).first()
    if raw is None:
        return None
    if raw.blob is None:
        return bytes(raw.data) if raw.data is not None else None
    try:
        return blobs.read(raw.blob)
    except blobs.BlobMissing:
        return None


@dataclass(frozen=True, slots=True)
class Refusals:
    """A page of refusals, latest first, and the key (time, id) to go on from."""

    rows: tuple[Refusal, ...] = field(default=())
    next: tuple[datetime, int] | None = None


def refusals(user: User, *, before: tuple[datetime, int] | None = None, limit: int = PAGE) -> Refusals:
    """What was refused at the doors, latest first: what comes after the key `before`."""
    found = Refusal.objects.order_by("-last_at", "-pk")
    if before is not None:
        at, pk = before
        found = found.filter(Q(last_at__lt=at) | Q(last_at=at, pk__lt=pk))
    mine = companies(user, Permission.ARRIVALS_READ)
    rows = [row for company in mine for row in found.filter(company_id=company)[: limit + 1]]
    rows.sort(key=lambda row: (row.last_at, row.pk), reverse=True)
    last = rows[limit - 1] if len(rows) > limit else None
    return Refusals(tuple(rows[:limit]), (last.last_at, last.pk) if last else None)


def reasons(user: User, message_ids: Sequence[int]) -> dict[int, Route]:
    """Why each message stands where it stands: the route that posted it. For all who may read the message."""
    mine = companies(user, Permission.RECORDS_READ)
    rows = _routes(message_ids)
    return {route.message_id: route for route in rows if route.message_id and route.company_id in mine}


@prepared
def _routes(messages: Sequence[int]) -> QuerySet[Route]:
    """By message alone: by company it is slow."""
    return Route.objects.filter(message__in=messages).order_by("-pk")


def oldest_waiting(at: datetime) -> datetime | None:
    """Since when the arrival that was first due at `at` could have been settled; None where nothing waits."""
    return InboundMail.objects.filter(due__lte=at).order_by("due").values_list("due", flat=True).first()
