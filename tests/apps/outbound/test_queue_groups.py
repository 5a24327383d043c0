"""What waits, in groups: counted right, and at a cost that does not grow with the queue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.core.delivery.waiting import Reason
from postroom.infra.clock import now
from postroom.outbound.models import Delivery, Dispatch, Lane
from postroom.outbound.queue import groups as queue_groups
from postroom.outbound.queue.copy_filter import NOT_CHOSEN
from postroom.outbound.queue.groups import queue_of
from tests.support.acme import Acme, make_acme
from tests.support.queries import scanned, statements
from tests.support.sending import post

LATER = timedelta(hours=2)


def _wait(rows: list[Delivery], reason: Reason, hours: int = 1) -> None:
    Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(reason=reason, due=now() + timedelta(hours=hours))


def test_by_reason_destination_and_state(acme: Acme) -> None:
    post(acme, "a@one.example", "b@one.example", "c@two.example")
    put_off = post(acme, "d@two.example", "e@two.example")
    _wait(put_off, Reason.PUT_OFF, 1)
    _wait(put_off[1:], Reason.PUT_OFF, 2)
    (held,) = post(acme, "f@three.example")
    Delivery.objects.filter(pk=held.pk).update(state="held", due=None)
    found = queue_of(acme.admin)
    assert [(one.key, one.count) for one in found.reasons] == [("", 3), ("put-off", 2)]
    assert found.reasons[1].leaves == Delivery.objects.get(pk=put_off[0].pk).due
    assert found.reasons[1].oldest == put_off[0].created_at
    assert [(one.key, one.count) for one in found.destinations] == [("two.example", 3), ("one.example", 2)]
    assert [(one.key, one.count, one.leaves) for one in found.stopped] == [("held", 1, None)]
    assert (found.count, found.more, found.sampled) == (5, False, 5)


def test_by_server_and_lane_without_what_is_wanted_so(acme: Acme) -> None:
    (chosen,) = post(acme, "a@one.example", lane=Lane.INTERACTIVE)
    rows = post(acme, "b@one.example", "c@one.example", lane=Lane.BULK)
    (later,) = post(acme, "d@one.example", lane=Lane.INTERACTIVE)
    _wait([later], Reason.SCHEDULED)
    one = Dispatch.objects.create(
        letter=rows[0].letter, server_name="Default server", from_email="a@acme.example", case="default",
        because="It is.", created_at=now(),
    )  # fmt: skip
    Delivery.objects.filter(pk=rows[0].pk).update(dispatch=one, created_at=now() - LATER)
    Delivery.objects.filter(pk=chosen.pk).update(server=0)
    ages = queue_of(acme.admin).ages
    assert [(age.server, age.lane, age.count) for age in ages] == [
        (0, Lane.BULK, 1), (0, Lane.INTERACTIVE, 1), (NOT_CHOSEN, Lane.BULK, 1),
    ]  # fmt: skip
    assert ages[0].name == "Default server"
    assert ages[1].name  # that of the configuration, as nothing was chosen yet


def test_what_was_sent_again_waits_since_then_and_never_since_a_time_to_come(acme: Acme) -> None:
    one, two = post(acme, "a@one.example", "b@two.example")
    at = now()
    Delivery.objects.filter(pk=one.pk).update(created_at=at - LATER * 9, renewed_at=at - LATER)
    Delivery.objects.filter(pk=two.pk).update(created_at=at - LATER * 9, renewed_at=at + LATER)
    by = {one.key: one.oldest for one in queue_of(acme.admin).destinations}
    assert by["one.example"] == at - LATER
    assert by["two.example"] is not None
    assert by["two.example"] <= now()


def test_a_long_queue_is_said_to_be_longer(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_groups, "MOST", 3)
    monkeypatch.setattr(queue_groups, "SAMPLE", 3)
    post(acme, *[f"a{number}@one.example" for number in range(5)])
    _wait(post(acme, "b@two.example"), Reason.PUT_OFF)
    found = queue_of(acme.admin)
    assert [(one.key, one.count, one.more) for one in found.reasons] == [("", 3, True), ("put-off", 1, False)]
    assert (found.count, found.more, found.sampled) == (4, True, 3)


def test_others_see_nothing(acme: Acme) -> None:
    post(acme, "a@one.example")
    assert queue_of(acme.amara).is_empty
    assert queue_of(make_acme("Other", "other.example").admin).is_empty


def test_it_asks_as_often_for_many_as_for_few_and_reads_no_table_whole(acme: Acme) -> None:
    post(acme, "a@one.example")
    queue_of(acme.admin)
    with statements() as few:
        queue_of(acme.admin)
    post(acme, *[f"b{number}@d{number}.example" for number in range(60)])
    with statements() as many:
        queue_of(acme.admin)
    assert len(many) == len(few) <= 12
    assert not [table for sql in many for table in scanned(sql, {"outbound_delivery", "outbound_dispatch"})]
