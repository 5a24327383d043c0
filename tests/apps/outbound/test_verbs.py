"""What people decide about copies, and what they may see of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.directory.models import User
from postroom.outbound import selectors
from postroom.outbound.models import Delivery, Letter
from postroom.outbound.queue.copy_filter import CopyFilter
from postroom.outbound.services import cancel, close_unknown, hold, release, send_again, send_due
from postroom.outbound.steps.claim import claim
from postroom.outbound.steps.transmit import transmit
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Copy, Outcome, Result
from postroom.outbound.work import Item
from tests.support.acme import Acme, make_acme
from tests.support.sending import post

VERBS: dict[DeliveryEvent, Callable[[User, Sequence[int]], int]] = {
    DeliveryEvent.SEND_AGAIN: send_again,
    DeliveryEvent.CANCEL: cancel,
    DeliveryEvent.HOLD: hold,
    DeliveryEvent.RELEASE: release,
    DeliveryEvent.SETTLE_SENT: partial(close_unknown, sent=True),
    DeliveryEvent.SETTLE_UNSENT: partial(close_unknown, sent=False),
}


@pytest.mark.parametrize("state", list(DeliveryState))
@pytest.mark.parametrize("event", list(VERBS))
def test_a_verb_follows_the_table(acme: Acme, state: DeliveryState, event: DeliveryEvent) -> None:
    (row,) = post(acme, "a@firm.example")
    Delivery.objects.update(state=state, due=None)
    expected = DELIVERIES.advance(state, event)
    assert VERBS[event](acme.admin, [row.pk]) == DELIVERIES.allows(state, event)
    row.refresh_from_db()
    assert row.state == expected
    if DELIVERIES.allows(state, event):
        assert "Ada Admin" in row.words
        assert (row.due is not None) == (expected == DeliveryState.QUEUED)
        assert (row.lease_token, row.reason) == ("", "")
        assert (row.settled_at is not None) == (expected in DELIVERIES.final | {DeliveryState.ACCEPTED})


@pytest.mark.parametrize("verb", list(VERBS.values()))
def test_members_and_strangers_decide_nothing(acme: Acme, verb: Callable[[User, Sequence[int]], int]) -> None:
    other = make_acme("Other", "other.example")
    (row,) = post(acme, "a@firm.example")
    for state in DeliveryState:
        Delivery.objects.update(state=state)
        assert verb(acme.amara, [row.pk]) == 0
        assert verb(other.admin, [row.pk]) == 0


@pytest.mark.parametrize("verb", [cancel, hold])
def test_what_was_taken_back_is_not_sent(acme: Acme, kept: Memory, verb: Callable[[User, Sequence[int]], int]) -> None:
    (row,) = post(acme, "a@firm.example")
    (claimed,) = claim(1)
    claimed.dispatch = None
    assert verb(acme.admin, [row.pk]) == 1
    assert transmit([Item(claimed, Copy(row.pk, "", "", lambda: b""))]) == []
    assert send_due() == 0
    row.refresh_from_db()
    assert row.state in {"cancelled", "held"}


def test_sent_again_it_begins_anew(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    kept.answer("a@firm.example", Outcome(Result.UNKNOWN, "", words="Lost."))
    send_due()
    assert send_again(acme.admin, [row.pk]) == 1
    send_due()
    row.refresh_from_db()
    assert row.state == "accepted"
    assert row.renewed_at
    assert row.tries.count() == 2
    assert len(kept.copies) == 1


@pytest.mark.parametrize(
    ("sent", "state", "words"), [(True, "accepted", "it arrived"), (False, "failed", "it did not arrive")]
)
def test_what_is_unknown_is_closed_by_what_a_person_found(
    acme: Acme, kept: Memory, sent: bool, state: str, words: str
) -> None:
    rows = post(acme, *(f"a{number}@firm.example" for number in range(30)))
    for row in rows:
        kept.answer(row.address, Outcome(Result.UNKNOWN, "", words="Lost."))
    send_due()
    assert close_unknown(acme.admin, [row.pk for row in rows], sent=sent) == 30
    found = Delivery.objects.values_list("state", "words", "due", "attempts")
    assert set(found) == {(state, f"Closed by Ada Admin: {words}.", None, 1)}
    assert send_due() == 0, "nothing is sent by that"
    assert close_unknown(acme.admin, [row.pk for row in rows], sent=not sent) == 0, "what is closed stays closed"


@pytest.mark.parametrize("sent", [True, False])
def test_a_secret_is_kept_no_longer_than_until_somebody_knows_that_it_arrived(
    acme: Acme, kept: Memory, sent: bool
) -> None:
    one, other = (post(acme, address)[0] for address in ("a@firm.example", "b@firm.example"))
    Letter.objects.update(secret=b"not to be kept")
    Delivery.objects.update(state="unknown", due=None)
    close_unknown(acme.admin, [one.pk], sent=sent)
    left = dict(Letter.objects.values_list("pk", "secret"))
    assert (left[one.letter_id] is None) is sent
    assert left[other.letter_id] is not None


def test_closing_many_costs_no_more_statements_than_one(acme: Acme, kept: Memory) -> None:
    rows = post(acme, *(f"a{number}@firm.example" for number in range(40)))
    Delivery.objects.update(state="unknown", due=None)
    with CaptureQueriesContext(connection) as one:
        assert close_unknown(acme.admin, [rows[0].pk], sent=True) == 1
    with CaptureQueriesContext(connection) as many:
        assert close_unknown(acme.admin, [row.pk for row in rows[1:]], sent=True) == 39
    assert len(many) <= len(one)


def test_the_outbox_by_key(acme: Acme, kept: Memory) -> None:
    rows = post(acme, *(f"a{number}@firm.example" for number in range(5)))
    post(acme, "b@firm.example", about="lead:2")
    send_due()
    first = selectors.deliveries(acme.admin, CopyFilter(about="lead:1"), limit=3)
    second = selectors.deliveries(acme.admin, CopyFilter(about="lead:1"), limit=3, before=first.next)
    assert [one.pk for one in (*first.rows, *second.rows)] == [row.pk for row in reversed(rows)]
    assert second.next is None
    assert len(selectors.deliveries(acme.admin, CopyFilter(states=("accepted",))).rows) == 6
    assert not selectors.deliveries(acme.admin, CopyFilter(states=("failed",))).rows
    assert not selectors.deliveries(acme.amara).rows


def test_the_outbox_asks_twice_however_long_it_is(
    acme: Acme, kept: Memory, django_assert_num_queries: Callable[[int], object]
) -> None:
    post(acme, *(f"a{number}@firm.example" for number in range(20)))
    send_due()
    user = User.objects.get(pk=acme.admin.pk)
    with django_assert_num_queries(3):  # type: ignore[attr-defined]
        for row in selectors.deliveries(user).rows:
            assert row.letter.subject
            assert row.dispatch
            assert row.dispatch.server_name


def test_one_copy_with_its_tries(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    send_due()
    shown = selectors.delivery(acme.admin, row.pk)
    assert shown
    assert [one.outcome for one in shown.tries] == ["accepted"]
    assert shown.tries[0].dispatch.because
    assert selectors.delivery(acme.amara, row.pk) is None
    assert selectors.delivery(make_acme("Other", "other.example").admin, row.pk) is None


def test_a_copy_that_waits_can_be_looked_at(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    before = selectors.rendered(row)
    send_due()
    assert kept.copies[0].mime == before
