"""The private PostgreSQL: fresh databases, safe settings, and the rule of what may be skipped."""

from __future__ import annotations

import psycopg
import pytest

from tests.support import require as requirements
from tests.support.postgres import Server, main


def test_it_is_as_durable_as_production(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        rows = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
    assert rows == [("on",), ("on",)]


def test_each_database_is_its_own(postgres_server: Server) -> None:
    first, second = postgres_server.create_database(), postgres_server.create_database()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE seen (id int)")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('seen')").fetchone() == (None,)


def test_what_is_absent_is_skipped_unless_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(requirements.FINDERS, "postgres", (lambda: None, "install it"))
    monkeypatch.setenv("POSTROOM_REQUIRE", "chromium")
    with pytest.raises(pytest.skip.Exception, match="needs postgres: install it"):
        requirements.require("postgres")
    monkeypatch.setenv("POSTROOM_REQUIRE", "chromium, postgres")
    with pytest.raises(pytest.fail.Exception, match="needs postgres: install it"):
        requirements.require("postgres")


def test_without_postgres_the_second_run_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(requirements.FINDERS, "postgres", (lambda: None, "install it"))
    monkeypatch.setenv("POSTROOM_REQUIRE", "")
    assert main(["false"]) == 0
    assert "SQLite only" in capsys.readouterr().err
    monkeypatch.setenv("POSTROOM_REQUIRE", "postgres")
    assert main(["false"]) == 1
