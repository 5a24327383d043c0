"""What about the way out needs attention: servers that are away, queues that stand still, copies that failed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from postroom.directory.attention import Attention, Weight
from postroom.infra.clock import now
from postroom.outbound import attention
from postroom.outbound.models import Delivery, Lane
from postroom.outbound.pipeline import exchange, take
from postroom.outbound.transports.memory import TAKEN, Memory
from postroom.outbound.transports.protocol import Outcome
from postroom.outbound.transports.protocol import Result as Answer
from postroom.outbound.work import PutOff, Result
from tests.support import factory
from tests.support.acme import Acme
from tests.support.queries import plan, scanned, statements
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
        exchange([], [PutOff(take(50), outcome)], [])


@pytest.mark.parametrize("outcome", [SHUT, LOGIN])
def test_a_server_that_lets_nobody_in(acme: Acme, outcome: Outcome) -> None:
    post(acme, "hanna@customer.example", "otto@customer.example")
    began = now()
    _put_off(outcome)
    (found,) = _queue(acme)
    assert found.weight is Weight.BAD
    assert "lets nobody in" in found.title
    assert found.text.startswith(f"{outcome.words.rstrip('.')}. 2 copies wait")
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


def test_a_server_that_took_something_since_is_not_down(acme: Acme) -> None:
    post(acme, "hanna@customer.example")
    _put_off(SHUT)
    post(acme, "otto@customer.example")
    with transaction.atomic():
        begun = exchange([], [], take(1))
        exchange([Result(item, TAKEN) for item in begun], [], [])
    assert _queue(acme) == []


def test_an_answer_about_one_copy_says_nothing_about_the_server(acme: Acme) -> None:
    post(acme, "hanna@customer.example")
    with transaction.atomic():
        begun = exchange([], [], take(1))
        exchange([Result(item, LATER) for item in begun], [], [])
    assert _queue(acme) == []


@pytest.mark.parametrize(
    ("lane", "minutes", "found"),
    [(Lane.NOTIFICATION, 11, 1), (Lane.INTERACTIVE, 11, 1), (Lane.NOTIFICATION, 9, 0), (Lane.BULK, 600, 0)],
)
def test_copies_that_should_have_left(acme: Acme, lane: Lane, minutes: int, found: int) -> None:
    post(acme, "hanna@customer.example", lane=lane)
    due = now() - timedelta(minutes=minutes)
    Delivery.objects.update(due=due)
    items = _queue(acme)
    assert [(one.since, one.page, one.query) for one in items] == [(due, "outbound", "state=waiting")] * found


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
    Delivery.objects.filter(pk=second.pk).update(due=now() - timedelta(hours=1))
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
    post(acme, "hanna@customer.example")
    _put_off(SHUT)
    with statements() as said:
        _queue(acme)
        list(attention.ended_badly(acme.admin))
    plans = [plan(sql) for sql in said if 'FROM "outbound_delivery"' in sql]
    assert plans
    assert all("delivery_open" in one for one in plans), plans
