"""What every record type keeps to; a new type adds its key to `KEYS` and passes without further tests."""

from __future__ import annotations

import lucide
import pytest
from pytest_django import DjangoAssertNumQueries

from postroom.infra.clock import now
from postroom.records.models import Record
from postroom.records.record_types import BadDefaults, RecordType, Seed, record_type, record_types
from tests.support import factory

pytestmark = pytest.mark.django_db

KEYS = ("lead", "ticket")


@pytest.fixture(params=KEYS)
def kind(request: pytest.FixtureRequest) -> RecordType:
    return record_type(request.param)


def seeds(count: int, **fields: object) -> list[Seed]:
    company = factory.company().pk
    return [Seed(company, f"Mail {number}", now(), **fields) for number in range(count)]  # type: ignore[arg-type]


def test_the_suite_names_every_type() -> None:
    assert set(KEYS) == set(record_types())


def test_a_type_has_a_name_a_plural_and_an_icon(kind: RecordType) -> None:
    assert kind.name
    assert kind.plural not in {"", kind.name}
    assert lucide._render_icon(kind.icon, 18)  # it raises for an icon that does not exist


def test_a_type_suggests_stages_of_which_the_last_closes(kind: RecordType) -> None:
    names = [name for name, _ in kind.stages]
    assert len(set(names)) == len(names) > 1
    assert [closes for _, closes in kind.stages][:: len(names) - 1] == [False, True]


@pytest.mark.parametrize("count", [1, 50])
def test_a_batch_is_made_in_order_by_a_few_queries(
    kind: RecordType, count: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    wanted = seeds(count)
    with django_assert_max_num_queries(3):
        made = kind.create(wanted)
    assert [record.title for record in made] == [seed.title for seed in wanted]
    assert {record.type for record in Record.objects.all()} == {kind.key}
    assert Record.objects.count() == count


def test_a_record_is_described_by_its_number_and_title(kind: RecordType) -> None:
    [record] = kind.create(seeds(1))
    assert kind.describe(record).startswith(record.number)
    assert record.title in kind.describe(record)


def test_wrong_defaults_make_nothing(kind: RecordType) -> None:
    good, bad = seeds(1), seeds(1, defaults={"no such column": 1})
    with pytest.raises(BadDefaults, match="no such column"):
        kind.create([*good, *bad])
    assert not Record.objects.exists()
