"""What about the way out needs attention: servers that are away, queues that stand still, copies that failed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from postroom.core.delivery.waiting import Reason
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.directory.attention import Attention, Weight
from postroom.infra.clock import now
from postroom.outbound.attention import queues as attention
from postroom.outbound.choice import server_of
from postroom.outbound.models import Attempt, Delivery, Dispatch, Lane, Letter
from postroom.outbound.pipeline import exchange, take
from postroom.outbound.queue.ages import oldest
from postroom.outbound.servers import circuits
from postroom.outbound.steps.claim import give_back
from postroom.outbound.steps.wait import Wait, wait
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Outcome
from postroom.outbound.transports.protocol import Result as Answer
from postroom.outbound.work import PutOff, Result
from tests.support import factory
from tests.support.acme import Acme
from tests.support.queries import plan, scanned, statements, take_stock
from tests.support.sending import post

SHUT = Outcome(Answer.DEFERRED, "connect", words="No server answers.")
LOGIN = Outcome(Answer.DEFERRED, "login", 535, "5.7.8", "Authentication failed.")
LATER = Outcome(Answer.DEFERRED, "rcpt", 451, "4.7.1", "Greylisted.")
GROWING = {"outbound_letter", "outbound_delivery", "outbound_dispatch", "outbound_attempt"}

pytestmark = pytest.mark.usefixtures("kept")


def _queue(acme: Acme) -> list[Attention]:
    return list(attention.queue(acme.admin))


def _put_off(outcome: Outcome) -> None:
    with transaction.atomic():
        items = take(50)
        down = circuits.trip(server_of(items[0].server), outcome)
        exchange([], [PutOff(items, outcome, down=down)], [])


@pytest.mark.parametrize("outcome", [SHUT, LOGIN])
def test_a_server_that_lets_nobody_in(acme: Acme, outcome: Outcome) -> None:
    post(acme, "hanna@customer.example", "otto@customer.example")
    began = now()
    _put_off(outcome)
    (found,) = _queue(acme)
    assert found.weight is Weight.BAD
    assert "lets nobody in" in found.title
    assert found.text.startswith(f"{outcome.words.rstrip('.')}. ")
    assert "2 copies wait" in found.text
    assert found.since is not None
    assert found.since >= began - timedelta(seconds=1)
    assert found.page == "servers"  # the default server has no page of its own


def test_a_server_of_ours_is_where_one_goes(acme: Acme) -> None:
    server = factory.server(acme.company, "Main")
    post(acme, "hanna@customer.example")
    _put_off(SHUT)
    (found,) = _queue(acme)
    assert (found.page, found.args) == ("server", (server.pk,))
    assert found.title == "Main lets nobody in"


def test_a_server_that_opened_since_is_not_down(acme: Acme) -> None:
    post(acme, "hanna@customer.example")
    _put_off(SHUT)
    circuits.close(DEFAULT_SERVER)
    assert _queue(acme) == []


def test_an_answer_about_one_copy_says_nothing_about_the_server(acme: Acme) -> None:
    post(acme, "hanna@customer.example")
    with transaction.atomic():
        begun = exchange([], [], take(1))
        exchange([Result(item, LATER) for item in begun], [], [])
    assert _queue(acme) == []


@pytest.mark.parametrize(
    ("lane", "minutes", "found"),
    [
        (Lane.INTERACTIVE, 3, 1),
        (Lane.INTERACTIVE, 1, 0),
        (Lane.NOTIFICATION, 11, 1),
        (Lane.NOTIFICATION, 9, 0),
        (Lane.BULK, 361, 1),
        (Lane.BULK, 350, 0),
    ],
)
def test_copies_that_should_have_left(acme: Acme, lane: Lane, minutes: int, found: int) -> None:
    post(acme, "hanna@customer.example", lane=lane)
    queued = now() - timedelta(minutes=minutes)
    Delivery.objects.update(due=queued, created_at=queued)
    items = _queue(acme)
    assert [(one.since, one.page, one.query) for one in items] == [(queued, "outbound", "state=waiting")] * found


@pytest.mark.parametrize(
    ("reason", "found"),
    [(Reason.TURN, 1), (Reason.SERVER_LIMIT, 1), (Reason.PUT_OFF, 0), (Reason.SCHEDULED, 0), (Reason.UNDO, 0)],
)
def test_what_waits_as_somebody_asked_is_not_late(acme: Acme, reason: Reason, found: int) -> None:
    post(acme, "hanna@customer.example", lane=Lane.INTERACTIVE)
    Delivery.objects.update(
        created_at=now() - timedelta(hours=1), due=now() + timedelta(hours=1), reason=reason, words="It waits."
    )
    assert [one.text for one in _queue(acme)] == ["It waits."] * found


def test_the_oldest_of_each_server_and_lane(acme: Acme) -> None:
    server = factory.server(acme.company, "Main")
    for lane in Lane:
        post(acme, "a@firm.example", "b@firm.example", lane=lane)
        post(acme, "c@firm.example", lane=lane, forced_server=DEFAULT_SERVER)
    put = {row.pk: row for row in Delivery.objects.order_by("pk")}
    for age, row in enumerate(put.values()):
        Delivery.objects.filter(pk=row.pk).update(created_at=now() - timedelta(seconds=age))
    with transaction.atomic():
        give_back([item.row for item in take(50)])
    assert {(one.server, one.lane) for one in oldest({acme.company.pk})} == {(None, lane.value) for lane in Lane}
    Delivery.objects.update(due=now())
    rows = take(50)
    down = circuits.trip(server_of(server.pk), SHUT)
    with transaction.atomic():
        wait([Wait(item, Reason.SERVER_DOWN, down.until, down.words) for item in rows])
    found = {(one.server, one.lane): put[one.delivery].address for one in oldest({acme.company.pk})}
    names = {(server.pk, lane.value): "b@firm.example" for lane in Lane}
    assert found == names | {(DEFAULT_SERVER, lane.value): "c@firm.example" for lane in Lane}


def test_the_ages_are_read_along_the_index(acme: Acme) -> None:
    post(acme, *(f"a{number}@firm.example" for number in range(300)))
    take_stock(Delivery)
    with statements() as said:
        assert list(oldest({acme.company.pk}))
    looks = [sql for sql in said if 'FROM "outbound_delivery"' in sql]
    assert len(looks) == len(Lane)
    assert all("delivery_due" in plan(sql) for sql in looks)


@pytest.mark.parametrize(
    ("state", "days", "words"),
    [
        ("failed", 1, "1 copy did not arrive"),
        ("bounced", 1, "1 copy did not arrive"),
        ("unknown", 2, "1 copy may have left"),
        ("failed", 4, ""),
        ("cancelled", 1, ""),
        ("accepted", 1, ""),
    ],
)
def test_copies_that_ended_badly(acme: Acme, state: str, days: int, words: str) -> None:
    post(acme, "hanna@customer.example")
    Delivery.objects.update(state=state, due=None, settled_at=now() - timedelta(days=days))
    assert [one.title for one in attention.ended_badly(acme.admin)] == ([words] if words else [])


def test_nothing_of_another_company(acme: Acme) -> None:
    post(acme, "hanna@customer.example", "otto@customer.example")
    first, second = Delivery.objects.order_by("pk")
    Delivery.objects.filter(pk=first.pk).update(state="failed", due=None, settled_at=now())
    Delivery.objects.filter(pk=second.pk).update(created_at=now() - timedelta(hours=1))
    stranger = factory.user("stranger", {factory.company("Globex"): "administrator"})
    for check in (attention.queue, attention.ended_badly):
        assert list(check(acme.admin))
        assert list(check(stranger)) == []


def test_a_server_is_a_step_until_there_is_one(acme: Acme) -> None:
    (step,) = attention.no_server(acme.admin)
    assert (step.weight, step.page) == (Weight.STEP, "server-new")
    factory.server(acme.company, "Main")
    assert list(attention.no_server(acme.admin)) == []


@pytest.mark.parametrize("amount", [1, 30])
def test_what_it_costs(acme: Acme, amount: int) -> None:
    post(acme, *(f"a{number}@firm.example" for number in range(amount)))
    _put_off(SHUT)
    with statements() as said:
        assert _queue(acme)
        list(attention.ended_badly(acme.admin))
    assert len(said) <= 10
    assert not {(table, sql) for sql in said for table in scanned(sql, GROWING)}


def test_a_company_is_read_on_its_index(acme: Acme, kept: Memory) -> None:
    post(acme, *(f"a{number}@firm.example" for number in range(300)))
    Delivery.objects.update(state="accepted")
    Delivery.objects.filter(pk__in=Delivery.objects.order_by("pk").values("pk")[:5]).update(state="queued")
    _put_off(SHUT)
    take_stock(Delivery, Letter, Dispatch, Attempt)
    with statements() as said:
        _queue(acme)
        list(attention.ended_badly(acme.admin))
    plans = [plan(sql) for sql in said if 'FROM "outbound_delivery"' in sql]
    indexes = ("delivery_open", "delivery_due", "delivery_server_down")
    assert len(plans) > 3
    assert all(any(name in one for name in indexes) for one in plans), plans
