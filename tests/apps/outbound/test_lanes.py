"""Each lane has places of its own: in a claim, in memory, at a server; and each company its turn."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import transaction

from postroom.core.delivery.waiting import Reason
from postroom.core.sending.lanes import LANES
from postroom.directory.models import Company
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound.models import Delivery, Lane
from postroom.outbound.pipeline import take
from postroom.outbound.sender.placing import Placing
from postroom.outbound.sender.pool import Pool, Way
from postroom.outbound.sender.traffic import Traffic
from postroom.outbound.sender.turns import Turns
from postroom.outbound.sender.wire import Connection
from postroom.outbound.services import Recipient, queue, send_due
from postroom.outbound.steps.claim import call, claim, due, next_due
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Copy, Server
from postroom.outbound.work import Item
from tests.support import factory
from tests.support.acme import Acme
from tests.support.queries import plan, scanned, statements, take_stock
from tests.support.sending import new_letter, post

SERVER = Server(1, "Test", "smtp", "mx.example", 25, connections=2)


def _item(number: int, lane: Lane = Lane.NOTIFICATION, company: int = 1) -> Item:
    return Item(Delivery(pk=number, lane=lane, company_id=company), Copy(number, "", "", bytes))


def _backlog(acme: Acme, copies: int, lane: Lane, company: Company | None = None) -> None:
    changes = {"company": company.pk, "domain": None} if company else {}
    with transaction.atomic():
        to = [Recipient(f"{lane.label}{number}@firm.example") for number in range(copies)]
        queue([(new_letter(acme, **changes), to)], lane)


# --- the claim --------------------------------------------------------------------------------------------------------


def test_each_lane_has_its_share(acme: Acme) -> None:
    for lane in reversed(Lane):
        _backlog(acme, 50, lane)
    rows = claim(60, {Lane.INTERACTIVE: 10, Lane.NOTIFICATION: 20, Lane.BULK: 200})
    assert [[row.lane for row in rows].count(lane) for lane in Lane] == [10, 20, 30]
    assert [row.lane for row in rows] == sorted(row.lane for row in rows)


def test_what_somebody_waits_for_is_claimed_first_and_alone_where_only_it_has_room(acme: Acme) -> None:
    _backlog(acme, 300, Lane.BULK)
    (urgent,) = post(acme, "waits@firm.example", lane=Lane.INTERACTIVE)
    assert [row.pk for row in claim(200, {Lane.INTERACTIVE: 200})] == [urgent.pk]


def test_a_look_tells_the_lanes(acme: Acme) -> None:
    post(acme, "a@firm.example", lane=Lane.BULK)
    post(acme, "b@firm.example", lane=Lane.INTERACTIVE)
    assert due() == {Lane.INTERACTIVE, Lane.BULK}
    assert due([Lane.NOTIFICATION, Lane.BULK]) == {Lane.BULK}
    assert due([]) == set()
    claim(10)
    assert due() == set()


def test_the_next_one_of_any_lane_wakes(acme: Acme) -> None:
    """A mail that is due soon in a lane behind counts as well as one that is due late in the foremost."""
    post(acme, "late@firm.example", lane=Lane.INTERACTIVE)
    post(acme, "soon@firm.example", lane=Lane.BULK)
    soon = now() + timedelta(seconds=5)
    Delivery.objects.filter(lane=Lane.INTERACTIVE).update(due=now() + timedelta(days=1))
    Delivery.objects.filter(lane=Lane.BULK).update(due=soon)
    assert next_due() == soon


def test_each_lane_is_a_range_of_the_index_whatever_else_there_is(acme: Acme) -> None:
    """Finished copies are not in the index, those for later stand behind what is due in it."""
    _backlog(acme, 300, Lane.BULK)
    take_stock(Delivery)
    with statements() as said:
        claim(10)
        due()
        next_due()
    claims = [sql for sql in said if "part0" in sql]
    looks = [sql for sql in said if "EXISTS" in sql]
    firsts = [sql for sql in said if sql.startswith("SELECT") and "LIMIT 1" in sql and sql not in looks]
    assert (len(claims), len(looks), len(firsts)) == (1, 1, 3)
    for sql, ranges in ((claims[0], 3), (looks[0], 3), *((first, 1) for first in firsts)):
        assert plan(sql).count("delivery_due") == ranges, plan(sql)
        assert not list(scanned(sql, {"outbound_delivery"}))


def test_what_is_due_later_or_ended_costs_a_claim_nothing(acme: Acme) -> None:
    _backlog(acme, 400, Lane.INTERACTIVE)
    Delivery.objects.update(due=now() + timedelta(days=1))
    Delivery.objects.filter(pk__in=list(Delivery.objects.values_list("pk", flat=True)[:200])).update(
        state="accepted", due=None
    )
    (row,) = post(acme, "waits@firm.example", lane=Lane.INTERACTIVE)
    with statements() as said:
        assert [one.pk for one in claim(200)] == [row.pk]
    assert len(said) == 3


# --- turns ------------------------------------------------------------------------------------------------------------


def test_companies_take_turns() -> None:
    waiting = Turns()
    for number in range(100):
        waiting.add(_item(number, company=1))
    for number in range(100, 103):
        waiting.add(_item(number, company=2))
    assert [item.row.pk for item in waiting.take(8)] == [0, 100, 1, 101, 2, 102, 3, 4]
    assert (len(waiting), waiting.of(1), waiting.of(2)) == (95, 95, 0)
    waiting.put_back([_item(3), _item(4)])
    assert [item.row.pk for item in waiting.take(3)] == [3, 4, 5]


def test_a_company_with_much_leaves_room_for_others(acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten batches of one company stand before three copies of another, and still those leave with the first ones."""
    monkeypatch.setattr(config(), "send_batch", 20)
    monkeypatch.setattr(config(), "send_window", 5)
    _backlog(acme, 200, Lane.NOTIFICATION)
    other = factory.company("Globex")
    _backlog(acme, 3, Lane.NOTIFICATION, other)
    placing = Placing(traffic := Traffic())
    rounds = 0
    while lanes := due():
        placing.place(take(20, dict.fromkeys(lanes, 20)))
        rounds += 1
    assert rounds <= 11
    (pool,) = traffic.pools.values()
    assert pool.waiting[Lane.NOTIFICATION].of(other.pk) == 3
    assert len(pool) <= 20 + 5
    waits = Delivery.objects.filter(state="queued")
    assert set(waits.values_list("reason", flat=True)) == {"turn"}
    assert all(words.endswith(" UTC.") for words in waits.values_list("words", flat=True))
    assert not waits.filter(dispatch=None).exists()
    assert not waits.filter(due__lt=now() + timedelta(seconds=5)).exists()


def test_what_was_put_back_is_called_as_soon_as_there_is_room(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config(), "send_batch", 20)
    factory.company("Globex")
    _backlog(acme, 300, Lane.NOTIFICATION)
    send_due()
    assert len({one.recipient for one in kept.copies}) == len(kept.copies) == 300


def test_only_what_waits_for_its_turn_is_called(acme: Acme) -> None:
    turn, limit, held = post(acme, "a@firm.example", "b@firm.example", "c@firm.example")
    later = now() + timedelta(minutes=5)
    Delivery.objects.update(due=later, reason="turn", words="It waits.")
    Delivery.objects.filter(pk=limit.pk).update(reason="server-limit")
    Delivery.objects.filter(pk=held.pk).update(state="held", due=None)
    assert call([turn.pk, limit.pk, held.pk], Reason.TURN) == 1
    turn.refresh_from_db()
    assert (turn.reason, turn.words) == ("", "")
    assert turn.due
    assert turn.due < later


# --- a server ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def pool() -> Pool:
    """Two connections; bulk is on the wire over one, the other waits."""
    found = Pool(SERVER)
    for number in range(100):
        found.add(_item(number, Lane.BULK))
    found.ways.update({Connection(SERVER): Way.WARM, Connection(SERVER): Way.WARM})
    ((connection, items),) = found.windows(20)
    assert len(items) == 20
    found.begin(connection, Lane.BULK)
    return found


def test_the_kept_connection_takes_what_is_urgent(pool: Pool) -> None:
    assert pool.windows(20) == []  # it is not for bulk
    pool.add(_item(200, Lane.INTERACTIVE))
    ((_, items),) = pool.windows(20)
    assert [item.row.pk for item in items] == [200]
    assert pool.to_cut() == []


def test_a_connection_that_hangs_makes_room_for_another(pool: Pool) -> None:
    urgent = next(one for one, way in pool.ways.items() if way is Way.WARM)
    pool.begin(urgent, Lane.INTERACTIVE)
    pool.add(_item(200, Lane.INTERACTIVE))
    assert pool.to_open() == []
    pool.hangs(urgent, hangs=True)
    (another,) = pool.to_open()
    assert pool.to_cut() == [urgent]  # what stands behind it is free again
    pool.ended(another, warm=True)
    ((connection, items),) = pool.windows(20)
    assert (connection, [item.row.pk for item in items]) == (another, [200])
    pool.begin(another, Lane.INTERACTIVE)
    pool.ended(urgent, warm=True)  # it answered after all
    assert pool.spare() == [urgent]
    assert pool.to_open() == []


def test_where_all_share_one_connection_bulk_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(Server(1, "Test", "smtp", connections=1))
    for number in range(100):
        pool.add(_item(number, Lane.BULK))
    connection = Connection(pool.server)
    pool.ways[connection] = Way.WARM
    ((_, items),) = pool.windows(20)
    assert len(items) == 5
    pool.begin(connection, Lane.BULK)
    assert pool.to_cut() == []
    pool.add(_item(200, Lane.INTERACTIVE))
    assert pool.to_open() == []
    assert pool.to_cut() == [connection]
    assert pool.to_cut() == []  # once
    pool.ended(connection, warm=True)
    ((_, items),) = pool.windows(20)
    assert [item.row.pk for item in items] == [200]


def test_a_slow_server_holds_no_more_than_it_takes_soon() -> None:
    pool = Pool(SERVER)
    for number in range(100):
        pool.add(_item(number))
    assert not pool.is_slow(Lane.NOTIFICATION)  # nobody knows yet
    pool.flow.since = time.monotonic() - 5
    assert pool.is_slow(Lane.NOTIFICATION)
    assert not pool.has_room(_item(100), 20, 200, share=False)
    assert pool.has_room(_item(100, company=2), 20, 200, share=False)
    assert pool.has_room(_item(100, Lane.INTERACTIVE), 20, 200, share=False)
    pool.flow.note(500)
    assert not pool.is_slow(Lane.NOTIFICATION)


@pytest.mark.parametrize(
    ("slow", "share", "lanes"), [(False, False, [0, 1]), (True, False, [0, 1, 2]), (False, True, [0, 1, 2])]
)
def test_a_lane_that_is_full_keeps_no_other_from_being_claimed(slow: bool, share: bool, lanes: list[int]) -> None:
    traffic = Traffic()
    pool = traffic.pool(SERVER)
    for number in range(150):
        pool.add(_item(number, Lane.BULK))
    if slow:
        pool.flow.since = time.monotonic() - 5
    assert list(traffic.room(200, share=share)) == lanes
    assert set(LANES) >= set(lanes)


def test_the_oldest_wait_behind_no_more_than_ten_minutes(acme: Acme, kept: Memory) -> None:
    _backlog(acme, 30, Lane.BULK)
    placing = Placing(traffic := Traffic())
    (first, *rest) = take(30)
    placing.place([first])
    (pool,) = traffic.pools.values()
    pool.paused_until = time.monotonic() + 60
    placing.place(rest)
    dues = list(Delivery.objects.filter(reason="turn").order_by("pk").values_list("due", flat=True))
    assert len(dues) == 29
    assert dues == sorted(dues, key=lambda at: at or now())
    assert all(at and now() + timedelta(seconds=590) < at < now() + timedelta(seconds=601) for at in dues)
