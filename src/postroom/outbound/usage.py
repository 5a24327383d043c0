"""What companies use of the operator's default server, and how each company's mail stands: questions of pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Min, Q

from postroom.core.delivery.states import DeliveryState
from postroom.directory.access import NO_COMPANY, companies, may
from postroom.directory.models import Company, User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.database.literals import words
from postroom.outbound import allowances
from postroom.outbound.allowances import Allowed
from postroom.outbound.attention.queues import RECENT
from postroom.outbound.models import ENDED_BADLY, ENDED_WELL, DailyUsage, Delivery

DAYS = 30  # that the page of a company shows
PAGE = 50
NEARLY = 0.8  # of a limit, from which on it is worth a look

_S = DeliveryState


@dataclass(frozen=True, slots=True)
class Day:
    """What left on a day (UTC). `share` is its part of the highest day, in percent."""

    day: date
    sent: int
    share: int = 0


@dataclass(frozen=True, slots=True)
class Usage:
    """A company's day: what it may, what it sent, what waits for tomorrow; and the days before, the latest first."""

    company: Company
    allowed: Allowed
    sent: int
    waiting: int = 0
    days: tuple[Day, ...] = ()

    @property
    def left(self) -> int | None:
        """How many copies may still leave today; None for any number."""
        return max(0, self.allowed.limit - self.sent) if self.allowed.limit else None

    @property
    def share(self) -> int:
        """How much of the limit is used, in percent, 100 at most."""
        return min(100, self.sent * 100 // self.allowed.limit) if self.allowed.limit else 0

    @property
    def state(self) -> str:
        """Whether the limit is `reached`, `near`, or all is well."""
        if not self.allowed.limit or self.sent < self.allowed.limit * NEARLY:
            return "well"
        return "reached" if self.sent >= self.allowed.limit or self.waiting else "near"


@dataclass(frozen=True, slots=True)
class Row:
    """A company as operators see it: its day, what waits and since when, what ended badly lately."""

    usage: Usage
    queued: int = 0
    oldest: datetime | None = None
    held: int = 0
    unknown: int = 0
    failed: int = 0

    @property
    def is_quiet(self) -> bool:
        """Whether nothing of it wants a look."""
        return not (self.queued or self.held or self.unknown or self.failed or self.usage.state != "well")


@dataclass(frozen=True, slots=True)
class Companies:
    """Some companies of all, and the short name to go on from; empty where nothing is left."""

    rows: tuple[Row, ...] = ()
    next: str = ""


def usages(user: User) -> list[Usage]:
    """The day of each company whose outgoing mail `user` may see, by name; three queries and one a company."""
    mine = companies(user, Permission.OUTBOUND_READ) - {NO_COMPANY}
    rows = list(Company.objects.filter(pk__in=mine).order_by("name", "pk"))
    keys, today = [row.pk for row in rows], allowances.today()
    allowed, days = allowances.allowed(keys), _days(keys, today)
    return [
        Usage(
            company=row,
            allowed=allowed[row.pk],
            sent=next((day.sent for day in days[row.pk] if day.day == today), 0),
            waiting=allowances.waiting_for_tomorrow(row.pk),
            days=days[row.pk],
        )
        for row in rows
    ]


def _days(keys: Collection[int], today: date) -> Mapping[int, tuple[Day, ...]]:
    """The days of each company that anything was sent on, the latest first."""
    rows = DailyUsage.objects.filter(company__in=keys, day__gt=today - timedelta(days=DAYS), sent__gt=0)
    found: dict[int, list[tuple[date, int]]] = {key: [] for key in keys}
    for company, day, sent in rows.order_by("-day").values_list("company_id", "day", "sent"):
        found[company].append((day, sent))
    return {
        company: tuple(Day(day, sent, sent * 100 // max(one for _, one in days)) for day, sent in days)
        for company, days in found.items()
    }


def monitor(user: User, *, after: str = "", limit: int = PAGE) -> Companies:
    """All companies at a glance, by short name, those after the one named; for operators. Six queries.

    Raises:
        NoSuch: the user is no operator.

    """
    if not may(user, Permission.SYSTEM_MANAGE):
        raise allowances.NoSuch("Only operators of the installation see all companies.")
    found = Company.objects.order_by("slug")
    rows = list((found.filter(slug__gt=after) if after else found)[: limit + 1])
    more, rows = len(rows) > limit, rows[:limit]
    keys = [row.pk for row in rows]
    day = allowances.today()
    allowed, sent = allowances.allowed(keys), allowances.sent_on(day, keys)
    waiting, failed, late = _open(keys), _failed(keys), _late(keys)
    shown = [
        Row(
            usage=Usage(row, allowed[row.pk], sent.get(row.pk, 0), late.get(row.pk, 0)),
            queued=waiting.get((row.pk, _S.QUEUED), (0, None))[0],
            oldest=waiting.get((row.pk, _S.QUEUED), (0, None))[1],
            held=waiting.get((row.pk, _S.HELD), (0, None))[0],
            unknown=waiting.get((row.pk, _S.UNKNOWN), (0, None))[0],
            failed=failed.get(row.pk, 0),
        )
        for row in rows
    ]
    return Companies(tuple(shown), rows[-1].slug if more else "")


def _open(keys: Sequence[int]) -> dict[tuple[int, str], tuple[int, datetime | None]]:
    """How many copies of each company are in each open state, and since when the first of them was made."""
    rows = Delivery.objects.exclude(state__in=words(ENDED_WELL)).filter(
        company__in=keys, state__in=(_S.QUEUED, _S.HELD, _S.UNKNOWN)
    )
    counted = rows.order_by().values("company_id", "state").annotate(count=Count("pk"), since=Min("created_at"))
    return {(row["company_id"], row["state"]): (row["count"], row["since"]) for row in counted}


def _failed(keys: Sequence[int]) -> dict[int, int]:
    """How many copies of each company ended badly within the last days."""
    rows = Delivery.objects.filter(company__in=keys, state__in=words(ENDED_BADLY), settled_at__gte=now() - RECENT)
    return dict(rows.order_by().values("company_id").annotate(count=Count("pk")).values_list("company_id", "count"))


def _late(keys: Sequence[int]) -> dict[int, int]:
    """How many copies of each company wait for tomorrow."""
    late = Q(words__startswith=allowances.WAITS)
    rows = Delivery.objects.exclude(state__in=words(ENDED_WELL)).filter(late, company__in=keys, state=_S.QUEUED)
    return dict(rows.order_by().values("company_id").annotate(count=Count("pk")).values_list("company_id", "count"))
