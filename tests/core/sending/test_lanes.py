"""Places at a server: what is kept is never given away, what is urgent always finds one, there are never too many."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.core.sending.circuit import FIRST, LONGEST, probe_after
from postroom.core.sending.lanes import (
    BULK,
    INTERACTIVE,
    LANES,
    LONGEST_TURN,
    NOTIFICATION,
    SHORTEST_TURN,
    Busy,
    may_begin,
    places,
    reserve,
    room,
    turn_after,
    turns,
    window,
)


@pytest.mark.parametrize(
    ("connections", "interactive", "notification", "bulk"),
    [(1, 0, 0, 1), (2, 1, 0, 1), (3, 1, 1, 1), (4, 1, 1, 2), (5, 1, 1, 3), (10, 2, 1, 7), (25, 5, 1, 19)],
)
def test_what_is_kept(connections: int, interactive: int, notification: int, bulk: int) -> None:
    assert reserve(connections, INTERACTIVE) == interactive
    assert reserve(connections, NOTIFICATION) == notification
    assert reserve(connections, BULK) == 0
    assert turns(connections, Busy(), (0, 0, 10_000), 100) == [BULK] * bulk


@dataclass
class _Server:
    """A server as its connections come and go: the lane of each window, and whether it hangs."""

    connections: int
    windows: list[tuple[int, bool]] = field(default_factory=list)

    @property
    def busy(self) -> Busy:
        counts = [[self.windows.count((lane, hangs)) for lane in LANES] for hangs in (False, True)]
        return Busy((counts[0][0], counts[0][1], counts[0][2]), (counts[1][0], counts[1][1], counts[1][2]))

    @property
    def hanging(self) -> int:
        return sum(hangs for _, hangs in self.windows)


EVENTS = st.lists(
    st.tuples(st.sampled_from(["begin", "begin", "begin", "end", "hang"]), st.sampled_from(LANES), st.integers(0, 99)),
    max_size=60,
)


def _live(connections: int, events: list[tuple[str, int, int]]) -> list[_Server]:
    """The server after each event; a window begins only where it may, and what hangs stays so until it ends."""
    now, seen = _Server(connections), []
    for event, lane, number in events:
        windows = list(now.windows)
        if event == "begin" and may_begin(connections, now.busy, lane):
            windows.append((lane, False))
        elif event != "begin" and windows:
            at = number % len(windows)
            windows[at : at + 1] = [] if event == "end" else [(windows[at][0], True)]
        now = _Server(connections, windows)
        seen.append(now)
    return seen


@given(st.integers(1, 30), EVENTS)
def test_bulk_never_has_what_is_kept(connections: int, events: list[tuple[str, int, int]]) -> None:
    for server in _live(connections, events):
        kept = reserve(connections, INTERACTIVE) + reserve(connections, NOTIFICATION)
        behind = server.busy.working
        assert behind[BULK] + server.busy.hanging[BULK] <= connections - kept
        assert behind[BULK] + behind[NOTIFICATION] <= connections - reserve(connections, INTERACTIVE)


@given(st.integers(1, 30), EVENTS)
def test_what_is_urgent_finds_a_place(connections: int, events: list[tuple[str, int, int]]) -> None:
    """Unless what is as urgent has the places that are kept already, or as many hang as there may be in addition."""
    for server in _live(connections, events):
        if connections > 1 and server.hanging <= connections:
            first = server.busy.working[INTERACTIVE] < reserve(connections, INTERACTIVE)
            assert may_begin(connections, server.busy, INTERACTIVE) or not first


@given(st.integers(2, 30), EVENTS)
def test_a_place_is_left_for_what_is_urgent_while_not_all_hang(
    connections: int, events: list[tuple[str, int, int]]
) -> None:
    for server in _live(connections, events):
        working = sum(server.busy.working)
        if not working and server.hanging < 2 * connections:
            assert may_begin(connections, server.busy, INTERACTIVE)


@given(st.integers(1, 30), EVENTS)
def test_there_are_never_too_many(connections: int, events: list[tuple[str, int, int]]) -> None:
    """No more than usual besides those that hang, and never more than twice as many."""
    for server in _live(connections, events):
        assert sum(server.busy.working) <= connections
        assert server.busy.total <= 2 * connections


@given(
    st.integers(-3, 30),
    st.tuples(*[st.integers(0, 9)] * 3),
    st.tuples(*[st.integers(0, 9)] * 3),
    st.tuples(*[st.integers(-2, 500)] * 3),
    st.integers(0, 40),
)
def test_turns_are_those_that_may_begin_the_foremost_first(
    connections: int, working: tuple[int, int, int], hanging: tuple[int, int, int], waiting: list[int], free: int
) -> None:
    busy = Busy(working, hanging)
    found = turns(connections, busy, waiting, free)
    assert len(found) <= free
    assert found == sorted(found)
    assert all(waiting[lane] > 0 for lane in found)
    for lane in found:
        assert may_begin(connections, busy, lane)
        busy = busy.begun(lane)


@given(st.integers(-3, 30), st.sampled_from(LANES), st.integers(1, 100))
def test_windows(connections: int, lane: int, longest: int) -> None:
    size = window(connections, lane, longest)
    assert 1 <= size <= longest
    if lane == INTERACTIVE or connections < 2:
        assert size <= max(1, longest // 4)


NUMBERS = st.floats() | st.floats(0, 5000)


@given(NUMBERS, st.integers(1, 100), st.integers(1, 1000))
def test_room(rate: float, longest: int, batch: int) -> None:
    found = room(rate, longest, batch)
    assert min(2 * longest, batch) <= found <= batch


@settings(max_examples=300)
@given(st.integers(-5, 10**9), NUMBERS)
def test_a_turn_comes_between_ten_seconds_and_ten_minutes(before: int, rate: float) -> None:
    found = turn_after(before, rate)
    assert SHORTEST_TURN <= found <= LONGEST_TURN
    assert turn_after(before + 1, rate) >= found
    assert not math.isnan(found)


@given(st.integers(-3, 10**6))
def test_tries_become_rarer(failures: int) -> None:
    assert FIRST <= probe_after(failures) <= probe_after(failures + 1) <= LONGEST


def test_the_first_tries() -> None:
    assert [probe_after(number) for number in range(1, 9)] == [5, 10, 20, 40, 80, 160, 300, 300]


@given(st.integers(1, 30), st.integers(-3, 100))
def test_places_for_those_that_hang(connections: int, hanging: int) -> None:
    assert connections <= places(connections, hanging) <= 2 * connections
