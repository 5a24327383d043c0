"""What people decide about copies: every verb in every state, with state, words, reason and due together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from postroom.core.delivery.decisions import Order, Verb, after, sources, why_not
from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.infra.clock import now
from postroom.infra.models import Change
from postroom.outbound import choice
from postroom.outbound.models import Delivery, OutgoingServer
from postroom.outbound.queue import control
from postroom.outbound.queue.control import CannotDecide, decide
from postroom.outbound.services import send_due
from postroom.outbound.steps.claim import claim
from postroom.outbound.steps.transmit import transmit
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Copy
from postroom.outbound.work import Item
from tests.support.acme import Acme, make_acme
from tests.support.queries import statements
from tests.support.sending import post

S = DeliveryState
LATER = timedelta(hours=3)


def _order(verb: Verb) -> Order:
    return Order(verb, at=now() + LATER if verb is Verb.SCHEDULE else None)


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_in_every_state(acme: Acme, verb: Verb, state: DeliveryState) -> None:
    (row,) = post(acme, "a@firm.example")
    due = now() + LATER if state in {S.QUEUED, S.CLAIMED} else None
    lease = {"lease_token": "t", "lease_until": now() + LATER} if state in {S.CLAIMED, S.TRANSMITTING} else {}
    Delivery.objects.update(state=state, due=due, reason="put-off" if due else "", words="Before.", **lease)
    before = Delivery.objects.values().get()
    outcome = decide(acme.admin, [row.pk], _order(verb))
    row.refresh_from_db()
    expected = after(verb, state)
    if expected is None:
        assert outcome.done == ()
        assert [(one.id, one.why) for one in outcome.refused] == [(row.pk, why_not(verb, state))]
        assert Delivery.objects.values().get() == before
        return
    assert outcome.done == (row.pk,)
    assert row.state == expected
    assert (row.lease_token, row.lease_until) == ("", None)
    assert (row.due is not None) == (expected == S.QUEUED)
    assert (row.settled_at is not None) == (expected in {S.CANCELLED, S.ACCEPTED, S.FAILED})
    assert row.reason == (Reason.SCHEDULED if verb is Verb.SCHEDULE else "") or verb is Verb.CHANGE_SERVER
    assert "Ada Admin" in row.words or (verb is Verb.CHANGE_SERVER and state is S.HELD)
    assert Change.objects.filter(topic="outbound", ref=str(row.pk)).exists()
    if verb is Verb.SCHEDULE:
        assert row.due
        assert abs(row.due - now() - LATER) < timedelta(minutes=1)
        assert row.renewed_at == row.due  # its days begin then
        assert f"for {row.due:%Y-%m-%d %H:%M} UTC" in row.words
    elif row.due:
        assert row.due <= now()


@pytest.mark.parametrize(
    ("verb", "event"),
    [
        (Verb.HOLD, DeliveryEvent.HOLD),
        (Verb.RELEASE, DeliveryEvent.RELEASE),
        (Verb.CANCEL, DeliveryEvent.CANCEL),
        (Verb.SEND_AGAIN, DeliveryEvent.SEND_AGAIN),
        (Verb.ARRIVED, DeliveryEvent.SETTLE_SENT),
        (Verb.LOST, DeliveryEvent.SETTLE_UNSENT),
    ],
)
def test_verbs_follow_the_table_of_states(verb: Verb, event: DeliveryEvent) -> None:
    assert sources(verb) == DELIVERIES.sources(event)
    for state in sources(verb):
        assert after(verb, state) == DELIVERIES.advance(state, event)


@pytest.mark.parametrize("verb", list(Verb))
def test_a_reason_is_given_for_every_state_that_does_not_follow(verb: Verb) -> None:
    for state in S:
        assert after(verb, state) is not None or why_not(verb, state).endswith(".")


@pytest.mark.parametrize("verb", list(Verb))
def test_nothing_on_the_wire_or_taken_is_ever_changed(verb: Verb) -> None:
    assert not sources(verb) & {S.TRANSMITTING, S.ACCEPTED, S.DELIVERED, S.COMPLAINED}


def test_some_follow_and_the_others_are_named(acme: Acme) -> None:
    one, two, three = post(acme, "a@firm.example", "b@firm.example", "c@firm.example")
    Delivery.objects.filter(pk=two.pk).update(state="transmitting", due=None)
    strange = post(make_acme("Other", "other.example"), "d@firm.example")[0]
    outcome = decide(acme.admin, [three.pk, two.pk, one.pk, strange.pk, 10**12], Order(Verb.HOLD))
    assert outcome.done == (one.pk, three.pk)
    assert [(row.id, row.why) for row in outcome.refused] == [
        (two.pk, "It is on the wire now."),
        (strange.pk, "There is no such copy."),
        (10**12, "There is no such copy."),
    ]


def test_a_scheduled_copy_waits_and_then_leaves(acme: Acme, kept: Memory) -> None:
    (row,) = post(acme, "a@firm.example")
    decide(acme.admin, [row.pk], Order(Verb.SCHEDULE, now() + LATER))
    assert send_due() == 0
    decide(acme.admin, [row.pk], Order(Verb.SEND_NOW))
    assert send_due() == 1
    row.refresh_from_db()
    assert row.state == "accepted"


@pytest.mark.parametrize(
    ("at", "said"),
    [(None, "Say when"), (-timedelta(seconds=1), "has passed"), (timedelta(days=400), "within a year")],
)
def test_a_time_that_makes_no_sense_is_refused(acme: Acme, at: timedelta | None, said: str) -> None:
    (row,) = post(acme, "a@firm.example")
    with pytest.raises(CannotDecide, match=said):
        decide(acme.admin, [row.pk], Order(Verb.SCHEDULE, now() + at if at else None))


@pytest.mark.parametrize("verb", [Verb.SCHEDULE, Verb.CHANGE_SERVER])
def test_what_was_claimed_is_taken_back(acme: Acme, kept: Memory, verb: Verb) -> None:
    (row,) = post(acme, "a@firm.example")
    (claimed,) = claim(1)
    assert decide(acme.admin, [row.pk], _order(verb)).done == (row.pk,)
    assert transmit([Item(claimed, Copy(row.pk, "", "", lambda: b""))]) == []


def test_what_is_due_needs_no_sending_now(acme: Acme) -> None:
    (row,) = post(acme, "a@firm.example")
    assert "as soon as it is its turn" in decide(acme.admin, [row.pk], Order(Verb.SEND_NOW)).refused[0].why


# --- the server of a copy ---------------------------------------------------------------------------------------------


def _server(name: str, **fields: object) -> OutgoingServer:
    made = OutgoingServer.objects.create(
        **{"name": name, "host": "127.0.0.1", "authentication": "none", "created_at": now(), **fields}
    )
    choice.forget()
    return made


def test_the_server_that_was_chosen_is_taken_and_the_trace_says_so(acme: Acme) -> None:
    _server("First", company=acme.company, priority=1)
    backup = _server("Backup", company=acme.company, priority=2)
    one, two = post(acme, "a@firm.example", "b@firm.example")
    assert decide(acme.admin, [one.pk], Order(Verb.CHANGE_SERVER, server=backup.pk)).done
    send_due()
    assert one.tries.get().dispatch.server_name == "Backup"
    assert one.tries.get().dispatch.because.startswith("Somebody chose Backup for this copy.")
    assert two.tries.get().dispatch.server_name == "First"


def test_the_choice_is_free_again(acme: Acme) -> None:
    _server("First", company=acme.company, priority=1)
    backup = _server("Backup", company=acme.company, priority=2)
    (row,) = post(acme, "a@firm.example")
    decide(acme.admin, [row.pk], Order(Verb.CHANGE_SERVER, server=backup.pk))
    decide(acme.admin, [row.pk], Order(Verb.CHANGE_SERVER))
    send_due()
    assert row.tries.get().dispatch.server_name == "First"


@pytest.mark.parametrize(
    ("reason", "at_once"),
    [
        (Reason.SERVER_LIMIT, True), (Reason.SERVER_DOWN, True), (Reason.PUT_OFF, True), (Reason.SCHEDULED, False),
        (Reason.UNDO, False), (Reason.DESTINATION_LIMIT, False), (Reason.SENDER_LIMIT, False),
        (Reason.COMPANY_LIMIT, False),
    ],
)  # fmt: skip
def test_another_server_ends_only_what_it_can_end(acme: Acme, reason: Reason, *, at_once: bool) -> None:
    (row,) = post(acme, "a@firm.example")
    later = now() + LATER
    Delivery.objects.update(reason=reason, due=later, words="It waits.")
    decide(acme.admin, [row.pk], Order(Verb.CHANGE_SERVER, server=0))
    row.refresh_from_db()
    assert row.server == 0
    if at_once:
        assert row.due
        assert row.due <= now()
        assert row.reason == ""
        assert "Ada Admin" in row.words
    else:
        assert (row.due, row.reason, row.words) == (later, reason, "It waits.")


def test_only_servers_that_one_may_use(acme: Acme) -> None:
    other = make_acme("Other", "other.example")
    (row,) = post(acme, "a@firm.example")
    personal = _server("Own", company=acme.company, owner=acme.amara)
    wrong = [
        _server("Theirs", company=other.company),
        _server("Gone", company=acme.company, is_active=False),
        personal,
    ]
    for server in [one.pk for one in wrong] + [10**12]:
        with pytest.raises(CannotDecide, match="Choose an active server"):
            decide(acme.admin, [row.pk], Order(Verb.CHANGE_SERVER, server=server))
    shared = _server("Shared", company=None)
    assert [name for _, name in control.servers_for(acme.admin)][:-1] == ["Shared"]
    assert decide(acme.admin, [row.pk], Order(Verb.CHANGE_SERVER, server=shared.pk)).done


def test_who_decides_for_two_companies_can_not_mix_their_servers(acme: Acme) -> None:
    other = make_acme("Other", "other.example")
    acme.admin.memberships.create(company=other.company, role="administrator")
    theirs = _server("Theirs", company=other.company)
    (mine,) = post(acme, "a@firm.example")
    (row,) = post(other, "b@firm.example")
    outcome = decide(acme.admin, [mine.pk, row.pk], Order(Verb.CHANGE_SERVER, server=theirs.pk))
    assert outcome.done == (row.pk,)
    assert outcome.refused[0].why == "Theirs does not send for its company."


def test_as_many_statements_for_many_as_for_one(acme: Acme) -> None:
    rows = post(acme, *[f"a{number}@firm.example" for number in range(40)])
    decide(acme.admin, [rows[-1].pk], Order(Verb.HOLD))
    with statements() as few:
        decide(acme.admin, [rows[0].pk], Order(Verb.HOLD))
    with statements() as many:
        decide(acme.admin, [row.pk for row in rows[1:-1]], Order(Verb.HOLD))
    assert len(many) == len(few)
    with pytest.raises(CannotDecide, match="At most 500"):
        decide(acme.admin, list(range(501)), Order(Verb.HOLD))
