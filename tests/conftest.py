"""Fixtures and options that all tests share."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from tests.support.postgres import Server, prepare
from tests.support.ready import SHARED
from tests.support.require import require

# Examples are limited by their number, not by the clock: machines that share their cores are slow at times.
settings.register_profile("postroom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("postroom")

# Garbage is looked for seldom: to go through all that ten thousand tests keep loaded costs a seventh of their time.
gc.set_threshold(100_000, 20, 50)

# A worker takes a whole module (`--dist loadfile`), so that what a module sets up is set up once, and these first:
# otherwise one worker would wait in the end for the other's last long one. Longest first.
LONG = (
    "transports/test_conversations.py",
    "transports/test_smtp.py",
    "journeys/test_copied_installations.py",
    "web/test_every_page_browser.py",
    "journeys/test_proving.py",
    "journeys/test_kill.py",
    "journeys/test_cuts.py",
    "journeys/test_demo.py",
    "web/test_composer.py",
    "web/test_post_browser.py",
    "journeys/test_durability.py",
    "web/test_inbox_browser.py",
    "web/test_browser.py",
    "web/test_record_browser.py",
    "web/test_settings_browser.py",
    "web/test_people_browser.py",
    "journeys/test_supervisor.py",
    "web/test_home_browser.py",
    "journeys/test_answers.py",
    "sources/test_session.py",
    "journeys/test_postfix.py",
    "journeys/test_sink.py",
    "journeys/test_trip.py",
    "journeys/test_renaming.py",
    "web/test_records_browser.py",
    "web/test_addresses_browser.py",
    "web/test_contacts_browser.py",
    "web/test_search_browser.py",
    "web/test_access_matrix.py",
    "api/test_schema.py",
)
GIVEN = "POSTROOM_TEST_POSTGRES"
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--only-database", action="store_true", help="only the tests that use the database and may differ on another"
    )


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run makes the folder by which its workers share a server."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="postroom-test-")
        # Hundreds of processes of a run load the same modules: they shall be compiled once.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or SHARED not in os.environ:
        return
    shared = Path(os.environ.pop(SHARED))
    if (shared / "postgres").exists():
        _shared_server(shared).stop()
    shutil.rmtree(shared, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    if not config.getoption("--only-database"):
        return
    config.hook.pytest_deselected(items=[item for item in items if not _uses_database(item)])
    items[:] = [item for item in items if _uses_database(item)]


def _module(item: pytest.Item) -> str:
    return str(item.path.relative_to(Path(__file__).parent))


def _turn(item: pytest.Item) -> int:
    """The place among the modules that take long, or behind them all."""
    module = _module(item)
    return LONG.index(module) if module in LONG else len(LONG)


def _uses_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("either_database") is not None:
        return False
    fixtures = DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


def _shared_server(shared: Path) -> Server:
    return Server(require("postgres"), Path((shared / "postgres").read_text(encoding="utf-8")))


def _start_once(shared: Path) -> Server:
    """The run's server: the first worker that asks starts it, the others wait for that."""
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "postgres").exists():
            server = prepare(require("postgres"))
            (shared / "postgres").write_text(str(server.folder), encoding="utf-8")
            server.start()
        return _shared_server(shared)


@pytest.fixture(autouse=True)
def own_umask() -> Iterator[None]:
    """What a command narrows for its process is as it was for the next test."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@pytest.fixture(autouse=True)
def own_installation() -> None:
    """A test's database is its own, without being asked, until a test of just that says otherwise."""
    from postroom.infra import instance

    instance.forget()
    instance.assume(instance.Standing())


@pytest.fixture(scope="session")
def postgres_server() -> Server:
    """A running private PostgreSQL, one for the whole run; skips where none is installed."""
    programs = require("postgres")
    if folder := os.environ.get(GIVEN):
        return Server(programs, Path(folder))
    return _start_once(Path(os.environ[SHARED]))


@pytest.fixture
def postgres_url(postgres_server: Server) -> str:
    """The address of a new, empty database of its own."""
    return postgres_server.create_database()


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of test mail with expected answers; skips where it is absent."""
    return require("corpora")


@pytest.fixture(scope="module")
def rows_of_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What further fixtures of a module's scope put into the database is there for all of its tests and gone after
    them; what a test does to it goes with the test. Not for tests that commit.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def chromium() -> Path:
    """The path of Debian's Chromium; skips where it is absent."""
    return require("chromium")
