"""A prepared company on either database, and fresh copies of it: each round of a case starts from the same."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg

from tests.support.postgres import Server, running
from tests.support.require import find
from tests.support.running import Installation


class NotThere(RuntimeError):
    """The machine lacks what a case needs."""


class Prepared(Protocol):
    """A database that holds the company."""

    def copy(self, var: Path) -> Installation: ...

    def server_pid(self) -> int | None: ...

    def count(self, installation: Installation, sql: str) -> int: ...


@dataclass
class Sqlite:
    """The company in an SQLite file."""

    var: Path

    def copy(self, var: Path) -> Installation:
        shutil.copytree(self.var, var)
        return Installation(var)

    def server_pid(self) -> int | None:
        return None

    def count(self, installation: Installation, sql: str) -> int:
        with sqlite3.connect(f"file:{installation.var}/postroom.sqlite3?mode=ro", uri=True, timeout=30) as connection:
            return int(connection.execute(sql).fetchone()[0])


@dataclass
class Postgres:
    """The company in a database of a private server, which serves as template."""

    var: Path
    server: Server
    url: str
    watched: dict[str, psycopg.Connection[Any]] = field(default_factory=dict)

    def copy(self, var: Path) -> Installation:
        shutil.copytree(self.var, var)
        template, name = self.url.partition("?")[0].rpartition("/")[2], f"round_{var.name.replace('-', '_')}"
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
            connection.execute("CHECKPOINT")
        return Installation(var, self.server.url(name))

    def server_pid(self) -> int | None:
        return int((self.server.folder / "data" / "postmaster.pid").read_text().split()[0])

    def count(self, installation: Installation, sql: str) -> int:
        """The number that a query gives. One connection serves all looks at a database: a server process that is
        started for each look would be charged to us."""
        url = installation.database_url
        if url not in self.watched:
            self.watched[url] = psycopg.connect(url, autocommit=True)
        row: Any = self.watched[url].execute(sql.encode()).fetchone()
        return int(row[0])

    def close(self) -> None:
        """End the looks."""
        for connection in self.watched.values():
            connection.close()


@contextmanager
def prepared(database: str, *command: str) -> Iterator[tuple[Prepared, Path]]:
    """What the module and arguments of `command` fill on `sqlite` or `postgres`, and a folder for the rounds.

    Raises:
        NotThere: there is no PostgreSQL on this machine.

    """
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as name:
        folder = Path(name)
        if database == "sqlite":
            _fill(Installation(folder / "company"), command)
            yield Sqlite(folder / "company"), folder
            return
        programs = find("postgres")
        if programs is None:
            raise NotThere("PostgreSQL is not installed: apt-get install postgresql")
        with running(programs) as server:
            url = server.create_database()
            _fill(Installation(folder / "company", url), command)
            with closing(Postgres(folder / "company", server, url)) as company:
                yield company, folder


def _fill(installation: Installation, command: Sequence[str]) -> None:
    done = installation.run(*command)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, stderr=done.stderr.decode())
