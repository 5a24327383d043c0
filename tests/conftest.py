"""Fixtures and options that all tests share."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.postgres import Server, prepare
from tests.support.require import require

# Examples are limited by their number, not by the clock: machines that share their cores are slow at times.
settings.register_profile("postroom", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("postroom")

SHARED = "POSTROOM_TEST_SHARED"
GIVEN = "POSTROOM_TEST_POSTGRES"
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "django_db_serialized_rollback"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="only the tests that use the database")


def pytest_configure(config: pytest.Config) -> None:
    """The first process of a run makes the folder by which its workers share a server."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="postroom-test-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or SHARED not in os.environ:
        return
    shared = Path(os.environ.pop(SHARED))
    if (shared / "postgres").exists():
        _shared_server(shared).stop()
    shutil.rmtree(shared, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--only-database"):
        return
    bound = [item for item in items if _uses_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(bound)])
    items[:] = bound


def _uses_database(item: pytest.Item) -> bool:
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


@pytest.fixture
def chromium() -> Path:
    """The path of Debian's Chromium; skips where it is absent."""
    return require("chromium")
