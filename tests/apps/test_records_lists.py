"""Lists of records: every filter and order, pages by key without gaps or doubles, each along an index."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.records import lists
from postroom.records.lists import Filter
from postroom.records.models import Desk, Record, Stage
from postroom.records.neighbours import Neighbours, neighbours
from tests.support import factory
from tests.support.queries import ON_POSTGRES, plan, statements

pytestmark = pytest.mark.django_db

TITLES = ("apple", "Banana", "äpfel", "apple", "", "Zebra", "x" * 70, "x" * 71, "42 vans", "banana")


@pytest.fixture
def reader() -> User:
    """A member of two companies, whose leads stand on two desks in one and on a third in the other."""
    acme, globex = factory.company("Acme"), factory.company("Globex")
    desks = [factory.desk(acme, name="Nordics"), factory.desk(acme, name="South"), factory.desk(globex, name="Fleet")]
    user = factory.user("amara", {acme: "member", globex: "member"})
    other = factory.user("jonas", {acme: "member"})
    for number, title in enumerate(TITLES * 3):
        desk = desks[number % 3]
        contact = factory.contact(desk.company, "Hanna Sjöberg" if number % 4 else "Luca Bianchi")
        stage = desk.stages.order_by("position")[number % 4]
        at = now() - timedelta(minutes=(number * 7) % 11)
        owner = (None, user, other)[number % 5 % 3] if desk.company == acme else None
        closed = at if stage.closes else None
        factory.record(desk, title, contact=contact, stage=stage, owner=owner, active_at=at, closed_at=closed)
    factory.record(factory.desk(acme, "ticket", "Support"), "apple ticket")
    factory.record(factory.desk(factory.company("Hidden")), "apple of others")
    return user


def every(user: User, asked: Filter, limit: int) -> list[Record]:
    rows: list[Record] = []
    after = ""
    for _ in range(100):
        page = lists.records(user, asked, after=after, limit=limit)
        assert len(page.rows) <= limit
        rows += page.rows
        if not page.next:
            return rows
        after = page.next
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("sort", lists.SORTS)
@pytest.mark.parametrize(
    "narrowed",
    [{}, {"text": "a"}, {"stage": "New"}, {"owner": "mine"}, {"state": "open"}, {"stage": "New", "text": "a"}],
)
def test_the_records_beside_one_are_those_of_the_list(reader: User, sort: str, narrowed: dict[str, Any]) -> None:
    asked = Filter("lead", sort=sort, **narrowed)
    rows = every(reader, asked, 200)
    keys = [None, *(row.pk for row in rows), None]
    assert len(rows) > 2
    for place, row in enumerate(rows, 1):
        assert neighbours(reader, row, asked) == Neighbours(keys[place - 1], keys[place + 1])


def test_a_record_that_left_the_list_keeps_its_place(reader: User) -> None:
    asked = Filter("lead", state=lists.OPEN, sort=lists.TITLE)
    rows = every(reader, asked, 200)
    Record.objects.filter(pk=rows[3].pk).update(closed_at=now())
    assert neighbours(reader, rows[3], asked) == Neighbours(rows[2].pk, rows[4].pk)


@pytest.mark.parametrize("limit", [1, 4, 30, 200])
@pytest.mark.parametrize("sort", lists.SORTS)
def test_every_record_comes_once_in_order(reader: User, sort: str, limit: int) -> None:
    rows = every(reader, Filter("lead", sort=sort), limit)
    assert len(rows) == len({row.pk for row in rows}) == 30
    if sort == lists.NEWEST:
        assert [row.pk for row in rows] == sorted((row.pk for row in rows), reverse=True)
    elif sort == lists.ACTIVE:
        assert [row.active_at for row in rows] == sorted((row.active_at for row in rows), reverse=True)
    else:
        plain = [row.title.lower()[:60] for row in rows if row.title.isascii() and " " not in row.title]
        assert plain == sorted(plain)


def test_filters(reader: User) -> None:
    whole = every(reader, Filter("lead"), 50)
    desk, jonas = Desk.objects.get(name="South"), User.objects.get(username="jonas")
    cases: dict[Filter, Callable[[Any], bool]] = {
        Filter("lead", owner=lists.MINE): lambda row: row.owner == reader,
        Filter("lead", owner=lists.NOBODY): lambda row: row.owner is None,
        Filter("lead", owner=str(jonas.pk)): lambda row: row.owner == jonas,
        Filter("lead", stage="Won"): lambda row: row.stage.name == "Won",
        Filter("lead", desk=desk.pk): lambda row: row.desk == desk,
        Filter("lead", desk=desk.pk, stage="New"): lambda row: row.desk == desk and row.stage.name == "New",
        Filter("lead", state=lists.OPEN): lambda row: row.closed_at is None,
        Filter("lead", state=lists.CLOSED): lambda row: row.closed_at is not None,
        Filter("lead", text="APPLE"): lambda row: row.title == "apple",
        Filter("lead", text="luca"): lambda row: row.contact.name == "Luca Bianchi",
        Filter("lead", text="apple", state=lists.OPEN, owner=lists.NOBODY): (
            lambda row: row.title == "apple" and row.closed_at is None and row.owner is None
        ),
        Filter("lead", text=f"lead-{whole[3].pk}"): lambda row: row.pk == whole[3].pk,
    }  # fmt: skip
    for asked, fits in cases.items():
        wanted = {row.pk for row in whole if fits(row)}
        assert wanted, asked
        for sort in lists.SORTS:
            assert {row.pk for row in every(reader, replace(asked, sort=sort), 3)} == wanted, (asked, sort)
        assert lists.count(reader, asked) == len(wanted)


def test_nothing_of_others_is_listed(reader: User) -> None:
    hidden = Desk.objects.get(company__name="Hidden")
    assert every(reader, Filter("lead", desk=hidden.pk), 50) == []
    assert not lists.count(reader, Filter("lead", desk=hidden.pk))
    assert "apple of others" not in {row.title for row in every(reader, Filter("lead", text="apple"), 50)}
    assert hidden not in lists.desks(reader, "lead")


def test_columns_are_the_stages_with_their_counts(reader: User) -> None:
    columns = lists.columns(reader, Filter("lead"))
    assert [column.name for column in columns] == list(factory.STAGES)
    assert [column.closes for column in columns] == [False, False, False, True]
    assert sum(column.count for column in columns) == 30
    desk = Desk.objects.get(name="South")
    assert sum(column.count for column in lists.columns(reader, Filter("lead", desk=desk.pk))) == 10


def test_nobody_counts_further_than_that(reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST_COUNTED", 12)
    assert lists.count(reader, Filter("lead")) == 12


def test_words_are_looked_for_among_the_newest(reader: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "SEARCHED", 5)
    found = every(reader, Filter("lead", text="apple"), 50)
    assert 0 < len(found) < len([title for title in TITLES if title == "apple"]) * 3
    oldest = Record.objects.filter(type="lead", company__name="Acme").earliest("pk")
    assert [row.pk for row in every(reader, Filter("lead", text=oldest.number), 50)] == [oldest.pk]


@pytest.mark.parametrize("key", ["", "x", "W10", "eyJhIjoxfQ", "W251bGwsIngiXQ", "é", "W251bGwsLTVd"])
@pytest.mark.parametrize("sort", lists.SORTS)
def test_a_key_that_means_nothing_is_the_start(reader: User, sort: str, key: str) -> None:
    page = lists.records(reader, Filter("lead", sort=sort), after=key, limit=5)
    assert len(page.rows) == 5


INDEXES = {
    "record_list": Filter("lead"),
    "record_recent": Filter("lead", sort=lists.ACTIVE),
    "record_titles": Filter("lead", sort=lists.TITLE),
    "record_open": Filter("lead", state=lists.OPEN),
    "record_owner": Filter("lead", owner=lists.MINE),
    "record_unowned" if ON_POSTGRES else "record_owner ": Filter("lead", owner=lists.NOBODY),
    "record_stage": Filter("lead", stage="New"),
    "record_desk": Filter("lead", desk=1),
}


@pytest.mark.parametrize("index", INDEXES)
def test_each_list_goes_along_its_index(reader: User, index: str) -> None:
    asked, index = INDEXES[index], index.strip()
    if asked.desk:
        asked = replace(asked, desk=Desk.objects.get(name="South").pk)
    stage = Stage.objects.filter(desk__name="Nordics", desk__company__name="Acme").first()
    _fill(Desk.objects.get(name="Nordics", company__name="Acme"), stage)
    first = lists.records(reader, asked, limit=3)
    with statements() as said:
        lists.records(reader, asked, after=first.next, limit=3)
    _goes_along(index, [sql for sql in said if 'SELECT "records_record"."id"' in sql and "LIMIT 4" in sql])
    with statements() as said:
        neighbours(reader, first.rows[1], asked)
    _goes_along(index, [sql for sql in said if 'SELECT "records_record"."id"' in sql and '"id" IN' not in sql])


def _goes_along(index: str, keys: list[str]) -> None:
    assert keys
    plans = [plan(sql) for sql in keys]
    assert any(index in one for one in plans), plans
    assert not any("TEMP B-TREE" in one or "Sort Key" in one for one in plans if index in one), plans


def _fill(desk: Desk, stage: Stage | None) -> None:
    """As many rows as make an index worth a database's while, most of them nobody asks for."""
    at = now()
    jonas = User.objects.get(username="jonas")
    Record.objects.bulk_create(
        Record(
            company=desk.company,
            type="lead" if number % 2 else "ticket",
            title=f"Filler {number}",
            desk=desk,
            stage=stage,
            owner=jonas,
            created_at=at,
            closed_at=at,
        )
        for number in range(2000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE records_record")


def test_a_page_costs_the_same_however_long_it_is(
    reader: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    lists.records(reader, Filter("lead"), limit=1)
    for asked in (Filter("lead"), Filter("lead", stage="New"), Filter("lead", text="apple", sort=lists.TITLE)):
        with django_assert_max_num_queries(8) as few:
            lists.records(reader, asked, limit=1)
        with django_assert_max_num_queries(len(few)):
            lists.records(reader, asked, limit=50)


@pytest.mark.parametrize("sort", lists.SORTS)
@pytest.mark.parametrize(
    "value",
    ['["\\ud800",5]', '["0001-01-01T00:00:00+23:59",5]', "[" * 1400, "[]", "5", "[{},5]", '[null,"x"]', '["a",0]'],
)
def test_a_place_that_is_none_of_ours_is_the_beginning(reader: User, sort: str, value: str) -> None:
    if sort != lists.ACTIVE and value.startswith('["0001'):
        value = "{}"  # there it is a place: only the id counts, or a text
    after = base64.urlsafe_b64encode(value.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    rows = lists.records(reader, Filter("lead", sort=sort), after=after).rows
    assert rows == lists.records(reader, Filter("lead", sort=sort)).rows
