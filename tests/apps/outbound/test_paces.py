"""Limits of servers, domains and companies in rows: what they cost, who sets them, what is learnt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from postroom.core.sending import pacing
from postroom.core.sending.pace_rows import from_plain
from postroom.directory.models import User
from postroom.directory.profile import CannotSave
from postroom.infra.clock import now
from postroom.outbound import choice
from postroom.outbound.models import Delivery, Lane, OutgoingServer, SendingPace
from postroom.outbound.paces import known as pace_known
from postroom.outbound.paces import services as paces
from postroom.outbound.paces.desk import DESK
from postroom.outbound.pipeline import exchange, take
from postroom.outbound.steps import allow
from postroom.outbound.steps.look_again import look_again
from postroom.outbound.transports.memory import TAKEN, Memory
from postroom.outbound.transports.protocol import Outcome
from postroom.outbound.transports.protocol import Result as Answer
from postroom.outbound.work import Item, Result
from tests.support import factory
from tests.support.acme import Acme
from tests.support.queries import statements
from tests.support.sending import post

pytestmark = pytest.mark.django_db(transaction=True)

SLOW = Outcome(Answer.DEFERRED, "rcpt", 450, "4.7.1", "Too many messages, slow down")
GONE = Outcome(Answer.DEFERRED, "rcpt", 450, "4.2.1", "Greylisted, come back later")


@pytest.fixture(autouse=True)
def nothing_taken(kept: Memory) -> Iterator[None]:
    pace_known.forget()
    DESK.empty()
    yield
    DESK.empty()
    pace_known.forget()


@pytest.fixture
def admin(acme: Acme) -> User:
    return factory.user("ada", {acme.company: "administrator"})


@pytest.fixture
def operator(acme: Acme) -> User:
    return factory.user("root", {acme.company: "administrator"}, is_operator=True)


def server(acme: Acme, **limits: Any) -> OutgoingServer:
    row = factory.server(acme.company, **limits)
    choice.forget()
    return row


def people(number: int, domain: str = "firm.example") -> list[str]:
    return [f"r{one}@{domain}" for one in range(number)]


def begin(number: int) -> list[Item]:
    """Claim so many and let them begin; those that may."""
    return exchange([], [], take(number))


def end(items: Sequence[Item], outcome: Outcome = TAKEN) -> None:
    exchange([Result(item, outcome) for item in items], [], [])


def pace_of(scope: str = "server") -> SendingPace:
    return SendingPace.objects.get(scope=scope)


def used(scope: str = "server") -> tuple[int, int, int]:
    return pacing.used(from_plain(pace_of(scope).state), now().timestamp(), 60.0)


def about_paces(said: Sequence[str]) -> list[str]:
    return [sql.replace("1 times: ", "").split()[0] for sql in said if "sendingpace" in sql]


# --- what it costs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 50])
def test_without_limits_nothing_is_asked(acme: Acme, number: int) -> None:
    row = server(acme)
    post(acme, *people(1 + number), forced_server=row.pk)
    end(begin(1))
    items = take(number)
    with statements() as said:
        begun = exchange([], [], items)
        end(begun)
    assert len(begun) == number
    assert about_paces(said) == []


@pytest.mark.parametrize("number", [1, 50])
def test_with_limits_a_window_costs_two_statements(acme: Acme, number: int) -> None:
    row = server(acme, minute_limit=100, daily_limit=1000)
    post(acme, *people(1 + number), forced_server=row.pk)
    end(begin(1))
    DESK.empty()
    items = take(number)
    pace_known.known()
    with statements() as said:
        assert len(exchange([], [], items)) == number
    assert about_paces(said) == ["SELECT", "UPDATE"]


def test_of_a_large_limit_places_are_taken_beforehand(acme: Acme) -> None:
    row = server(acme, hour_limit=100_000)
    post(acme, *people(40), forced_server=row.pk)
    end(begin(1))
    assert used()[1] == 1 + 5000
    pace_known.known()
    with statements() as said:
        for _ in range(3):
            end(begin(10))
    assert about_paces(said) == []
    with transaction.atomic():
        allow.close()
    assert used()[1] == 31
    assert not DESK.blocks


def test_a_transaction_that_fails_gives_no_places(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    row = server(acme, hour_limit=100_000)
    post(acme, *people(4), forced_server=row.pk)
    items = take(4)

    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("postroom.outbound.pipeline.transmit", fail)
    with pytest.raises(RuntimeError):
        exchange([], [], items)
    assert not DESK.blocks
    assert not SendingPace.objects.exists()


# --- limits ----------------------------------------------------------------------------------------------------------


def test_what_is_over_the_limit_says_which_and_until_when(acme: Acme) -> None:
    row = server(acme, minute_limit=3)
    post(acme, *people(5), forced_server=row.pk)
    assert len(begin(5)) == 3
    late = Delivery.objects.filter(state="queued").order_by("due")
    assert [one.reason for one in late] == ["server-limit"] * 2
    for one in late:
        assert one.due is not None
        assert one.due - now() > timedelta(seconds=50)
        assert one.words.startswith("The server Relay has a limit of 3 mails a minute and it is reached.")
        assert f"{one.due:%H:%M:%S}" in one.words
        assert one.dispatch is not None
        assert one.renewed_at == one.due


@pytest.mark.parametrize(
    ("scope", "key", "reason"),
    [
        ("sender", "acme.example", "sender-limit"),
        ("destination", "firm.example", "destination-limit"),
        ("company", "", "company-limit"),
    ],
)
def test_limits_of_domains_and_companies(acme: Acme, admin: User, scope: str, key: str, reason: str) -> None:
    row = server(acme, from_filter="acme.example")
    company = acme.company.pk
    paces.set_limit(user=admin, key=(company, scope, key or str(company)), period="hour", number=4)
    post(acme, *people(3), *people(3, "other.example"), forced_server=row.pk)
    begun = begin(6)
    waits = Delivery.objects.filter(state="queued")
    if scope == "destination":
        assert len(begun) == 6
        post(acme, *people(3), forced_server=row.pk)
        assert len(begin(3)) == 1
    else:
        assert len(begun) == 4
    assert set(waits.values_list("reason", flat=True)) == {reason}
    assert waits.count() == 2


def test_urgent_mail_does_not_wait_behind_bulk(acme: Acme) -> None:
    row = server(acme, minute_limit=20)
    post(acme, *people(200), forced_server=row.pk, lane=Lane.BULK)
    assert len(begin(200)) == 18
    assert begin(200) == []  # scheduled, and not claimed again
    last = Delivery.objects.filter(state="queued").order_by("-due").first()
    assert last is not None
    assert last.due is not None
    assert timedelta(minutes=9) < last.due - now() < timedelta(minutes=12)
    post(acme, "asks@firm.example", forced_server=row.pk, lane=Lane.INTERACTIVE)
    assert [item.row.address for item in begin(1)] == ["asks@firm.example"]


def test_what_did_not_leave_takes_no_place(acme: Acme) -> None:
    row = server(acme, minute_limit=10)
    post(acme, *people(4), forced_server=row.pk)
    begun = begin(4)
    assert used()[0] == 4
    end(begun[:2], GONE)
    assert used()[0] == 2
    end(begun[2:])
    assert used()[0] == 2


def test_two_limits_are_taken_together_or_not_at_all(acme: Acme, admin: User) -> None:
    row = server(acme, minute_limit=10)
    paces.set_limit(user=admin, key=(acme.company.pk, "destination", "firm.example"), period="minute", number=2)
    post(acme, *people(5), forced_server=row.pk)
    assert len(begin(5)) == 2
    assert (used()[0], used("destination")[0]) == (2, 2)


def test_a_limit_that_is_lifted_lets_go_what_waits(acme: Acme) -> None:
    row = server(acme, minute_limit=3)
    post(acme, *people(1200), forced_server=row.pk, lane=Lane.BULK)
    assert len(begin(200)) == 2
    for _ in range(6):
        begin(200)
    assert begin(200) == []
    pace_known.forget()
    assert look_again() == 0
    OutgoingServer.objects.filter(pk=row.pk).update(minute_limit=0)
    choice.forget()
    with statements() as said:
        assert look_again() == 1198
    assert len(said) < 60
    choice.forget()
    assert len(begin(200)) == 200


# --- what is learnt --------------------------------------------------------------------------------------------------


def test_a_throttle_is_learnt_from_and_the_copy_waits(acme: Acme) -> None:
    row = server(acme)
    post(acme, *people(40), forced_server=row.pk)
    begun = begin(30)
    end(begun[:20])
    assert not SendingPace.objects.exists()
    end(begun[20:], SLOW)
    pace = pace_of()
    assert (pace.key, pace.learnt_rate) == (str(row.pk), 10.0)
    (code, words) = pace.state["learnt"]["evidence"][0][1], pace.state["learnt"]["evidence"][0][3]
    assert (code, words) == (450, SLOW.words)
    assert begin(10) == []
    late = Delivery.objects.filter(reason="server-limit")
    assert late.count() == 10
    assert all("learnt from the answers of servers" in one.words for one in late)
    assert Delivery.objects.filter(state="queued").count() == 20
    assert not Delivery.objects.filter(state="failed").exists()


def test_what_is_learnt_is_shown_and_forgotten(acme: Acme, admin: User) -> None:
    row = server(acme, minute_limit=30)
    post(acme, *people(30), forced_server=row.pk)
    begun = begin(30)
    end(begun[:20])
    end(begun[20:], SLOW)
    shown = paces.pace_of_server(admin, row.pk)
    assert shown is not None
    assert (shown.name, shown.limits.minute, shown.learnt, shown.ceiling) == ("Relay", 30, 10, 20)
    minute = shown.windows[0]
    assert (minute.period, minute.limit, minute.used) == ("minute", 10, 20)
    assert shown.resets_at is not None
    assert [(one.code, one.words, one.accepted, one.rate) for one in shown.proofs] == [(450, SLOW.words, 20, 10)]
    paces.forget_learnt(user=admin, pace_id=shown.id)
    again = paces.pace_of_server(admin, row.pk)
    assert again == replace(
        shown, learnt=0, ceiling=0, proofs=(), resets_at=None, windows=again.windows if again else ()
    )


def test_another_sender_that_is_told_the_same_burst_adds_what_it_sent(acme: Acme) -> None:
    row = server(acme)
    post(acme, *people(60), forced_server=row.pk)
    first, second = begin(20), begin(20)
    end(first[:15])
    DESK.empty()  # another process
    end(second[:15])
    end(first[15:], SLOW)
    assert pace_of().learnt_rate == 7.5
    DESK.tally.add({(acme.company.pk, "server", str(row.pk)): 15}, now().timestamp(), 60.0)
    end(second[15:], SLOW)
    assert pace_of().learnt_rate == 15.0
    assert len(pace_of().state["learnt"]["evidence"]) == 1


# --- who may ---------------------------------------------------------------------------------------------------------


def test_administrators_look_after_their_own_and_operators_after_the_shared(
    acme: Acme, admin: User, operator: User
) -> None:
    mine, shared = acme.company.pk, 0
    globex = factory.company("Globex")
    stranger = factory.user("eve", {globex: "administrator"})
    member = factory.user("mia", {acme.company: "member"})
    row = server(acme)
    for key in ((mine, "destination", "a.example"), (mine, "company", str(mine)), (mine, "server", str(row.pk))):
        paces.set_limit(user=admin, key=key, period="day", number=7)
        for other in (stranger, member):
            with pytest.raises(paces.NoPace):
                paces.set_limit(user=other, key=key, period="day", number=8)
    for key in ((shared, "destination", "a.example"), (shared, "server", "0")):
        with pytest.raises(paces.NoPace):
            paces.set_limit(user=admin, key=key, period="day", number=7)
        paces.set_limit(user=operator, key=key, period="day", number=9)
    for key in ((mine, "server", "0"), (mine, "company", str(globex.pk)), (mine, "server", "999999")):
        with pytest.raises(paces.NoPace):
            paces.set_limit(user=operator, key=key, period="day", number=9)
    row.refresh_from_db()
    assert row.daily_limit == 7
    assert {one.company for one in paces.paces(admin)} == {mine}
    assert {one.company for one in paces.paces(operator)} == {mine, shared}
    assert paces.paces(stranger) == paces.paces(member) == []
    for one in paces.paces(admin):
        with pytest.raises(paces.NoPace):
            paces.forget_learnt(user=stranger, pace_id=one.id)


@pytest.mark.parametrize(
    ("scope", "key", "period", "number", "field"),
    [
        ("planet", "x", "day", 1, "scope"),
        ("sender", "not a domain", "day", 1, "key"),
        ("destination", "", "day", 1, "key"),
        ("server", "x", "day", 1, "key"),
        ("sender", "a.example", "year", 1, "period"),
        ("sender", "a.example", "day", -1, "number"),
        ("sender", "a.example", "day", 10**12, "number"),
    ],
)
def test_what_is_no_limit(acme: Acme, admin: User, scope: str, key: str, period: str, number: int, field: str) -> None:
    with pytest.raises(CannotSave) as caught:
        paces.set_limit(user=admin, key=(acme.company.pk, scope, key), period=period, number=number)
    assert set(caught.value.problems) == {field}


def test_paces_that_say_nothing_any_more_are_deleted(acme: Acme, admin: User) -> None:
    row = server(acme, minute_limit=3)
    post(acme, *people(1), forced_server=row.pk)
    end(begin(1))
    paces.set_limit(user=admin, key=(acme.company.pk, "sender", "acme.example"), period="day", number=7)
    SendingPace.objects.update(changed_at=now() - timedelta(days=3))
    assert paces.forget_old() == 1
    assert pace_of("sender").day_limit == 7
    choice.forget()
    post(acme, *people(4), forced_server=row.pk)
    assert len(begin(4)) == 3
