"""State tables: complete, reachable, and final states are final."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.delivery.states import (
    ARRIVALS,
    DELIVERIES,
    FINAL,
    ArrivalEvent,
    ArrivalState,
    DeliveryEvent,
    DeliveryState,
    advance,
    worst,
)

A, AE, D, DE = ArrivalState, ArrivalEvent, DeliveryState, DeliveryEvent
TABLES = [(ARRIVALS, A, AE), (DELIVERIES, D, DE)]


@pytest.mark.parametrize(("table", "states", "events"), TABLES, ids=["arrivals", "deliveries"])
def test_nothing_but_a_person_leaves_a_final_state(table: Any, states: Any, events: Any) -> None:
    for state, event in product(states, events):
        if state in table.final and event not in table.by_person:
            assert table.advance(state, event) is state
            assert advance(state, event) is state


@pytest.mark.parametrize(("table", "states", "events"), TABLES, ids=["arrivals", "deliveries"])
def test_every_state_is_named_reached_and_not_a_trap(table: Any, states: Any, events: Any) -> None:
    assert set(table.meanings) == set(states)
    assert all(meaning.endswith(".") and "\n" not in meaning for meaning in table.meanings.values())
    reached = {table.start}
    while more := {after for (state, _), after in table.steps.items() if state in reached} - reached:
        reached |= more
    assert reached == set(states)
    assert {event for _, event in table.steps} == set(events)
    leaving = {state for state, event in table.steps if event not in table.by_person}
    resting = set(states) - table.final - leaving
    assert resting <= {D.HELD}  # a held delivery waits for a person; all else moves on by itself or is final


@pytest.mark.parametrize(("table", "states", "events"), TABLES, ids=["arrivals", "deliveries"])
def test_sources_are_the_states_that_an_event_moves(table: Any, states: Any, events: Any) -> None:
    for event in events:
        assert table.sources(event) == {s for s in states if table.allows(s, event)}
        staying = {s for s in table.sources(event) if table.advance(s, event) is s}
        assert staying <= {A.RETRYING}  # a further try that fails


@given(st.lists(st.sampled_from([e for e in AE if e is not AE.REPLAY])))
def test_a_route_ends_once(events: list[ArrivalEvent]) -> None:
    state, finals = A.ARRIVED, []
    for event in events:
        state = advance(state, event)
        if state in FINAL:
            finals.append(state)
    assert len(set(finals)) <= 1


@pytest.mark.parametrize("state", A)
def test_replay(state: ArrivalState) -> None:
    again = {A.FAILED, A.HELD, A.REFUSED, A.DUPLICATE, A.IGNORED}
    assert advance(state, AE.REPLAY) is (A.ARRIVED if state in again else state)


@pytest.mark.parametrize(
    ("state", "event", "after"),
    [
        (D.QUEUED, DE.CLAIM, D.CLAIMED),
        (D.CLAIMED, DE.LEASE_EXPIRED, D.QUEUED),
        (D.CLAIMED, DE.TRANSMIT, D.TRANSMITTING),
        (D.TRANSMITTING, DE.LEASE_EXPIRED, D.UNKNOWN),  # it may have been sent: never again without a person
        (D.TRANSMITTING, DE.DEFER, D.QUEUED),
        (D.TRANSMITTING, DE.REFUSE, D.FAILED),
        (D.TRANSMITTING, DE.ACCEPT, D.ACCEPTED),
        (D.TRANSMITTING, DE.CANCEL, D.TRANSMITTING),  # too late
        (D.QUEUED, DE.TRANSMIT, D.QUEUED),  # without a claim nothing is sent
        (D.UNKNOWN, DE.CLAIM, D.UNKNOWN),
        (D.UNKNOWN, DE.SEND_AGAIN, D.QUEUED),
        (D.UNKNOWN, DE.REPORT_BOUNCED, D.BOUNCED),
        (D.DELIVERED, DE.REPORT_BOUNCED, D.BOUNCED),
        (D.BOUNCED, DE.REPORT_DELIVERED, D.BOUNCED),
    ],
)
def test_deliveries(state: DeliveryState, event: DeliveryEvent, after: DeliveryState) -> None:
    assert advance(state, event) is after


def test_only_a_claim_that_transmits_can_send() -> None:
    assert {state for (state, _), after in DELIVERIES.steps.items() if after is D.TRANSMITTING} == {D.CLAIMED}
    without_person = {
        s for (s, e), after in DELIVERIES.steps.items() if after is D.QUEUED and e not in DELIVERIES.by_person
    }
    assert without_person == {D.CLAIMED, D.TRANSMITTING}


def test_worst() -> None:
    order = [A.FAILED, A.HELD, A.REFUSED, A.DUPLICATE, A.IGNORED, A.REPORTED, A.ROUTED]
    for rank, state in enumerate(order):
        assert worst(order[rank:][::-1]) is state
    for still_open in (A.ARRIVED, A.CLAIMED, A.RETRYING):
        assert worst([*order, still_open]) is still_open
    assert worst([]) is A.ARRIVED


@given(st.permutations(list(A)), st.integers(1, len(A)))
def test_worst_is_one_of_them_and_no_matter_of_order(states: list[ArrivalState], count: int) -> None:
    some = states[:count]
    assert worst(some) in some
    assert worst(some) is worst(sorted(some))
