"""Lists of records: narrowed, sorted and paged by key, each along an index; what a company keeps does not slow them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

from django.db.models import Q, QuerySet

from postroom.directory.access import companies
from postroom.directory.models import Membership, User
from postroom.directory.roles import Permission
from postroom.infra import keys
from postroom.infra.database.prepared import prepared
from postroom.infra.paging import Page
from postroom.records.models import SORTED_TITLE, Desk, Record, Stage
from postroom.records.record_types import record_types

PAGE = 50
SEARCHED = 3_000  # the newest records of a company among which words are looked for
MOST_CHOICES = 500  # people and desks that a filter offers
MOST_COUNTED = 1000  # nobody counts further
SEVERAL = 20  # stages that are asked one by one; more are asked at once

NEWEST, ACTIVE, TITLE = "newest", "active", "title"
SORTS = (NEWEST, ACTIVE, TITLE)
OPEN, CLOSED = "open", "closed"
STATES = (OPEN, CLOSED)
MINE, NOBODY = "mine", "nobody"

Key = tuple[Any, int]  # what a list is sorted by, and the id


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list is narrowed to and sorted by; what is empty narrows nothing.

    `stage` is a name, since each desk has its own; `owner` is `mine`, `nobody` or an id; `state` is open or closed.
    """

    type: str = ""
    text: str = ""
    stage: str = ""
    owner: str = ""
    desk: int | None = None
    state: str = ""
    sort: str = NEWEST

    @property
    def narrows(self) -> bool:
        return bool(self.text or self.stage or self.owner or self.desk or self.state)


@dataclass(frozen=True, slots=True)
class Listed:
    """Records of a list, and where to go on: `next` is empty at the end."""

    rows: tuple[Record, ...] = ()
    next: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A stage of a board: its name, whether it closes, how many records stand there (at most `MOST_COUNTED`), and the
    first of these.
    """

    name: str
    closes: bool = False
    count: int = 0
    listed: Listed = Listed()


def records(user: User, asked: Filter, *, after: str = "", before: int | None = None, limit: int = PAGE) -> Listed:
    """A page of the list that `user` may read: what comes after the place `after`, or with ids below `before`."""
    key = read_key(asked.sort, after)
    sources = [_after(rows, asked.sort, key) for rows in _sources(user, asked)]
    if before is not None:
        sources = [rows.filter(pk__lt=before) for rows in sources]
    return _page(_listed(_first(sources, asked.sort, limit + 1), asked.sort), asked.sort, limit)


def _first(sources: Iterable[QuerySet[Record]], sort: str, limit: int) -> set[int]:
    """The ids of the first `limit` of a list."""
    found = {pk for rows in sources for pk in _ordered(rows, sort).values_list("pk", flat=True)[:limit]}
    if len(found) <= limit:
        return found
    if sort == NEWEST:
        return set(sorted(found, reverse=True)[:limit])
    return set(_ordered(Record.objects.filter(pk__in=found), sort).values_list("pk", flat=True)[:limit])


def _listed(ids: Collection[int], sort: str) -> list[Record]:
    """These records in order, with what lists show of them."""
    return _whole(list(ids), sort=sort)


@prepared
def _whole(ids: Sequence[int], *, sort: str) -> QuerySet[Record]:
    rows = Record.objects.filter(pk__in=ids).select_related("contact", "desk", "owner", "stage")
    return _ordered(rows, sort).annotate(sorted_title=SORTED_TITLE)


def _page(rows: Sequence[Record], sort: str, limit: int) -> Listed:
    """A page, given one row more than that where there are more."""
    return Listed(tuple(rows[:limit]), _key(sort, rows[limit - 1]) if len(rows) > limit else "")


def nearest(user: User, asked: Filter, record: Record, *, back: bool = False) -> int | None:
    """The record that stands after one in a list, or before it; that one itself need not be in the list (any more).
    None at its end.
    """
    sort = asked.sort
    value = record.active_at if sort == ACTIVE else _sorted_title(record) if sort == TITLE else None
    found: list[int] = []
    for rows in _sources(user, asked):
        beside = _ordered(_after(rows, sort, (value, record.pk), back=back), sort, back=back)
        found += beside.values_list("pk", flat=True)[:1]
    if len(found) < 2:
        return next(iter(found), None)
    return _ordered(Record.objects.filter(pk__in=found), sort, back=back).values_list("pk", flat=True).first()


def _sorted_title(record: Record) -> str:
    return str(Record.objects.values_list(SORTED_TITLE, flat=True).get(pk=record.pk))


def newest(user: User, asked: Filter, *, before: int | None = None, limit: int = PAGE) -> Page[Record]:
    """A list whose newest records come first, by id: those before id `before`."""
    listed = records(user, replace(asked, sort=NEWEST), before=before, limit=limit)
    return Page(listed.rows, listed.rows[-1].pk if listed.next else None)


def columns(user: User, asked: Filter, limit: int = PAGE) -> tuple[Column, ...]:
    """The stages of a board, in order, each with its first `limit` records: one query for the stages, one for the
    records, and for each stage one or two.
    """
    stages: dict[str, list[tuple[int, int]]] = {}
    closing: dict[str, bool] = {}
    rows = _stages(user, asked).order_by("position", "name").values_list("name", "closes", "pk", "desk__company_id")
    for name, closes, pk, company in rows:
        stages.setdefault(name, []).append((pk, company))
        closing.setdefault(name, closes)
    keys, counts = {}, {}
    for name, some in stages.items():
        sources = list(_of_stages(user, asked, some))
        keys[name] = _first(sources, asked.sort, limit + 1)
        counts[name] = len(keys[name]) if len(keys[name]) <= limit else _counted(sources)
    listed = _listed({key for found in keys.values() for key in found}, asked.sort)
    return tuple(
        Column(name, closing[name], counts[name], _page([row for row in listed if row.pk in found], asked.sort, limit))
        for name, found in keys.items()
    )


def count(user: User, asked: Filter) -> int:
    """How many a filter leaves; `MOST_COUNTED` stands for that many and more."""
    return _counted(_sources(user, asked))


def _counted(sources: Iterable[QuerySet[Record]]) -> int:
    total = 0
    for rows in sources:
        total += rows.order_by()[: MOST_COUNTED - total].count()
        if total >= MOST_COUNTED:
            break
    return total


def owners(user: User, company: int | None = None) -> list[tuple[int, str]]:
    """Those who may own records that `user` may read, or those of one company, by name."""
    mine = companies(user, Permission.RECORDS_READ)
    mine = mine & {company} if company else mine
    return _owners(sorted(mine))


@prepared
def _owners(companies: Sequence[int]) -> QuerySet[Membership, tuple[int, str]]:
    rows = Membership.objects.filter(company__in=companies, user__is_active=True).order_by("user__name", "user_id")
    return rows.values_list("user_id", "user__name").distinct()[:MOST_CHOICES]


def desks(
    user: User, type: str, permission: Permission = Permission.RECORDS_READ, *, stages: bool = False
) -> list[Desk]:
    """The desks of a type, or of all, in the companies where `user` has a permission, by name; with their stages."""
    rows = Desk.objects.filter(company_id__in=companies(user, permission))
    rows = rows.filter(record_type=type) if type else rows
    rows = rows.prefetch_related("stages") if stages else rows
    return list(rows.select_related("company").order_by("name", "pk")[:MOST_CHOICES])


def stage_names(user: User, type: str) -> list[str]:
    """The names of stages that a list of this type can be narrowed to, each once, in order."""
    names = _stages(user, Filter(type)).order_by("position", "name").values_list("name", flat=True)
    return list(dict.fromkeys(names))


def _stages(user: User, asked: Filter) -> QuerySet[Stage]:
    mine = companies(user, Permission.RECORDS_READ)
    rows = Stage.objects.filter(desk__company_id__in=mine)
    if asked.type:
        rows = rows.filter(desk__record_type=asked.type)
    return rows.filter(desk=asked.desk) if asked.desk else rows


def _sources(user: User, asked: Filter) -> Iterator[QuerySet[Record]]:
    """The records of a list, in parts of which each lies together in an index: a stage, a desk, or a company."""
    mine = sorted(companies(user, Permission.RECORDS_READ))
    types = [asked.type] if asked.type else list(record_types())
    if asked.stage:
        stages = _stages(user, asked).filter(name=asked.stage)
        yield from _of_stages(user, asked, list(stages.values_list("pk", "desk__company_id")))
        return
    if asked.desk:
        known = Desk.objects.filter(pk=asked.desk, company_id__in=mine).values_list("company_id", flat=True).first()
        if known:
            yield _narrowed(user, asked, Record.objects.filter(desk=asked.desk, type__in=types), [known])
        return
    for company, type in product(mine, types):
        yield _narrowed(user, asked, Record.objects.filter(company_id=company, type=type), [company])


def _of_stages(user: User, asked: Filter, stages: Sequence[tuple[int, int]]) -> Iterator[QuerySet[Record]]:
    """The records that stand in these stages (id, company)."""
    types = [asked.type] if asked.type else list(record_types())
    if len(stages) > SEVERAL:
        mine = sorted(companies(user, Permission.RECORDS_READ))
        yield _narrowed(user, asked, Record.objects.filter(type__in=types, stage__in=[pk for pk, _ in stages]), mine)
        return
    for pk, company in stages:
        yield _narrowed(user, asked, Record.objects.filter(stage=pk, type__in=types), [company])


def _narrowed(user: User, asked: Filter, rows: QuerySet[Record], where: Sequence[int]) -> QuerySet[Record]:
    if asked.owner == MINE:
        rows = rows.filter(owner=user.pk)
    elif asked.owner == NOBODY:
        rows = rows.filter(owner=None)
    elif asked.owner:
        rows = rows.filter(owner=int(asked.owner))
    if asked.state:
        rows = rows.filter(closed_at=None) if asked.state == OPEN else rows.exclude(closed_at=None)
    return rows.filter(_said(asked, where)) if asked.text else rows


def _said(asked: Filter, where: Sequence[int]) -> Q:
    """Words in the title or the contact's name of the newest records, or the number of any."""
    oldest, number = _oldest(asked.type, where), _number(asked.type, asked.text)
    words = Q(title__icontains=asked.text) | Q(contact__name__icontains=asked.text)
    if asked.sort == NEWEST and not number:
        return Q(pk__gte=oldest) & words  # the list itself goes through them, until its page is full
    near = Record.objects.filter(words, pk__gte=oldest, company_id__in=where)
    near = near.filter(type=asked.type) if asked.type else near
    return Q(pk__in=near.values("pk")) | Q(pk=number)


def _oldest(type: str, where: Sequence[int]) -> int:
    """The id from which on words are looked for."""
    found: list[int] = []
    for company in where:
        rows = Record.objects.filter(company_id=company)
        rows = rows.filter(type=type) if type else rows
        found += rows.order_by("-pk").values_list("pk", flat=True)[SEARCHED : SEARCHED + 1]
    return max(found, default=0)


def _number(type: str, text: str) -> int:
    """The id that `lead-12`, `LEAD-12` and `12` name; 0 for anything else."""
    number = text.strip().lower().removeprefix(f"{type}-")
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0


def _ordered(rows: QuerySet[Record], sort: str, *, back: bool = False) -> QuerySet[Record]:
    if sort == ACTIVE:
        ordered = rows.order_by("-active_at", "-pk")
    else:
        ordered = rows.order_by(SORTED_TITLE, "pk") if sort == TITLE else rows.order_by("-pk")
    return ordered.reverse() if back else ordered


def _after(rows: QuerySet[Record], sort: str, key: Key | None, *, back: bool = False) -> QuerySet[Record]:
    """What comes after a key, or before it; the first condition is the one that an index goes by."""
    if key is None:
        return rows
    value, pk = key
    beyond = "gt" if back is not (sort == TITLE) else "lt"
    if sort == NEWEST:
        return rows.filter(**{f"pk__{beyond}": pk})
    name = "active_at" if sort == ACTIVE else "sorted_title"
    named = rows.alias(sorted_title=SORTED_TITLE) if sort == TITLE else rows
    return named.filter(**{f"{name}__{beyond}e": value}).filter(
        Q(**{f"{name}__{beyond}": value}) | Q(**{f"pk__{beyond}": pk})
    )


def _key(sort: str, record: Record) -> str:
    """Where a list goes on after a record, as an address carries it."""
    value: object = None
    if sort == ACTIVE:
        value = record.active_at.isoformat()
    elif sort == TITLE:
        value = record.__dict__["sorted_title"]
    return keys.write_key(value, record.pk)


def read_key(sort: str, written: str) -> Key | None:
    """What `_key` wrote; None at the start of a list, or where it is nothing of the kind."""
    key = keys.read_key(written)
    if key is None or sort != ACTIVE:
        return key
    try:
        at = datetime.fromisoformat(key[0])
        return (at.astimezone(UTC), key[1]) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
