"""Questions whose SQL is written once answer as Django does, whatever values come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Substr

from postroom.directory.models import Company, Contact, ContactAddress, User
from postroom.infra.database import prepared as module
from postroom.infra.database.prepared import Prepared, Value, prepared
from tests.support import factory

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def companies() -> list[Company]:
    made = [factory.company(name) for name in ("Acme", "Bolt")]
    for number in range(6):
        factory.contact(made[number % 2], f"Person {number}", f"p{number}@x.example")
        Contact.objects.filter(name=f"Person {number}").update(created_at=MORNING + timedelta(hours=number))
    return made


def by_ids(ids: Sequence[int]) -> QuerySet[Contact]:
    return Contact.objects.filter(pk__in=ids).select_related("company").order_by("pk")


def since(company: int, at: datetime) -> QuerySet[Contact]:
    return Contact.objects.filter(company=company, created_at__gte=at).order_by("-created_at")


def named(names: Sequence[str], company: int) -> QuerySet[Contact, tuple[Any, ...]]:
    found = Contact.objects.filter(Q(name__in=names) | Q(company=company)).annotate(start=Substr("name", 1, 3))
    return found.order_by("pk").values_list("pk", "start", "created_at", "company__name")


def with_addresses(company: int) -> QuerySet[Contact]:
    return Contact.objects.filter(company=company).prefetch_related("addresses").order_by("pk")


def reached(email: str, company: int) -> QuerySet[Contact, int]:
    own = ContactAddress.objects.filter(contact=OuterRef("pk"), email=email)
    return Contact.objects.filter(Exists(own), company=company).values_list("pk", flat=True)


def _values(asked: Callable[..., Any], all_: Sequence[Company]) -> list[tuple[Value, ...]]:
    keys = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    one, other = (company.pk for company in all_)
    each: dict[Callable[..., Any], list[tuple[Value, ...]]] = {
        by_ids: [(keys,), (keys[:2],), (keys[3:5],), ([keys[0], keys[0]],), ([],), ([0],)],
        since: [(one, MORNING), (other, MORNING + timedelta(hours=3)), (one, MORNING + timedelta(days=1))],
        named: [(["Person 1"], one), (["Person 3", "o'clock\"; --"], 0), ([], other)],
        with_addresses: [(one,), (other,), (0,)],
        reached: [("p1@x.example", other), ("p1@x.example", one), ("%", one)],
    }
    return each[asked]


@pytest.mark.parametrize("asked", [by_ids, since, named, with_addresses, reached])
def test_the_answers_are_those_of_django(asked: Callable[..., QuerySet[Any, Any]], companies: list[Company]) -> None:
    question = Prepared(asked)
    for _ in range(2):
        for values in _values(asked, companies):
            assert question(*values) == list(asked(*values)), values


def test_what_belongs_together_comes_with_it(companies: list[Company], django_assert_num_queries: Any) -> None:
    keys = list(Contact.objects.values_list("pk", flat=True))
    question = Prepared(by_ids)
    question(keys)
    with django_assert_num_queries(1):
        assert {one.company.name for one in question(keys)} == {"Acme", "Bolt"}
    several = Prepared(with_addresses)
    with django_assert_num_queries(2):
        found = several(companies[0].pk)
        assert [one.email for contact in found for one in contact.addresses.all()] == [
            "p0@x.example", "p2@x.example", "p4@x.example",
        ]  # fmt: skip
    found[0].name = "Changed"
    found[0].save()
    assert several(companies[0].pk)[0].name == "Changed"


def test_sql_is_written_once_for_a_shape(companies: list[Company]) -> None:
    built = []

    @prepared
    def question(company: int, ids: Sequence[int], *, most: int) -> QuerySet[Contact]:
        built.append(len(ids))
        return Contact.objects.filter(company=company, pk__in=ids).order_by("pk")[:most]

    keys = list(Contact.objects.filter(company=companies[0]).order_by("pk").values_list("pk", flat=True))
    assert [one.pk for one in question(companies[0].pk, keys, most=2)] == keys[:2]
    assert [one.pk for one in question(companies[0].pk, keys, most=3)] == keys
    assert [one.pk for one in question(companies[0].pk, keys[:1], most=3)] == keys[:1]
    assert question(companies[1].pk, keys, most=3) == []
    assert question(companies[0].pk, [], most=3) == []
    assert question(companies[0].pk, [], most=3) == []
    assert question(companies[0].pk, [*keys, keys[0]], most=3)[0].pk == keys[0]
    assert built == [4, 4, 1, 0], "three are asked for as four"


def test_numbers_that_no_column_holds_are_equal_to_nothing(companies: list[Company]) -> None:
    @prepared
    def below(company: int, pk: int) -> QuerySet[Contact]:
        return Contact.objects.filter(company=company, pk__lt=pk)

    assert Prepared(since)(2**63, MORNING) == []
    assert Prepared(by_ids)([-(10**30)]) == []
    assert below(-(10**20), 2**63) == []
    assert len(below(companies[0].pk, 2**63)) == len(below(companies[0].pk, 2**63 - 1)) == 3


def test_as_many_values_as_a_database_takes_are_asked_for(companies: list[Company]) -> None:
    keys = list(Contact.objects.order_by("pk").values_list("pk", flat=True))
    question = Prepared(by_ids)
    assert [one.pk for one in question([*keys, *range(10**9, 10**9 + 20_000)])] == keys
    assert question._shapes == {}, "nothing is kept for what comes once"


def test_a_question_must_ask_for_its_values_as_they_are() -> None:
    @prepared
    def like(name: str) -> QuerySet[User]:
        return User.objects.filter(name__icontains=name)

    with pytest.raises(TypeError, match="as it is"):
        like("Ada")


def test_shapes_are_forgotten_before_they_are_too_many(companies: list[Company], monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MOST_SHAPES", 2)
    question = Prepared(by_ids)
    for number in range(1, 6):
        question(list(range(number)))
    assert len(question._shapes) <= 2


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_by_its_own_connection() -> None:
    where = factory.company("Acme")
    factory.contact(where, "Hanna")
    question = Prepared(by_ids)
    keys = list(Contact.objects.values_list("pk", flat=True))
    assert len(question(keys)) == 1
    found: list[int] = []

    def other() -> None:
        found.append(len(question(keys)))
        connection.close()

    thread = Thread(target=other)
    thread.start()
    thread.join()
    assert found == [1]
