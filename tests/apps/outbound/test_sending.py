"""From the queue to a row that says what became of each copy."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F

from postroom.core.delivery.states import DeliveryState
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.models import Change
from postroom.outbound import choice
from postroom.outbound.events import DeliveryNews, delivery_changed
from postroom.outbound.models import Attempt, Delivery, Dispatch, Lane, Letter, OutgoingServer, SendingPace
from postroom.outbound.paces import known as pace_known
from postroom.outbound.selectors import rendered
from postroom.outbound.services import Recipient, queue, send_due
from postroom.outbound.steps.claim import claim
from postroom.outbound.steps.expire import expire
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Outcome, Result
from tests.support.acme import Acme
from tests.support.sending import new_letter, post

LATER = Outcome(Result.DEFERRED, "rcpt", 450, "4.2.1", "450 4.2.1 Greylisted")
NEVER = Outcome(Result.REFUSED, "rcpt", 550, "5.1.1", "550 5.1.1 No such user")
LOST = Outcome(Result.UNKNOWN, "", 0, "", "The mail was written, but the server did not confirm it.")
SHUT = Outcome(Result.DEFERRED, "connect", words="No server answers at mx.example:25: connection refused.")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[DeliveryNews]:
    """What the floors above hear, with nobody else listening."""
    heard: list[DeliveryNews] = []
    monkeypatch.setattr(delivery_changed, "_receivers", [heard.extend])
    return heard


def _fresh(row: Delivery) -> Delivery:
    return Delivery.objects.select_related("dispatch", "letter").get(pk=row.pk)


def test_a_letter_becomes_copies_and_each_is_sent(acme: Acme, kept: Memory, told: list[DeliveryNews]) -> None:
    rows = post(acme, "hanna@customer.example", "kim@partner.example")
    assert {row.state for row in rows} == {"queued"}
    assert send_due() == 2
    assert [one.recipient for one in kept.copies] == [row.address for row in rows]
    for row in map(_fresh, rows):
        assert (row.state, row.attempts, row.due, row.lease_token) == ("accepted", 1, None, "")
        assert row.settled_at
        assert row.words == "Outbox folder took it: 250 2.0.0 Kept in memory"
    assert told == [DeliveryNews(row.pk, acme.company.pk, "accepted") for row in rows]
    assert set(Change.objects.filter(topic="outbound").values_list("ref", flat=True)) == {str(r.pk) for r in rows}
    assert Dispatch.objects.count() == 1
    assert send_due() == 0


def test_a_try_is_a_row(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "hanna@customer.example")
    kept.answer(row.address, LATER)
    send_due()
    Delivery.objects.update(due=now())
    send_due()
    tries = Attempt.objects.filter(delivery=row).order_by("pk")
    said = [(one.number, one.outcome, one.phase, one.code, one.enhanced, one.words) for one in tries]
    assert said == [
        (1, "deferred", "rcpt", 450, "4.2.1", "450 4.2.1 Greylisted"),
        (2, "accepted", "dot", 250, "2.0.0", "250 2.0.0 Kept in memory"),
    ]
    assert all(one.ended_at and one.ended_at >= one.began_at for one in tries)
    assert Dispatch.objects.count() == 1, "the choice came out the same"


@pytest.mark.parametrize(
    ("outcome", "state", "words"),
    [
        (NEVER, "failed", "Outbox folder refused it: 550 5.1.1 No such user. There is no mailbox with this address."),
        (LOST, "unknown", "The mail was written, but the server did not confirm it."),
    ],
)
def test_what_ends_a_copy_ends_that_one_alone(
    acme: Acme, kept: Memory, outcome: Outcome, state: str, words: str
) -> None:
    first, second = post(acme, "a@firm.example", "b@firm.example")
    kept.answer("a@firm.example", outcome)
    send_due()
    assert (_fresh(first).state, _fresh(first).words, _fresh(first).due) == (state, words, None)
    assert _fresh(second).state == "accepted"
    assert send_due() == 0, "nothing is sent again by itself"


def test_a_copy_that_is_put_off_waits_longer_each_time(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    waits = []
    for _ in range(3):
        kept.answer("a@firm.example", LATER)
        Delivery.objects.filter(pk=row.pk).update(due=now())
        send_due()
        due = _fresh(row).due
        assert due
        waits.append((due - now()).total_seconds())
    least = (300, 600, 1200)  # seconds, as greylisting wants it; the clock goes on while we look
    assert all(few - 5 < wait <= few * 1.25 for few, wait in zip(least, waits, strict=True))
    last = _fresh(row)
    assert last.due
    assert last.words == (
        "Outbox folder put it off: 450 4.2.1 Greylisted. The receiving server asks every new sender to come back a "
        f"little later. It is tried again at {last.due:%Y-%m-%d %H:%M} UTC."
    )
    assert (last.reason, last.reply_class) == ("put-off", "greylisted")
    assert (_fresh(row).state, _fresh(row).attempts) == ("queued", 3)


def test_after_some_days_it_is_given_up(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = post(acme, "a@firm.example")
    Delivery.objects.update(created_at=now() - timedelta(days=5, minutes=1), attempts=30)
    kept.answer("a@firm.example", LATER)
    send_due()
    assert _fresh(row).state == "failed"
    assert _fresh(row).words.startswith("Given up after 5 days. Outbox folder put it off: 450")


def test_the_days_end_with_a_try(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    begun = now() - timedelta(days=4, hours=23, minutes=50)
    Delivery.objects.update(created_at=begun, attempts=30)  # after which it would wait for four hours
    kept.answer("a@firm.example", LATER)
    send_due()
    assert (_fresh(row).state, _fresh(row).due) == ("queued", begun + timedelta(days=5))


def test_whoever_waited_for_days_until_its_first_try_is_not_given_up_at_that(acme: Acme, kept: Memory) -> None:
    """As copies behind a limit do that was learnt; a scheduled one counts from its time."""
    (row,) = post(acme, "a@firm.example")
    Delivery.objects.update(created_at=now() - timedelta(days=9))
    kept.answer("a@firm.example", LATER, LATER)
    send_due()
    first = _fresh(row)
    assert (first.state, first.reason) == ("queued", "put-off")
    assert first.renewed_at
    Delivery.objects.update(due=now(), renewed_at=first.renewed_at - timedelta(days=5))
    send_due()
    assert _fresh(row).state == "failed"


def test_a_refusal_that_passes_by_itself_is_tried_again(acme: Acme, kept: Memory) -> None:
    limit = Outcome(Result.REFUSED, "rcpt", 550, "5.4.5", "550 5.4.5 Daily user sending limit exceeded")
    one, other = post(acme, "a@firm.example", "b@firm.example")
    kept.answer(one.address, limit)
    send_due()
    row = _fresh(one)
    assert (row.state, row.reason, row.reply_class) == ("queued", "put-off", "sending-quota")
    assert row.due
    assert row.due > now() + timedelta(minutes=55)
    (tried,) = one.tries.all()
    assert (tried.outcome, tried.code) == ("deferred", 550)
    assert _fresh(other).state == "accepted"
    Delivery.objects.filter(pk=one.pk).update(due=now())
    SendingPace.objects.all().delete()  # as if the minutes had passed that were learnt from it
    pace_known.forget()
    send_due()
    row = _fresh(one)
    assert (row.state, row.reason, row.reply_class, row.due) == ("accepted", "", "", None)


def test_a_refusal_that_passes_is_given_up_like_any_put_off(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    Delivery.objects.update(created_at=now() - timedelta(days=5, minutes=1), attempts=30)
    kept.answer(row.address, Outcome(Result.REFUSED, "rcpt", 550, "5.4.5", "550 5.4.5 Daily limit exceeded"))
    send_due()
    assert (_fresh(row).state, _fresh(row).reason, _fresh(row).reply_class) == ("failed", "", "sending-quota")


def test_no_session_puts_everything_off_with_the_reason(acme: Acme, kept: Memory) -> None:
    rows = post(acme, *(f"a{number}@firm.example" for number in range(30)))
    kept.closed = SHUT
    assert send_due() == 30
    assert not kept.copies
    for row in map(_fresh, rows):
        assert (row.state, row.reason) == ("queued", "server-down")
        assert row.words.startswith("Outbox folder is down since ")
        assert row.words.endswith(" UTC.")
        assert SHUT.words in row.words
        assert row.dispatch_id
        assert row.due
        assert row.due > now()
    (tried,) = Attempt.objects.all()  # the others only wait
    assert (tried.phase, tried.outcome) == ("connect", "deferred")
    assert sorted(row.attempts for row in map(_fresh, rows)) == [0] * 29 + [1]


def test_a_session_that_ends_is_followed_by_another(acme: Acme, kept: Memory) -> None:
    rows = post(acme, *(f"a{number}@firm.example" for number in range(10)))
    kept.answer("a3@firm.example", LOST)
    kept.answer("a7@firm.example", LOST)
    send_due()
    states = {row.address: row.state for row in map(_fresh, rows)}
    assert [address for address, state in states.items() if state != "accepted"] == [
        "a3@firm.example",
        "a7@firm.example",
    ]
    assert kept.opened >= 3


def test_the_foremost_lane_goes_first(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "send_batch", 2)
    post(acme, "bulk@firm.example", lane=Lane.BULK)
    post(acme, "told@firm.example", lane=Lane.NOTIFICATION)
    post(acme, "waits@firm.example", lane=Lane.INTERACTIVE)
    send_due(2)
    assert [one.recipient for one in kept.copies] == ["waits@firm.example", "told@firm.example"]


def test_each_letter_has_its_lane(acme: Acme) -> None:
    with transaction.atomic():
        ids = queue(
            [(new_letter(acme), [Recipient("a@firm.example")]), (new_letter(acme), [Recipient("b@firm.example")])],
            [Lane.INTERACTIVE, Lane.BULK],
        )
    lanes = dict(Delivery.objects.values_list("pk", "lane"))
    assert [lanes[one] for (one,) in ids] == [0, 2]


def test_more_than_a_batch(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "send_batch", 7)
    monkeypatch.setattr(config(), "send_window", 3)
    post(acme, *(f"a{number}@firm.example" for number in range(40)))
    assert send_due() == 40
    assert len({one.recipient for one in kept.copies}) == len(kept.copies) == 40
    assert Dispatch.objects.count() == 1, "one choice for all batches of a letter"


def test_a_letter_that_cannot_be_read_stops_no_other(acme: Acme, kept: Memory) -> None:
    (bad,) = post(acme, "a@firm.example")
    (good,) = post(acme, "b@firm.example")
    Letter.objects.filter(pk=bad.letter_id).update(to=[["too", "many", "values"]])
    send_due()
    assert _fresh(good).state == "accepted"
    assert _fresh(bad).state == "failed"
    assert _fresh(bad).words.startswith("It can't be sent: ")


def test_a_letter_that_cannot_be_written_stops_no_other(acme: Acme, kept: Memory) -> None:
    (bad,) = post(acme, "a@firm.example", in_reply_to="no id\r\nBcc: all@firm.example")
    (good,) = post(acme, "b@firm.example")
    send_due()
    assert (_fresh(bad).state, _fresh(good).state) == ("failed", "accepted")
    assert _fresh(bad).words.startswith("This mail can't be written: ")


def test_a_receiver_that_fails_loses_no_other_outcome(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(news: list[DeliveryNews]) -> None:
        if any(one.delivery == bad.pk for one in news):
            raise ValueError("a receiver's bug")

    bad, good = post(acme, "a@firm.example", "b@firm.example")
    monkeypatch.setattr(delivery_changed, "_receivers", [fails])
    send_due()
    assert (_fresh(bad).state, _fresh(good).state) == ("transmitting", "accepted")
    _let_leases_run_out()
    monkeypatch.setattr(delivery_changed, "_receivers", [])
    assert expire() == 1
    assert _fresh(bad).state == "unknown"


def _let_leases_run_out() -> None:
    Delivery.objects.filter(lease_until__isnull=False).update(lease_until=F("lease_until") - timedelta(hours=1))


def test_what_was_claimed_is_claimed_again_after_its_lease(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    assert [one.pk for one in claim(10)] == [row.pk]
    assert _fresh(row).state == "claimed"
    assert send_due() == 0
    _let_leases_run_out()
    assert expire() == 0
    assert send_due() == 1
    assert _fresh(row).state == "accepted"


def test_what_was_on_the_wire_is_unknown_after_its_lease(acme: Acme, kept: Memory, told: list[DeliveryNews]) -> None:
    (row,) = post(acme, "a@firm.example")
    claim(10)
    Delivery.objects.update(state=DeliveryState.TRANSMITTING, due=None)
    assert expire() == 0
    _let_leases_run_out()
    assert expire() == 1
    assert (_fresh(row).state, _fresh(row).lease_token, _fresh(row).attempts) == ("unknown", "", 1)
    assert told == [DeliveryNews(row.pk, acme.company.pk, "unknown")]
    assert send_due() == 0


def test_who_lost_the_lease_sends_nothing(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = post(acme, "a@firm.example")
    real = claim

    def stolen(most: int, shares: Any) -> list[Delivery]:
        rows = real(most, shares)
        Delivery.objects.update(lease_token="somebody else")
        return rows

    monkeypatch.setattr("postroom.outbound.pipeline.claim", stolen)
    assert send_due() == 1
    assert not kept.copies
    assert not Attempt.objects.exists()
    assert (_fresh(row).state, _fresh(row).lease_token) == ("claimed", "somebody else")


def test_another_choice_is_another_row(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    kept.answer("a@firm.example", LATER)
    send_due()
    first = _fresh(row).dispatch
    OutgoingServer.objects.create(name="New", host="mx.invalid", from_filter="acme.example", created_at=now())
    choice.forget()
    Delivery.objects.update(due=now())
    claimed = claim(10)
    from postroom.outbound.steps.choose import choose

    choose(claimed)
    second = claimed[0].dispatch
    assert first
    assert second
    assert (first.server_name, second.server_name, second.case) == ("Outbox folder", "New", "domain")
    assert first.pk != second.pk


def test_what_was_sent_is_rendered_again_to_the_byte(acme: Acme, kept: Memory) -> None:
    for row in post(acme, "a@firm.example", "b@firm.example"):
        send_due()
        sent = next(one.mime for one in kept.copies if one.delivery == row.pk)
        assert rendered(_fresh(row)) == sent
