"""SQLite: WAL, fsync at every commit, write transactions from their first statement, waking by `data_version`."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

NOW = "strftime('%%Y-%%m-%%d %%H:%%M:%%f000', 'now')"  # for statements with parameters: a plain % is written twice
SKIP_LOCKED = ""
GREATER = "max"  # of two values
POSITION = "instr"  # of one text in another, 0 where it is not there
KINDS = 16  # entries of a place in the index of words: keys are places times this
POLL_SECONDS = 0.02
FULL = 2
VARIABLES = 30_000  # SQLite takes 32,766 in a statement

INIT = """
PRAGMA journal_mode=WAL;
PRAGMA synchronous=FULL;
PRAGMA foreign_keys=ON;
PRAGMA wal_autocheckpoint=2000;
PRAGMA cache_size=-16000;
PRAGMA temp_store=MEMORY;
"""


def settings(path: str) -> dict[str, Any]:
    """Django's DATABASES entry for an SQLite file."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {"timeout": 30, "transaction_mode": "IMMEDIATE", "init_command": INIT},
        "TEST": {"NAME": str(Path(path).with_name("test.sqlite3"))},
    }


def prepare(cursor: Any) -> None:
    """Nothing that `settings` has not said."""


def durable(cursor: Any) -> str:
    """What this connection says of its durability, empty where it is as promised."""
    level = cursor.execute("PRAGMA synchronous").fetchone()[0]
    mode = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    if level < FULL:
        return f"synchronous is {level}, not FULL"
    return "" if mode in ("wal", "memory") else f"journal_mode is {mode}, not WAL"


def place(connection: Any) -> str:
    """The file system and the file's number there: a copy of the file has another one, whatever its name.

    Not the device's number, which may be another after each start of the machine; a file system keeps its id.
    """
    path = str(connection.settings_dict["NAME"])
    return f"sqlite:{os.statvfs(path).f_fsid:x}:{os.stat(path).st_ino}"  # noqa: PTH116


def later(seconds: float) -> str:
    """SQL for the database's clock, so many seconds from now; for statements with parameters."""
    return f"strftime('%%Y-%%m-%%d %%H:%%M:%%f000', 'now', '{seconds:+.3f} seconds')"


def full(error: Exception) -> bool:
    """Whether the error says that there is no room."""
    return isinstance(error, sqlite3.OperationalError) and "full" in str(error)


def notify(execute: Callable[[str], Any]) -> None:
    """Nothing to do: every commit shows in `data_version`."""


def moment(value: datetime) -> str:
    """A point in time as Django keeps it here: UTC without saying so."""
    return str(value.astimezone(UTC).replace(tzinfo=None))


def read_moment(value: datetime) -> datetime:
    """A point in time as the driver gives it."""
    return value.replace(tzinfo=UTC)


def document(value: object) -> str:
    """A value of JSON as Django keeps it here."""
    return "[]" if value == [] else json.dumps(value)


def read_document(value: str) -> Any:
    """A value of JSON as the driver gives it."""
    return [] if value == "[]" else json.loads(value)


def among(cursor: Any, head: str, keys: Sequence[int]) -> list[tuple[Any, ...]]:
    """What a query that ends with a column finds where that is one of these numbers."""
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(keys), VARIABLES):
        chunk = keys[start : start + VARIABLES]
        cursor.execute(f"{head} IN ({', '.join(['%s'] * len(chunk))})", chunk)
        found += cursor.fetchall()
    return found


def insert(
    cursor: Any, table: str, columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]], tail: str
) -> list[tuple[Any, ...]]:
    """Insert rows; what `tail` has RETURNING, in their order."""
    line = f"({', '.join(['%s'] * len(columns))})"
    head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
    if "RETURNING" not in tail:
        cursor.executemany(f"{head}{line} {tail}", rows)
        return []
    found: list[tuple[Any, ...]] = []
    for chunk in _chunks(rows, VARIABLES // len(columns)):
        cursor.execute(f"{head}{', '.join([line] * len(chunk))} {tail}", [value for row in chunk for value in row])
        found += cursor.fetchall()
    return found


def update(
    cursor: Any, table: str, columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Write values of rows that exist; the last column is their key."""
    *written, key = columns
    cursor.executemany(f"UPDATE {table} SET {', '.join(f'{name} = %s' for name in written)} WHERE {key} = %s", rows)


def move(
    cursor: Any,
    table: str,
    columns: Sequence[str],
    types: Sequence[str],
    rows: Sequence[Sequence[Any]],
    also: str,
    before: str,
) -> list[tuple[Any, ...]]:
    """Write values of rows in state `before`; the last two columns are their lease's token, as it must be, and key."""
    *written, token, key = columns
    names = {name: f"new.column{number}" for number, name in enumerate(columns, 1)}
    values = ", ".join([f"{name} = {names[name]}" for name in written] + [also])
    line = f"({', '.join(['%s'] * len(columns))})"
    found: list[tuple[Any, ...]] = []
    for chunk in _chunks(rows, VARIABLES // len(columns)):
        cursor.execute(
            f"UPDATE {table} SET {values} FROM (VALUES {', '.join([line] * len(chunk))}) AS new"
            f" WHERE {table}.{key} = {names[key]} AND {table}.{token} = {names[token]}"
            f" AND {table}.state = %s RETURNING {table}.{key}",
            [*(value for row in chunk for value in row), before],
        )
        found += cursor.fetchall()
    return found


def _chunks(rows: Sequence[Sequence[Any]], size: int) -> Iterable[Sequence[Sequence[Any]]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def create_words(cursor: Any) -> None:
    """A full-text index that keeps no words of its own. What a word begins with, the scope apart, is indexed too: two
    and three letters, by which much would have to be gathered.
    """
    cursor.execute(
        "CREATE VIRTUAL TABLE infra_searchwords USING"
        " fts5(words, content='', columnsize=0, detail=none, prefix='8 9', tokenize='ascii')"
    )


def drop_words(cursor: Any) -> None:
    """The index goes."""
    cursor.execute("DROP TABLE infra_searchwords")


def keep_words(cursor: Any, rows: Sequence[Any]) -> None:
    """Entries and their words. The index is told of each by itself: it keeps no entry that it could be asked for."""
    cursor.executemany(
        "INSERT INTO infra_searchentry (id, scope, place, about, words) VALUES (%s, %s, %s, %s, %s)", rows
    )
    cursor.executemany(
        "INSERT INTO infra_searchwords (rowid, words) VALUES (%s, %s)", [(row.id, _scoped(row)) for row in rows]
    )


def forget_words(cursor: Any, rows: Sequence[Any]) -> None:
    """Entries and their words, which have to be those that were kept."""
    cursor.executemany(
        "INSERT INTO infra_searchwords (infra_searchwords, rowid, words) VALUES ('delete', %s, %s)",
        [(row.id, _scoped(row)) for row in rows],
    )
    cursor.executemany("DELETE FROM infra_searchentry WHERE id = %s", [(row.id,) for row in rows])


def empty_words(cursor: Any) -> None:
    """All of them."""
    cursor.execute("INSERT INTO infra_searchwords (infra_searchwords) VALUES ('delete-all')")
    cursor.execute("DELETE FROM infra_searchentry")


def find_words(
    cursor: Any,
    scope: str,
    words: Sequence[str],
    begins: str,
    top: int,
    limit: int,
    also: tuple[str, Sequence[Any]],
) -> list[tuple[int, int]]:
    """The index is read from its end, so that a common word costs no more than a rare one. CROSS JOIN says so, and a
    key bounds it, since it knows no more: the first one of the place `top`.
    """
    asked = " ".join([*(f'"{scope}{word}"' for word in words), *([f'"{scope}{begins}"*'] if begins else [])])
    conditions, given = also
    cursor.execute(
        "SELECT entry.place, entry.about FROM infra_searchwords CROSS JOIN infra_searchentry AS entry"
        " ON entry.id = infra_searchwords.rowid"
        f" WHERE infra_searchwords MATCH %s AND infra_searchwords.rowid < %s{conditions}"
        " ORDER BY infra_searchwords.rowid DESC LIMIT %s",
        [asked, top * KINDS, *given, limit],
    )
    found: list[tuple[int, int]] = cursor.fetchall()
    return found


def _scoped(row: Any) -> str:
    scoped: str = row.words.replace(" ", f" {row.scope}")
    return scoped


class Waiter:
    """Waits for a commit of any other connection; costs about 3 µs a look."""

    def __init__(self, url: str) -> None:
        self._connection = sqlite3.connect(url, isolation_level=None)
        self._seen = self._version()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def wait(self, seconds: float) -> bool:
        """True as soon as somebody committed, False after `seconds`."""
        until = time.monotonic() + seconds
        while (now := self._version()) == self._seen:
            if time.monotonic() >= until:
                return False
            time.sleep(min(POLL_SECONDS, seconds))
        self._seen = now
        return True

    def close(self) -> None:
        self._connection.close()
