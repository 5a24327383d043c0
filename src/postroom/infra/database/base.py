"""The verbs that both databases have: claim, add up, wake. The only raw SQL of the project."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from types import ModuleType
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import unquote, urlsplit

from django.db import DatabaseError, connection, models
from django.db.backends.base.base import BaseDatabaseWrapper

from postroom.infra.database import postgres, sqlite

AS_THEY_ARE = (  # values of these are sent as the row holds them
    models.AutoField, models.IntegerField, models.BooleanField, models.BinaryField, models.ForeignKey,
)  # fmt: skip
Row = TypeVar("Row", bound=models.Model)
Claimed = tuple[int, str]  # the key of a row, and the token of the claim
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
        f"WITH picked AS MATERIALIZED (SELECT id FROM {table} WHERE due IS NOT NULL AND due <= {own.later(TICK)}"
        f" AND (lease_until IS NULL OR lease_until < {own.NOW}) ORDER BY {order} LIMIT %s {own.SKIP_LOCKED})"
        f" UPDATE {table} SET lease_token = %s, lease_until = {own.later(lease_seconds)}{also}"
        f" WHERE id IN (SELECT id FROM picked) RETURNING id"
    )  # materialised: a subquery that locks what it finds may be run again for each row, and lock more each time
    with connection.cursor() as cursor:
        cursor.execute(sql, [limit, token, *([state] if state else [])])
        return token, sorted(row[0] for row in cursor.fetchall())


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
    shape = _shape(model, connection.vendor, (*names, "lease_token", "pk"))
    lease = (
        "lease_token = '', lease_until = NULL" if lease_seconds is None else f"lease_until = {own.later(lease_seconds)}"
    )
    values = shape.adapt([list(shape.read(row)) for row in rows])
    table, columns = quote(model._meta.db_table), [quote(name) for name in shape.columns]
    with connection.cursor() as cursor:
        moved = {key for (key,) in own.move(cursor, table, columns, shape.types, values, lease, before)}
    return {claim for row in rows if (claim := claim_of(row))[0] in moved}


def claim_of(row: models.Model) -> Claimed:
    """By which claim somebody holds a row: its key, and the token that it had then."""
    return cast("int", row.pk), cast("Any", row).lease_token


def _holding(model: type[models.Model], rows: Sequence[Row]) -> Sequence[Row]:
    """Of rows that stand here more than once those whose claim holds; no query where each stands here once."""
    keys = Counter(row.pk for row in rows)
    several = [key for key, count in keys.items() if count > 1]
    if not several:
        return rows
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
    shape, quote = _shape(model, connection.vendor, tuple(names)), connection.ops.quote_name
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
            row.pk = key
    alias = connection.alias
    for row in new:
        row._state.adding, row._state.db = False, alias
    return new


def insert_values(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]], *, skip_known: bool = False
) -> None:
    """As `insert`, for rows that nobody needs again: the values of these fields, which are all but the key."""
    if values := [list(row) for row in rows]:
        _write(model, _shape(model, connection.vendor, tuple(names)), values, "ON CONFLICT DO NOTHING" * skip_known)


def insert_numbered(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[int]:
    """As `insert_values`, for rows whose keys the database numbers: those keys, in order. It costs half of `insert`,
    since no row becomes a Python object.
    """
    values = [list(row) for row in rows]
    if not values:
        return []
    tail = f"RETURNING {connection.ops.quote_name(str(model._meta.pk.column))}"
    return [key for (key,) in _write(model, _shape(model, connection.vendor, tuple(names)), values, tail)]


def _insert(rows: Sequence[models.Model], tail: str) -> list[tuple[Any, ...]]:
    shape = _shape(type(rows[0]), connection.vendor)
    return _write(type(rows[0]), shape, list(map(list, map(shape.read, rows))), tail)


def _write(model: type[models.Model], shape: _Shape, values: list[list[Any]], tail: str) -> list[tuple[Any, ...]]:
    quote = connection.ops.quote_name
    table, columns = quote(model._meta.db_table), [quote(name) for name in shape.columns]
    with connection.cursor() as cursor:
        found: list[tuple[Any, ...]] = engine().insert(cursor, table, columns, shape.types, shape.adapt(values), tail)
        return found


@dataclass(frozen=True, slots=True)
class _Shape:
    """How rows of a model go into a statement: `adapters` are of the columns whose values are not sent as they are."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    read: Callable[[models.Model], Sequence[Any]]
    adapters: tuple[tuple[int, Callable[[Any], Any]], ...]

    def adapt(self, values: list[list[Any]]) -> list[list[Any]]:
        """The same lists, with values as the driver takes them."""
        for index, adapt in self.adapters:
            for line in values:
                line[index] = adapt(line[index])
        return values


@cache
def _shape(model: type[models.Model], vendor: str, names: tuple[str, ...] = ()) -> _Shape:
    """By default of every column but a key that the database numbers. `vendor` is there for the cache."""
    meta = model._meta
    fields: list[Any] = [meta.pk if name == "pk" else meta.get_field(name) for name in names] or [
        field for field in meta.concrete_fields if not isinstance(field, models.AutoField)
    ]
    return _Shape(
        tuple(field.column for field in fields),
        tuple(
            str(field.rel_db_type(connection)) if field.primary_key else str(field.db_type(connection))
            for field in fields
        ),
        attrgetter(*(field.attname for field in fields)),
        tuple((index, _adapter(field)) for index, field in enumerate(fields) if not isinstance(field, AS_THEY_ARE)),
    )


def _adapter(field: Any) -> Callable[[Any], Any]:
    if isinstance(field, models.DateTimeField):
        moment: Callable[[Any], Any] = engine().moment
        return lambda value: None if value is None else moment(value)
    if isinstance(field, models.JSONField):
        document: Callable[[Any], Any] = engine().document
        return document
    if isinstance(field, (models.CharField, models.TextField)):
        return _without_nul
    return lambda value: field.get_db_prep_save(value, connection)


def _without_nul(value: str | None) -> str | None:
    """PostgreSQL takes no NUL in a text, so no database gets one."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if value and "\0" in value else value


def update_rows(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields of these rows, one statement for all: much cheaper than one big CASE."""
    if not rows:
        return
    quote = connection.ops.quote_name
    shape = _shape(model, connection.vendor, (*names, "pk"))
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
