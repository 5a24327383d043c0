"""Rows that are read and made past Django's constructor are what Django's own are."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from postroom.core.sending import server_choice
from postroom.core.sending.facts import Choice
from postroom.infra.clock import now
from postroom.infra.database.base import insert, load
from postroom.infra.database.shapes import link, new
from postroom.outbound.models import Attempt, Delivery, Dispatch, Letter, OutgoingServer
from postroom.outbound.services import send_due
from postroom.outbound.steps import choose as module
from postroom.outbound.transports.memory import Memory
from tests.support.acme import Acme
from tests.support.sending import post

MODELS: tuple[type[models.Model], ...] = (Letter, Delivery, Dispatch, Attempt, OutgoingServer)


def _values(row: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def _filled(acme: Acme) -> None:
    """Rows with and without a value in every kind of column."""
    post(acme, "a@firm.example", "b@firm.example", references=("one@x", "two@x"), secret="s3cret")
    post(acme, "c@firm.example", is_automatic=True, html="")
    OutgoingServer.objects.create(
        name="Relay", host="mx.invalid", from_filter="other.example", created_at=now(), secret=b"\0\xff"
    )
    send_due()


@pytest.mark.parametrize("model", MODELS)
def test_what_is_loaded_is_what_django_loads(model: type[models.Model], acme: Acme, kept: Memory) -> None:
    _filled(acme)
    theirs = {row.pk: row for row in model._default_manager.all()}
    ours = load(model, theirs)
    assert {row.pk: _values(row) for row in ours} == {pk: _values(row) for pk, row in theirs.items()}
    assert [type(value) for row in sorted(ours, key=lambda row: row.pk) for value in _values(row).values()] == [
        type(value) for _, row in sorted(theirs.items()) for value in _values(row).values()
    ]
    assert all(row == theirs[row.pk] and not row._state.adding and row._state.db == "default" for row in ours)


def test_loaded_rows_can_be_saved_and_follow_their_keys(acme: Acme, kept: Memory) -> None:
    _filled(acme)
    (row,) = load(Delivery, [Delivery.objects.order_by("pk")[0].pk])
    with CaptureQueriesContext(connection) as asked:
        assert row.letter.subject == row.letter.subject
    assert len(asked) == 1
    row.words = "Changed."
    row.save()
    assert Delivery.objects.get(pk=row.pk).words == "Changed."


def test_rows_are_found_by_another_key_in_one_query(acme: Acme, kept: Memory) -> None:
    _filled(acme)
    letters = list(Letter.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as asked:
        found = load(Delivery, letters, by="letter")
    assert len(found) == 3
    assert len(asked) == 1
    assert load(Delivery, []) == []
    assert load(Delivery, [-1]) == []


def test_a_new_row_is_what_the_constructor_makes(acme: Acme, kept: Memory) -> None:
    _filled(acme)
    sent = Delivery.objects.order_by("pk")[0]
    named = {"delivery_id": sent.pk, "dispatch_id": sent.dispatch_id, "number": 2, "began_at": now()}
    ours, theirs = new(Attempt, **named), Attempt(**named)
    assert _values(ours) == _values(theirs)
    assert (ours._state.adding, ours._state.db) == (theirs._state.adding, theirs._state.db)
    insert([ours])
    assert _values(Attempt.objects.get(pk=ours.pk)) == _values(ours)


@pytest.mark.parametrize("named", [{"letter": 1, "trace": ()}, {"letter_id": 1}, {"letter_id": 1, "trace": (), "x": 1}])
def test_a_new_row_takes_columns_and_needs_those_without_a_fixed_default(named: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="not the columns of Dispatch"):
        new(Dispatch, **named)


def test_a_linked_row_is_not_asked_for(acme: Acme, kept: Memory) -> None:
    _filled(acme)
    (row,) = load(Delivery, [Delivery.objects.order_by("pk")[0].pk])
    (letter,) = load(Letter, [row.letter_id])
    link(row, "letter", letter)
    with CaptureQueriesContext(connection) as asked:
        assert row.letter is letter
    assert not asked.captured_queries


def test_letters_of_one_author_are_chosen_for_once_a_batch(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Choice] = []

    def counted(*given: Any) -> Choice:
        calls.append(server_choice.choose_server(*given))
        return calls[-1]

    monkeypatch.setattr(module, "choose_server", counted)
    for number in range(5):
        post(acme, f"a{number}@firm.example")
    post(acme, "b@firm.example", reply_to="")
    send_due()
    rows = list(Dispatch.objects.order_by("pk"))
    assert len(calls) == 2  # the address for answers is told in the trace
    assert [row.trace for row in rows] == [list(calls[0].trace)] * 5 + [list(calls[1].trace)]
    assert len(kept.copies) == 6
