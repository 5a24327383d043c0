"""The verbs that both databases have: claim, add up, wake. The only raw SQL of the project."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from types import ModuleType
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import unquote, urlsplit

from django.db import DatabaseError, connection, models
from django.db.backends.base.base import BaseDatabaseWrapper

from postroom.infra.database import postgres, sqlite
from postroom.infra.database.shapes import Shape, read_rows, shape_of

Row = TypeVar("Row", bound=models.Model)
Claimed = tuple[int, str]  # the key of a row, and the token of the claim
# By which claim somebody holds a row. It is asked several times a copy: by `pk` it would take ten times as long.
claim_of: Callable[[models.Model], Claimed] = attrgetter("id", "lease_token")
_KEY = attrgetter("id")
TICK = 0.002  # seconds: SQLite's clock counts whole milliseconds, ours counts microseconds


class Waiter(Protocol):
    """Waits until another process committed something."""

    def wait(self, seconds: float) -> bool: ...

    def close(self) -> None: ...


def settings_for(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a database URL.

    Raises:
        ValueError: for a scheme other than sqlite and postgresql.

    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite.settings(unquote(parts.path))
    if parts.scheme in ("postgres", "postgresql"):
        query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
        return postgres.settings(
            {
                "NAME": unquote(parts.path.lstrip("/")),
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "HOST": parts.hostname or unquote(query.get("host", "")),
                "PORT": parts.port or query.get("port", ""),
            }
        )
    raise ValueError(f"Database URL {url!r}: use sqlite:///path or postgresql://user@host/name.")


def engine(wrapper: BaseDatabaseWrapper | None = None) -> ModuleType:
    """The module of the database in use."""
    return postgres if (wrapper or connection).vendor == "postgresql" else sqlite


def claim(
    model: type[models.Model], limit: int, lease_seconds: float, *, leading: Sequence[str] = (), state: str = ""
) -> tuple[str, list[int]]:
    """Lease up to `limit` due rows, by the `leading` columns, then oldest first: their token and primary keys.

    With `state` they are in that state from now on. The model has `due`, `lease_token`, `lease_until`; all times are
    the database's clock.
    """
    own, token = engine(), secrets.token_hex(16)
    quote = connection.ops.quote_name
    table, order = quote(model._meta.db_table), ", ".join([*map(quote, leading), "due", "id"])
    also = ", state = %s" if state else ""
    sql = (
        f"WITH picked AS MATERIALIZED (SELECT id FROM {table} WHERE {_due(own)} ORDER BY {order} LIMIT %s"
        f" {own.SKIP_LOCKED})"
        f" UPDATE {table} SET lease_token = %s, lease_until = {own.later(lease_seconds)}{also}"
        f" WHERE id IN (SELECT id FROM picked) RETURNING id"
    )  # materialised: a subquery that locks what it finds may be run again for each row, and lock more each time
    with connection.cursor() as cursor:
        cursor.execute(sql, [limit, token, *([state] if state else [])])
        return token, sorted(row[0] for row in cursor.fetchall())


def claim_shares(
    model: type[models.Model], limit: int, lease_seconds: float, *, by: str, shares: Mapping[int, int], state: str
) -> tuple[str, list[int]]:
    """As `claim`, of rows whose number `by` has a share, no more of each number than that: those of low numbers first,
    then oldest first. Each number is a range of an index that begins with it, however many rows the others have.
    """
    own, token = engine(), secrets.token_hex(16)
    quote = connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(by)
    parts = [
        f"part{number:d} AS MATERIALIZED (SELECT id, {column} FROM {table} WHERE {column} = {number:d} AND {_due(own)}"
        f" ORDER BY due, id LIMIT {share:d} {own.SKIP_LOCKED})"
        for number, share in sorted(shares.items())
    ]
    every = " UNION ALL ".join(f"SELECT id, {column} FROM part{number:d}" for number in sorted(shares))
    sql = (
        f"WITH {', '.join(parts)},"
        f" picked AS MATERIALIZED (SELECT id FROM ({every}) AS every ORDER BY {column} LIMIT %s)"
        f" UPDATE {table} SET lease_token = %s, lease_until = {own.later(lease_seconds)}, state = %s"
        f" WHERE id IN (SELECT id FROM picked) RETURNING id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [limit, token, state])
        return token, sorted(row[0] for row in cursor.fetchall())


def due_shares(model: type[models.Model], *, by: str, numbers: Sequence[int]) -> set[int]:
    """Those of these numbers of which something could be claimed now: a look, no lock."""
    own, quote = engine(), connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(by)
    looks = [
        f"SELECT {number:d} WHERE EXISTS (SELECT 1 FROM {table} WHERE {column} = {number:d} AND {_due(own)})"
        for number in numbers
    ]
    if not looks:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(looks), [])
        return {row[0] for row in cursor.fetchall()}


def _due(own: ModuleType) -> str:
    return f"due IS NOT NULL AND due <= {own.later(TICK)} AND (lease_until IS NULL OR lease_until < {own.NOW})"


def renew(model: type[models.Model], token: str, keys: Sequence[int], lease_seconds: float) -> None:
    """Hold those of these rows that this token still holds for so many seconds from now."""
    table = connection.ops.quote_name(model._meta.db_table)
    marks = ", ".join(["%s"] * len(keys))
    sql = f"UPDATE {table} SET lease_until = {engine().later(lease_seconds)} WHERE lease_token = %s AND id IN ({marks})"
    with connection.cursor() as cursor:
        cursor.execute(sql, [token, *keys])


def keep(model: type[models.Model], token: str, keys: Sequence[int]) -> set[int]:
    """Within a transaction: lock the rows that this token still holds, and say which those are."""
    rows = model._default_manager.filter(pk__in=keys, lease_token=token)
    if connection.features.has_select_for_update:
        rows = rows.select_for_update()
    return set(rows.values_list("pk", flat=True))


def move(
    model: type[models.Model],
    rows: Sequence[models.Model],
    names: Sequence[str],
    *,
    before: str,
    lease_seconds: float | None = None,
) -> set[Claimed]:
    """Write these fields of those of the rows that are in state `before` and under the row's own `lease_token` still,
    in one statement; returns key and token of each. They stay leased for `lease_seconds` from now; without that the
    lease ends.

    A row that was claimed twice may stand here twice: only the claim that holds is written and named.
    """
    if not rows:
        return set()
    rows = _holding(model, rows)
    own, quote = engine(), connection.ops.quote_name
    shape = shape_of(model, engine(), (*names, "lease_token", "pk"))
    lease = (
        "lease_token = '', lease_until = NULL" if lease_seconds is None else f"lease_until = {own.later(lease_seconds)}"
    )
    values = shape.adapt([list(shape.read(row)) for row in rows])
    table, columns = quote(model._meta.db_table), [quote(name) for name in shape.columns]
    with connection.cursor() as cursor:
        moved = {key for (key,) in own.move(cursor, table, columns, shape.types, values, lease, before)}
    return {claim for claim in map(claim_of, rows) if claim[0] in moved}


def _holding(model: type[models.Model], rows: Sequence[Row]) -> Sequence[Row]:
    """Of rows that stand here more than once those whose claim holds; no query where each stands here once."""
    keys = Counter(map(_KEY, rows))
    if len(keys) == len(rows):
        return rows
    several = [key for key, count in keys.items() if count > 1]
    known = dict(model._default_manager.filter(pk__in=several).values_list("pk", "lease_token"))
    return [row for row in rows if keys[row.pk] == 1 or known.get(row.pk) == claim_of(row)[1]]


def add_up(
    model: type[models.Model], rows: Sequence[models.Model], *, unique: Sequence[str], newest: Sequence[str]
) -> None:
    """Insert rows; where one with the same `unique` columns stands, add `count` to it and overwrite `newest`."""
    if not rows:
        return
    updates = ", ".join(
        [f"count = {connection.ops.quote_name(model._meta.db_table)}.count + excluded.count"]
        + [f"{name} = excluded.{name}" for name in newest]
    )
    _insert(rows, f"ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {updates}")


def merge(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    unique: Sequence[str],
    added: Sequence[str] = (),
    greatest: Sequence[str] = (),
    either: Sequence[str] = (),
    replaced: Sequence[str] = (),
) -> None:
    """Insert values of these fields; where a row with the same `unique` ones stands, bring both together: of the fields
    named, numbers are `added`, the `greatest` stays, `either` of two truths counts, the new one has `replaced` it. One
    statement; each `unique` may come once.
    """
    values = [list(row) for row in rows]
    if not values:
        return
    shape, quote = shape_of(model, engine(), tuple(names)), connection.ops.quote_name
    column = dict(zip(names, map(quote, shape.columns), strict=True))
    own, greater = quote(model._meta.db_table), engine().GREATER
    written = [
        *(f"{column[name]} = {own}.{column[name]} + excluded.{column[name]}" for name in added),
        *(f"{column[name]} = {greater}({own}.{column[name]}, excluded.{column[name]})" for name in greatest),
        *(f"{column[name]} = {own}.{column[name]} OR excluded.{column[name]}" for name in either),
        *(f"{column[name]} = excluded.{column[name]}" for name in replaced),
    ]
    keys = ", ".join(column[name] for name in unique)
    _write(model, shape, values, f"ON CONFLICT ({keys}) DO UPDATE SET {', '.join(written)}")


def bump(model: type[models.Model], amounts: Mapping[str, int], since: datetime, window: float) -> dict[str, int]:
    """Add to counters (`key`, `since`, `count`) and return each new count; a window of `window` seconds that has
    passed begins anew.
    """
    if not amounts:
        return {}
    own = engine()
    table = connection.ops.quote_name(model._meta.db_table)
    over = f"{table}.since < {own.later(-window)}"
    rows = [model(key=key, since=since, count=amount) for key, amount in sorted(amounts.items())]
    tail = (
        f"ON CONFLICT (key) DO UPDATE SET count = CASE WHEN {over} THEN excluded.count"
        f" ELSE {table}.count + excluded.count END,"
        f" since = CASE WHEN {over} THEN excluded.since ELSE {table}.since END RETURNING key, count"
    )
    return dict(cast("Iterable[tuple[str, int]]", _insert(rows, tail)))


def insert(rows: Iterable[Row], *, skip_known: bool = False) -> list[Row]:
    """Within a transaction: insert new rows of one model, one statement for all, and give each its primary key.

    As Django's `bulk_create` at a third of its cost: values go down as they stand, every column of every row, and no
    signals are sent. With `skip_known` a row that a unique index knows is left out, and keys are not given.
    """
    new = list(rows)
    if not new:
        return new
    pk: Any = new[0]._meta.pk
    numbered = isinstance(pk, models.AutoField) and not skip_known
    tail = "ON CONFLICT DO NOTHING" if skip_known else ""
    if numbered:
        tail = f"RETURNING {connection.ops.quote_name(pk.column)}"
    keys = _insert(new, tail)
    if numbered:
        for row, (key,) in zip(new, keys, strict=True):
            setattr(row, pk.attname, key)
    alias = connection.alias
    for row in new:
        state = row._state
        state.adding, state.db = False, alias
    return new


def insert_values(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]], *, skip_known: bool = False
) -> None:
    """As `insert`, for rows that nobody needs again: the values of these fields, which are all but the key."""
    if values := [list(row) for row in rows]:
        _write(model, shape_of(model, engine(), tuple(names)), values, "ON CONFLICT DO NOTHING" * skip_known)


def insert_numbered(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[int]:
    """As `insert_values`, for rows whose keys the database numbers: those keys, in order. It costs half of `insert`,
    since no row becomes a Python object.
    """
    values = [list(row) for row in rows]
    if not values:
        return []
    tail = f"RETURNING {connection.ops.quote_name(str(model._meta.pk.column))}"
    return [key for (key,) in _write(model, shape_of(model, engine(), tuple(names)), values, tail)]


def _insert(rows: Sequence[models.Model], tail: str) -> list[tuple[Any, ...]]:
    shape = shape_of(type(rows[0]), engine())
    return _write(type(rows[0]), shape, list(map(list, map(shape.read, rows))), tail)


def _write(model: type[models.Model], shape: Shape, values: list[list[Any]], tail: str) -> list[tuple[Any, ...]]:
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), [quote(name) for name in shape.columns]
    with connection.cursor() as cursor:
        found: list[tuple[Any, ...]] = engine().insert(cursor, table, columns, shape.types, shape.adapt(values), tail)
        return found


def load(model: type[Row], keys: Collection[int], by: str = "pk") -> list[Row]:
    """The rows with these keys in the field `by`, in any order. As a query set's, at a fifth of the cost: no query is
    put together, and rows are made without Django's constructor.
    """
    if not keys:
        return []
    quote, shape = connection.ops.quote_name, shape_of(model, engine(), loading=True)
    key = quote(shape_of(model, engine(), (by,)).columns[0])
    head = f"SELECT {', '.join(map(quote, shape.columns))} FROM {quote(model._meta.db_table)} WHERE {key}"
    with connection.cursor() as cursor:
        lines = engine().among(cursor, head, sorted(keys))
    return read_rows(model, shape, lines, connection.alias)


def update_rows(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields of these rows, one statement for all: much cheaper than one big CASE."""
    if not rows:
        return
    quote = connection.ops.quote_name
    shape = shape_of(model, engine(), (*names, "pk"))
    columns = [quote(name) for name in shape.columns]
    values = shape.adapt([list(shape.read(row)) for row in rows])
    with connection.cursor() as cursor:
        engine().update(cursor, quote(model._meta.db_table), columns, shape.types, values)


def wake() -> None:
    """Within a transaction: wake whoever waits, once it commits."""
    with connection.cursor() as cursor:
        engine().notify(cursor.execute)


def waiter() -> Waiter:
    """A waiter of this database, on a connection of its own."""
    if connection.vendor == "postgresql":
        parameters = connection.get_connection_params()
        known = ("dbname", "user", "password", "host", "port")
        given = {name: str(parameters[name]) for name in known if parameters.get(name)}
        return postgres.Waiter(given)
    return sqlite.Waiter(str(connection.settings_dict["NAME"]))


def no_room(error: DatabaseError) -> bool:
    """Whether a database error says that the disk is full."""
    cause = error.__cause__
    return isinstance(cause, Exception) and bool(engine().full(cause))


def reachable() -> str:
    """Why the database does not answer, empty where it does."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return str(error).strip() or type(error).__name__
    return ""


def place() -> str:
    """Where the database in use lives: another one has another place, also where it holds the same rows."""
    found: str = engine().place(connection)
    return found


def clock() -> datetime:
    """The time by the database's clock, in UTC."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {engine().NOW}", [])
        (value,) = cursor.fetchone()
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at if at.tzinfo else at.replace(tzinfo=UTC)
