"""What an update does to a database with records in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper as Database
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext
from pytest_django.plugin import DjangoDbBlocker

from postroom.infra.database.base import settings_for

BEFORE, LISTS = ("records", "0002_notes_and_changes"), ("records", "0003_lists")
MADE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgres"])
def aside(request: pytest.FixtureRequest, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A database of its own beside that of the tests, without tables."""
    kept = f"sqlite:///{tmp_path}/aside.sqlite3"
    url = kept if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    connections.databases["aside"] = connections.databases["default"] | settings_for(url)
    with django_db_blocker.unblock():
        yield connections["aside"]
        connections["aside"].close()
    del connections["aside"], connections.databases["aside"]


def _migrated(connection: Database, to: tuple[str, str]) -> MigrationExecutor:
    executor = MigrationExecutor(connection)
    executor.migrate([to])
    return MigrationExecutor(connection)


def _indexes(connection: Database) -> set[tuple[str, ...]]:
    with connection.cursor() as cursor:
        known = connection.introspection.get_constraints(cursor, "records_record")
    return {tuple(one["columns"]) for one in known.values() if one["index"]}


def test_the_table_is_written_anew_once_at_most_and_keeps_what_it_holds(aside: Database) -> None:
    executor = _migrated(aside, BEFORE)
    models = executor.loader.project_state([BEFORE]).apps
    company = (
        models.get_model("directory", "Company")
        .objects.using("aside")
        .create(slug="acme", name="Acme", created_at=MADE)
    )
    rows = models.get_model("records", "Record").objects.using("aside")
    kept = rows.create(company=company, type="lead", title="Vans", created_at=MADE)
    assert ("desk_id",) in _indexes(aside)
    with CaptureQueriesContext(aside) as asked:
        executor = _migrated(aside, LISTS)
    anew = sum('CREATE TABLE "new__records_record"' in one["sql"] for one in asked)
    assert anew == (1 if aside.vendor == "sqlite" else 0)
    assert not {("desk_id",), ("owner_id",), ("stage_id",)} & _indexes(aside)
    assert {("desk_id", "id"), ("stage_id", "id"), ("owner_id", "company_id", "type", "id")} <= _indexes(aside)
    after = executor.loader.project_state([LISTS]).apps.get_model("records", "Record").objects.using("aside").get()
    assert (after.pk, after.title, after.active_at) == (kept.pk, "Vans", MADE)


def test_it_goes_back(aside: Database) -> None:
    _migrated(aside, LISTS)
    _migrated(aside, BEFORE)
    assert {("desk_id",), ("owner_id",), ("stage_id",)} <= _indexes(aside)
    _migrated(aside, LISTS)
    assert ("desk_id",) not in _indexes(aside)
