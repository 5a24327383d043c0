"""Connections: durable ones alone are used, and what becomes of one between two pieces of work."""

from __future__ import annotations

from contextlib import suppress

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from postroom.infra.database.base import engine

CHECKED = "_postroom_checked"


class NotDurable(RuntimeError):
    """A connection that would lose committed mail in a power cut."""


def watch_connections() -> None:
    """Prepare every new connection and read back its durability; one that is not durable is never used."""
    connection_created.connect(_check_durability, dispatch_uid="postroom-durability")


def rest(connection: BaseDatabaseWrapper) -> None:
    """Between two pieces of work of a thread that stays: a connection that is sound stays open where opening costs
    something, which is SQLite; PostgreSQL's goes back to its pool.
    """
    sound = not (connection.errors_occurred or connection.in_atomic_block or connection.needs_rollback)
    if sound and connection.vendor == "sqlite":
        connection.close_at = None
    else:
        connection.close()


def _check_durability(sender: object, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Once for each connection: those of a pool come again."""
    if getattr(connection.connection, CHECKED, False):
        return
    with connection.cursor() as cursor:
        problem = engine(connection).durable(cursor)
        engine(connection).prepare(cursor)
    if problem:
        connection.close()
        raise NotDurable(f"The database would lose committed mail: {problem}.")
    with suppress(AttributeError):  # SQLite's takes none, and is opened once for each thread
        setattr(connection.connection, CHECKED, True)
