"""What becomes of a connection between two pieces of work of a thread that stays."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction

from postroom.infra.clock import now
from postroom.infra.database.connections import rest

pytestmark = pytest.mark.django_db(transaction=True)


def _asked() -> object:
    """The database's own connection, after a question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    return connection.connection


def test_a_sound_one_stays_open_where_opening_costs_something() -> None:
    before = _asked()
    rest(connection)
    if connection.vendor == "sqlite":
        assert connection.connection is before
        assert _asked() is before
    else:
        assert connection.connection is None, "it is in its pool"


def test_one_that_failed_is_closed() -> None:
    before = _asked()
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")
    rest(connection)
    assert connection.connection is None
    assert _asked() is not before


def test_one_that_was_left_within_a_transaction_is_closed() -> None:
    _asked()
    transaction.set_autocommit(False)
    Session.objects.create(session_key="left", session_data="", expire_date=now())
    rest(connection)
    assert connection.connection is None
    assert not Session.objects.exists(), "what was not committed is gone"
