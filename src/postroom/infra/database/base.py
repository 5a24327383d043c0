"""The verbs that both databases have: claim, add up, wake, check durability. The only raw SQL of the project."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any, Protocol, cast
from urllib.parse import unquote, urlsplit

from django.db import DatabaseError, connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from postroom.infra.database import postgres, sqlite

TICK = 0.002  # seconds: SQLite's clock counts whole milliseconds, ours counts microseconds


class NotDurable(RuntimeError):
    """A connection that would lose committed mail in a power cut."""


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


def watch_connections() -> None:
    """Read back the durability of every new connection; one that is not durable is never used."""
    connection_created.connect(_check_durability, dispatch_uid="postroom-durability")


def _check_durability(sender: object, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    with connection.cursor() as cursor:
        problem = engine(connection).durable(cursor)
    if problem:
        connection.close()
        raise NotDurable(f"The database would lose committed mail: {problem}.")


def claim(model: type[models.Model], limit: int, lease_seconds: float) -> tuple[str, list[int]]:
    """Lease up to `limit` due rows, oldest first: their token and primary keys.

    The model has `due`, `lease_token`, `lease_until`; all times are the database's clock.
    """
    own, token = engine(), secrets.token_hex(16)
    table = connection.ops.quote_name(model._meta.db_table)
    sql = (
        f"UPDATE {table} SET lease_token = %s, lease_until = {own.later(lease_seconds)} WHERE id IN ("
        f"SELECT id FROM {table} WHERE due IS NOT NULL AND due <= {own.later(TICK)}"
        f" AND (lease_until IS NULL OR lease_until < {own.NOW})"
        f" ORDER BY due, id LIMIT %s {own.SKIP_LOCKED}) RETURNING id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [token, limit])
        return token, sorted(row[0] for row in cursor.fetchall())


def keep(model: type[models.Model], token: str, keys: Sequence[int]) -> set[int]:
    """Within a transaction: lock the rows that this token still holds, and say which those are."""
    rows = model._default_manager.filter(pk__in=keys, lease_token=token)
    if connection.features.has_select_for_update:
        rows = rows.select_for_update()
    return set(rows.values_list("pk", flat=True))


def add_up(
    model: type[models.Model], rows: Sequence[models.Model], *, unique: Sequence[str], newest: Sequence[str]
) -> None:
    """Insert rows; where one with the same `unique` columns stands, add `count` to it and overwrite `newest`."""
    if not rows:
        return
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    updates = ", ".join(
        [f"count = {connection.ops.quote_name(model._meta.db_table)}.count + excluded.count"]
        + [f"{name} = excluded.{name}" for name in newest]
    )
    _insert(model, rows, fields, f"ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {updates}")


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
    fields = list(model._meta.concrete_fields)
    tail = (
        f"ON CONFLICT (key) DO UPDATE SET count = CASE WHEN {over} THEN excluded.count"
        f" ELSE {table}.count + excluded.count END,"
        f" since = CASE WHEN {over} THEN excluded.since ELSE {table}.since END RETURNING key, count"
    )
    return dict(cast("Iterable[tuple[str, int]]", _insert(model, rows, fields, tail)))


def _insert(
    model: type[models.Model], rows: Sequence[models.Model], fields: Sequence[Any], tail: str
) -> list[tuple[Any, ...]]:
    quote = connection.ops.quote_name
    line = "(" + ", ".join(["%s"] * len(fields)) + ")"
    sql = (
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(quote(f.column) for f in fields)})"
        f" VALUES {', '.join([line] * len(rows))} {tail}"
    )
    values = [f.get_db_prep_save(getattr(row, f.attname), connection) for row in rows for f in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if "RETURNING" in tail else []


def update_rows(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields of these rows, one statement for all, a row at a time: much cheaper than one big CASE."""
    if not rows:
        return
    quote = connection.ops.quote_name
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    pk: Any = model._meta.pk
    sql = (
        f"UPDATE {quote(model._meta.db_table)} SET {', '.join(f'{quote(f.column)} = %s' for f in fields)}"
        f" WHERE {quote(pk.column)} = %s"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            sql,
            [[f.get_db_prep_save(getattr(row, f.attname), connection) for f in fields] + [row.pk] for row in rows],
        )


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
