"""Who gets the next window, which connections are worth opening, what is forgotten."""

from __future__ import annotations

from dataclasses import replace

import pytest

from postroom.outbound.models import Delivery, Lane
from postroom.outbound.sender.traffic import Pool, Traffic, Way
from postroom.outbound.sender.wire import Connection
from postroom.outbound.transports.protocol import Copy, Server
from postroom.outbound.work import Item

SERVER = Server(1, "Test", "smtp", "mx.example", 25, connections=4)


def _item(number: int, lane: Lane = Lane.NOTIFICATION) -> Item:
    return Item(Delivery(pk=number, lane=lane), Copy(number, "", "", bytes))


def _pool(items: int, **ways: int) -> Pool:
    pool = Pool(SERVER)
    for number in range(items):
        pool.add(_item(number))
    for name, count in ways.items():
        for _ in range(count):
            connection = Connection(SERVER)
            pool.ways[connection] = Way[name]
            if name == "BUSY":
                pool.begin(connection, Lane.NOTIFICATION)
    return pool


@pytest.mark.parametrize(
    ("waiting", "ways", "opened"),
    [
        (0, {}, 0),
        (1, {}, 1),
        (100, {}, 1),  # first see whether it is there at all
        (100, {"OPENING": 1}, 0),
        (100, {"BUSY": 1}, 2),  # one of the four is kept for what somebody waits for
        (100, {"WARM": 2, "COLD": 1}, 1),
        (7, {"BUSY": 1}, 2),
        (5, {"WARM": 1}, 0),
        (100, {"BUSY": 4}, 0),
    ],
)
def test_connections_worth_opening(waiting: int, ways: dict[str, int], opened: int) -> None:
    pool = _pool(waiting, **ways)
    assert len(pool.to_open()) == opened
    assert len(pool.ways) <= SERVER.connections


@pytest.mark.parametrize(
    ("waiting", "warm", "sizes"),
    [(3, 2, [3]), (12, 2, [6, 6]), (100, 2, [20, 20]), (21, 4, [7, 7, 7]), (0, 2, [])],
)
def test_windows_are_shared_out(waiting: int, warm: int, sizes: list[int]) -> None:
    assert [len(items) for _, items in _pool(waiting, WARM=warm).windows(20)] == sizes


def test_the_foremost_lane_leaves_first_and_what_is_put_back_comes_first_again() -> None:
    pool = Pool(SERVER)
    for number, lane in enumerate([Lane.BULK, Lane.NOTIFICATION, Lane.INTERACTIVE, Lane.BULK]):
        pool.add(_item(number, lane))
    taken = pool.take(3)
    assert [item.row.pk for item in taken] == [2, 1, 0]
    pool.put_back(taken)
    assert [item.row.pk for item in pool.clear()] == [2, 1, 0, 3]


def test_a_server_that_is_set_differently_gets_new_connections() -> None:
    traffic = Traffic()
    pool = traffic.pool(SERVER)
    warm, busy = Connection(SERVER), Connection(SERVER)
    pool.ways.update({warm: Way.WARM, busy: Way.BUSY})
    assert traffic.stale() == []
    traffic.pool(replace(SERVER, port=26))
    assert traffic.stale() == [warm]
    assert list(pool.ways) == [busy]


def test_a_server_without_work_is_forgotten() -> None:
    traffic = Traffic()
    pool, cold = traffic.pool(SERVER), Connection(SERVER)
    pool.ways[cold] = Way.COLD
    pool.moved_at -= 61
    pool.add(_item(1))
    assert traffic.stale() == []
    pool.clear()
    assert traffic.stale() == [cold]
    assert not traffic.pools
