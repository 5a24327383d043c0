"""PostgreSQL: a pool, prepared statements, SKIP LOCKED, waking by LISTEN and NOTIFY."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.types.json import Jsonb

NOW = "clock_timestamp()"
SKIP_LOCKED = "FOR UPDATE SKIP LOCKED"
GREATER = "greatest"  # of two values
POSITION = "strpos"  # of one text in another, 0 where it is not there
CHANNEL = "postroom"
TEXT = "%s"
MANY = 8  # rows from which on a column of equal values is sent as one: fewer are alike by chance, each time others
STRETCHES = (11, 14, 17, 20)  # bits of an entry's place that name a stretch of 2,000 places, of 8 times more, …
WAITING_WORDS = 256  # kB of new words that wait for the index: about 0.2 ms of a search
BINARY = dict.fromkeys(("text", "varchar", "bytea"), "%b")  # long values: nothing is escaped, nothing taken apart again


def settings(parts: dict[str, Any]) -> dict[str, Any]:
    """Django's DATABASES entry; `parts` holds NAME, USER, PASSWORD, HOST, PORT."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        **parts,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": 10, "timeout": 10},
            "prepare_threshold": 1,
            "server_side_binding": True,
        },
    }


def prepare(cursor: Any) -> None:
    """Pack long values by LZ4 where the server has it: a quarter of the time of its own method for what mail holds."""
    cursor.execute(
        "SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings"
        " WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)"
    )


def durable(cursor: Any) -> str:
    """What this connection says of its durability, empty where it is as promised."""
    level = cursor.execute("SHOW synchronous_commit").fetchone()[0]
    return f"synchronous_commit is {level}" if level in ("off", "local") else ""


def place(connection: Any) -> str:
    """The server's own number, where we may ask for it, and name and number of the database there.

    A database that is dropped and restored under its name has another number; a server's files that are copied keep
    all three.
    """
    with connection.cursor() as cursor:
        asked = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')"
        (may,) = cursor.execute(asked).fetchone()
        server = cursor.execute("SELECT system_identifier FROM pg_control_system()").fetchone()[0] if may else ""
        own = "SELECT datname, oid FROM pg_database WHERE datname = current_database()"
        name, number = cursor.execute(own).fetchone()
    return f"postgresql:{server}:{name}:{number}"


def later(seconds: float) -> str:
    """SQL for the database's clock, so many seconds from now."""
    return f"clock_timestamp() + interval '{seconds:.3f} seconds'"


def full(error: Exception) -> bool:
    """Whether the error says that there is no room."""
    return isinstance(error, psycopg.errors.DiskFull)


def notify(execute: Callable[[str], Any]) -> None:
    """Wake the listeners when this transaction commits."""
    execute(f"NOTIFY {CHANNEL}")


def moment(value: datetime) -> datetime:
    """A point in time as the driver takes it."""
    return value


def document(value: object) -> Jsonb:
    """A value of JSON as the driver takes it."""
    return Jsonb(value)


read_moment = None  # the driver gives both as they are meant


def read_document(value: Any) -> Any:
    """A value of JSON as the driver gives it: Django has it give the text."""
    return json.loads(value) if isinstance(value, str) else value


def among(cursor: Any, head: str, keys: Sequence[int]) -> list[tuple[Any, ...]]:
    """What a query that ends with a column finds where that is one of these numbers."""
    cursor.execute(f"{head} = ANY(%s::bigint[])", [list(keys)])
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def insert(
    cursor: Any, table: str, columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]], tail: str
) -> list[tuple[Any, ...]]:
    """Insert rows; what `tail` has RETURNING, in their order. One array a column: the statement is the same for any
    number of rows, so that it is prepared once. Lengths are left to the columns: a cast would cut in silence.
    """
    source, values = _source(columns, types, rows)
    cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) {source} {tail}", values)
    return cursor.fetchall() if "RETURNING" in tail else []


def update(
    cursor: Any, table: str, columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Write values of rows that exist; the last column is their key."""
    *written, key = columns
    changes = ", ".join(f"{name} = new.{name}" for name in written)
    source, values = _source(columns, types, rows)
    cursor.execute(f"UPDATE {table} SET {changes} FROM ({source}) AS new WHERE {table}.{key} = new.{key}", values)


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
    values = ", ".join([f"{name} = new.{name}" for name in written] + [also])
    source = f"{_arrays(types)} AS new({', '.join(columns)})"
    cursor.execute(
        f"UPDATE {table} SET {values} FROM {source} WHERE {table}.{key} = new.{key}"
        f" AND {table}.{token} = new.{token} AND {table}.state = %s RETURNING {table}.{key}",
        [*_by_column(rows), before],
    )
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _source(columns: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """A query for these rows, and its values: an array for each column, but of many rows a single value for a column
    in which all have the same one. Most columns of new rows are such, and an array costs as much as what it holds.
    """
    by_column = _by_column(rows)
    same = [len(rows) >= MANY and values.count(values[0]) == len(values) for values in by_column]
    if all(same):
        same[-1] = False
    alike = [
        f"%s::{name.partition('(')[0]} AS {column}" if is_same else column
        for column, name, is_same in zip(columns, types, same, strict=True)
    ]
    once = [values[0] for values, is_same in zip(by_column, same, strict=True) if is_same]
    names = [column for column, is_same in zip(columns, same, strict=True) if not is_same]
    arrays = _arrays([name for name, is_same in zip(types, same, strict=True) if not is_same])
    each = [values for values, is_same in zip(by_column, same, strict=True) if not is_same]
    return f"SELECT {', '.join(alike)} FROM {arrays} AS each({', '.join(names)})", [*once, *each]


def _arrays(types: Sequence[str]) -> str:
    plain = [name.partition("(")[0] for name in types]
    return f"unnest({', '.join(f'{BINARY.get(name, TEXT)}::{name}[]' for name in plain)})"


def _by_column(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _lexemes() -> str:
    """What the index of words holds of an entry: its words, each within its scope, and the stretches of places in which
    it is. An index knows no order; by stretches the newest entries are asked for first.
    """
    stretches = " || ' ' || ".join(f"scope || '@{bits}.' || (place >> {bits})::text" for bits in STRETCHES)
    return f"array_to_tsvector(string_to_array({stretches} || replace(words, ' ', ' ' || scope), ' '))"


def create_words(cursor: Any) -> None:
    """An inverted index of the words. What is new waits in a list that goes into it in one go, at less than half the
    cost; each search reads that list, so it is kept short.
    """
    cursor.execute(
        f"CREATE INDEX infra_searchwords ON infra_searchentry USING gin (({_lexemes()}))"
        f" WITH (fastupdate = on, gin_pending_list_limit = {WAITING_WORDS})"
    )


def drop_words(cursor: Any) -> None:
    """The index goes."""
    cursor.execute("DROP INDEX infra_searchwords")


def keep_words(cursor: Any, rows: Sequence[Any]) -> None:
    """Entries; their words are indexed with them."""
    columns, types = ("id", "scope", "place", "about", "words"), ("bigint", "varchar", "bigint", "bigint", "text")
    insert(cursor, "infra_searchentry", columns, types, rows, "")


def forget_words(cursor: Any, rows: Sequence[Any]) -> None:
    """Entries, and their words with them."""
    cursor.execute("DELETE FROM infra_searchentry WHERE id = ANY(%s::bigint[])", [[row.id for row in rows]])


def empty_words(cursor: Any) -> None:
    """All of them."""
    cursor.execute("TRUNCATE infra_searchentry")


def find_words(
    cursor: Any,
    scope: str,
    words: Sequence[str],
    begins: str,
    top: int,
    limit: int,
    also: tuple[str, Sequence[Any]],
) -> list[tuple[int, int]]:
    """One stretch of entries after the other, each larger than the one before: a common word is found in the first, and
    a rare one is rare in all.
    """
    asked = " & ".join([*(f"'{scope}{word}'" for word in words), *([f"'{scope}{begins}':*"] if begins else [])])
    found: list[tuple[int, int]] = []
    cursor.execute(
        "SELECT place FROM infra_searchentry WHERE scope = %s AND place < %s ORDER BY place DESC LIMIT 1", [scope, top]
    )
    newest = cursor.fetchone()
    conditions, given = also
    for stretch in _stretches(scope, newest[0]) if newest else ():
        cursor.execute(
            "WITH hit AS MATERIALIZED (SELECT place, about FROM infra_searchentry AS entry"
            f" WHERE {_lexemes()} @@ %s::tsquery AND place < %s{conditions})"
            " SELECT place, about FROM hit ORDER BY place DESC LIMIT %s",
            [f"{asked} & ({stretch})", top, *given, limit - len(found)],
        )
        found += cursor.fetchall()
        if len(found) >= limit:
            break
    return found


def _stretches(scope: str, newest: int) -> Iterator[str]:
    """Names of stretches from the newest place down to the first, larger ones by and by; they do not overlap."""
    finest, coarsest = STRETCHES[0], STRETCHES[-1]
    here = newest >> finest
    yield f"'{scope}@{finest}.{here}' | '{scope}@{finest}.{here - 1}'"
    left = ((here - 1) << finest) - 1
    for finer, coarser in pairwise(STRETCHES):
        if left < 0:
            return
        first = (left >> coarser) << (coarser - finer)
        yield " | ".join(f"'{scope}@{finer}.{one}'" for one in range(left >> finer, first - 1, -1))
        left = ((left >> coarser) << coarser) - 1
    for one in range(left >> coarsest, -1, -1):
        yield f"'{scope}@{coarsest}.{one}'"


class Waiter:
    """Waits for a NOTIFY on its own connection; connects again when the server went away."""

    def __init__(self, parameters: dict[str, str]) -> None:
        self._conninfo = make_conninfo(**parameters)
        self._connection: psycopg.Connection[Any] | None = None

    def _listen(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=5)
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection

    def wait(self, seconds: float) -> bool:
        """True as soon as somebody notified, False after `seconds`."""
        try:
            for _ in self._listen().notifies(timeout=seconds, stop_after=1):
                return True
        except psycopg.OperationalError:
            self.close()
            raise
        return False

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
