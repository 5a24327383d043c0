"""A server that is down: who finds out, who tries it again, what waits for it, and what ends that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import F

from postroom.core.edits import only
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.outbound.choice import server_of
from postroom.outbound.models import Attempt, Circuit, Delivery, Lane, OutgoingServer
from postroom.outbound.pipeline import take
from postroom.outbound.sender.breaker import Breaker
from postroom.outbound.sender.pool import Way
from postroom.outbound.sender.traffic import Traffic
from postroom.outbound.servers import circuits
from postroom.outbound.servers.circuits import Telling
from postroom.outbound.servers.services import NoServer, archive_server, try_server_now, update_server
from postroom.outbound.services import send_due
from postroom.outbound.transports.memory import Memory
from postroom.outbound.transports.protocol import Outcome, Result, Server
from tests.support import factory
from tests.support.acme import Acme
from tests.support.sending import post

SHUT = Outcome(Result.DEFERRED, "connect", words="No server answers at mx.example:25: connection refused.")
SERVER = Server(0, "Main", "smtp", "mx.example", 25)


def _trip(server: Server = SERVER, token: str = "") -> circuits.Known:
    with transaction.atomic():
        return circuits.trip(server, SHUT, token)


def _let_tries_be_due() -> None:
    Circuit.objects.update(due=now() - timedelta(seconds=1))
    circuits.forget()


def _waits() -> set[tuple[str, str, int]]:
    return set(Delivery.objects.values_list("state", "reason", "attempts"))


def test_it_opens_once_and_says_why(acme: Acme) -> None:
    first = _trip()
    assert _trip() == first  # another worker found out too
    row = Circuit.objects.get()
    assert (row.pk, row.failures, row.words) == (0, 1, SHUT.words)
    assert row.opened_at
    assert first.words == (
        f"Main is down since {row.opened_at:%Y-%m-%d %H:%M} UTC:"
        f" No server answers at mx.example:25: connection refused. It is tried again at {first.until:%H:%M:%S} UTC."
    )
    assert timedelta(seconds=4) < first.until - now() < timedelta(seconds=6)


def test_of_two_workers_one_tries(acme: Acme, kept: Memory) -> None:
    _trip()
    one, other = Breaker(Traffic()), Breaker(Traffic())
    assert [*one.tries(), *other.tries()] == []  # it is not time yet
    _let_tries_be_due()
    assert len(one.tries()) == 1
    assert [*one.tries(), *other.tries()] == []
    Circuit.objects.update(lease_until=F("lease_until") - timedelta(hours=1))  # the first one has died
    circuits.forget()
    assert len(other.tries()) == 1


def test_a_try_that_fails_makes_the_next_one_later(acme: Acme, kept: Memory) -> None:
    _trip()
    pauses = []
    for _ in range(8):
        _let_tries_be_due()
        traffic = Traffic()
        breaker = Breaker(traffic)
        (connection,) = breaker.tries()
        pool = traffic.of(connection.server)
        pool.ended(connection, warm=False)
        breaker.failed(pool, SHUT, [])
        breaker.settle()
        due = Circuit.objects.get().due
        assert due
        pauses.append(round((due - now()).total_seconds()))
    assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]


def test_who_lost_the_lease_changes_nothing(acme: Acme) -> None:
    _trip()
    _let_tries_be_due()
    token, _ = circuits.claim_tries()
    _trip(token="somebody else's")
    assert Circuit.objects.get().failures == 1
    with transaction.atomic():
        circuits.close(DEFAULT_SERVER, "somebody else's")
    assert Circuit.objects.get().opened_at
    _trip(token=token)
    assert Circuit.objects.get().failures == 2


def test_what_comes_meanwhile_waits_without_a_try(acme: Acme, kept: Memory) -> None:
    kept.closed = SHUT
    post(acme, "a@firm.example")
    send_due()
    assert Attempt.objects.count() == 1
    post(acme, "b@firm.example", "c@firm.example", lane=Lane.INTERACTIVE)
    kept.closed = None  # nobody knows that yet
    send_due()
    assert not kept.copies
    assert Attempt.objects.count() == 1
    assert _waits() == {("queued", "server-down", 1), ("queued", "server-down", 0)}
    assert all("No server answers" in words for words in Delivery.objects.values_list("words", flat=True))
    assert not Delivery.objects.filter(dispatch=None).exists()
    assert Delivery.objects.filter(due__gt=now()).count() == 3


def test_when_it_is_up_again_everything_leaves(acme: Acme, kept: Memory) -> None:
    kept.closed = SHUT
    post(acme, *(f"a{number}@firm.example" for number in range(30)))
    send_due()
    kept.closed = None
    _let_tries_be_due()
    send_due()
    assert {one.recipient for one in kept.copies} == {f"a{number}@firm.example" for number in range(30)}
    assert set(Delivery.objects.values_list("state", "reason")) == {("accepted", "")}
    assert not Circuit.objects.exists()


def test_while_it_stays_down_those_that_wait_hear_of_the_next_try(acme: Acme, kept: Memory) -> None:
    kept.closed = SHUT
    post(acme, "a@firm.example", "b@firm.example")
    send_due()
    _let_tries_be_due()
    Delivery.objects.update(due=now() + timedelta(seconds=2))
    send_due()
    due = Circuit.objects.get().due
    assert due
    assert set(Delivery.objects.values_list("due", flat=True)) == {due}
    assert all(f"{due:%H:%M:%S}" in words for words in Delivery.objects.values_list("words", flat=True))
    assert Attempt.objects.count() == 1


def test_after_some_days_it_is_given_up_all_the_same(acme: Acme, kept: Memory) -> None:
    kept.closed = SHUT
    old, new = post(acme, "old@firm.example", "new@firm.example")
    send_due()
    Delivery.objects.filter(pk=old.pk).update(created_at=now() - timedelta(days=5, minutes=1))
    _let_tries_be_due()
    send_due()
    old.refresh_from_db()
    new.refresh_from_db()
    assert (old.state, old.reason, old.due) == ("failed", "", None)
    assert old.words.startswith("Given up after 5 days. Outbox folder is down since ")
    assert (new.state, new.reason) == ("queued", "server-down")


def test_what_waits_is_told_in_pieces_the_foremost_lane_first(
    acme: Acme, kept: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.closed = SHUT
    for lane in (Lane.BULK, Lane.INTERACTIVE, Lane.NOTIFICATION):
        post(acme, *(f"a{number}.{lane}@firm.example" for number in range(5)), lane=lane)
    send_due()
    monkeypatch.setattr(circuits, "AT_ONCE", 3)
    with transaction.atomic():
        circuits.close(DEFAULT_SERVER)
    telling, called = Telling(DEFAULT_SERVER), []
    while not telling.is_done:
        telling.go_on()
        waits = Delivery.objects.filter(reason="server-down")
        called.append([waits.filter(lane=lane).count() for lane in Lane])
    assert called[:3] == [[2, 5, 5], [0, 5, 5], [0, 5, 5]]
    assert called[-1] == [0, 0, 0]
    assert not Circuit.objects.get().calls_back
    dues = [Delivery.objects.filter(lane=lane).order_by("due")[0].due or now() for lane in Lane]
    assert dues == sorted(dues)
    assert set(Delivery.objects.values_list("reason", "words")) == {("", "")}


def test_a_server_that_opens_but_takes_nothing_counts_on(acme: Acme, kept: Memory) -> None:
    kept.answer("a@firm.example", *[Outcome.untouched()] * 6)  # each window tries two sessions
    post(acme, "a@firm.example")
    for failures in (1, 2, 3):
        send_due()
        assert Circuit.objects.get().failures == failures
        assert "before the first mail" in Delivery.objects.get().words
        _let_tries_be_due()
        Delivery.objects.update(due=now())
    send_due()
    assert [one.recipient for one in kept.copies] == ["a@firm.example"]
    assert not Circuit.objects.exists()


def test_who_changes_the_server_closes_it(acme: Acme) -> None:
    server = factory.server(acme.company, "Main")
    _trip(server_of(server.pk))
    update_server(user=acme.admin, server_id=server.pk, fields=only({"host": "mx2.example"}))
    row = Circuit.objects.get()
    assert (row.opened_at, row.due, row.failures, row.calls_back) == (None, None, 0, True)


def test_who_archives_the_server_closes_it(acme: Acme) -> None:
    server = factory.server(acme.company, "Main")
    _trip(server_of(server.pk))
    archive_server(user=acme.admin, server_id=server.pk)
    assert Circuit.objects.get().opened_at is None


def test_somebody_may_have_it_tried_now(acme: Acme) -> None:
    server = factory.server(acme.company, "Main")
    assert not try_server_now(user=acme.admin, server_id=server.pk)
    _trip(server_of(server.pk))
    assert try_server_now(user=acme.admin, server_id=server.pk)
    assert circuits.claim_tries()[1] == [server.pk]
    stranger = factory.user("stranger", {factory.company("Globex"): "administrator"})
    for who, number in ((stranger, server.pk), (stranger, DEFAULT_SERVER)):
        with pytest.raises(NoServer):
            try_server_now(user=who, server_id=number)


def test_where_another_worker_sends_it_only_wants_fewer(acme: Acme, kept: Memory) -> None:
    post(acme, "theirs@firm.example")
    take(10)
    Delivery.objects.update(state="transmitting", due=None, lease_until=now() + timedelta(minutes=1))
    post(acme, "ours@firm.example")
    traffic = Traffic()
    breaker, (item,) = Breaker(traffic), take(10)
    pool = traffic.pool(server_of(item.server))
    Delivery.objects.filter(address="theirs@firm.example").update(dispatch=item.row.dispatch)
    pool.add(item)
    breaker.failed(pool, Outcome(Result.DEFERRED, "greeting", 421, "4.7.0", "421 4.7.0 Too many"), [])
    assert breaker.settle() == []
    assert not Circuit.objects.exists()
    row = Delivery.objects.get(address="ours@firm.example")
    assert (row.state, row.reason) == ("queued", "turn")
    assert "421 4.7.0 Too many" in row.words


def test_a_connection_that_is_one_too_many_is_no_failure(acme: Acme) -> None:
    traffic = Traffic()
    breaker, pool = Breaker(traffic), traffic.pool(SERVER)
    works, fails = pool.open(2)
    pool.ways[works] = Way.BUSY
    pool.ended(fails, warm=False)
    breaker.failed(pool, SHUT, [])
    assert not breaker.is_busy
    assert pool.connections == 1


def test_another_server_takes_over_and_the_trace_names_both(acme: Acme, kept: Memory) -> None:
    """The memory stands in for both: the second one refers to the default server."""
    down = _server("First", priority=1, failover=True)
    _server("Second", priority=2)
    _trip(server_of(down.pk))
    (row,) = post(acme, "a@firm.example")
    (item,) = take(10)
    found = item.row.dispatch
    assert found
    assert (found.server_name, found.case, found.from_email) == ("Second", "failover", "amara@acme.example")
    assert found.because == f"First is down since {now():%Y-%m-%d %H:%M} UTC; Second admits the same From."
    assert row.pk == item.row.pk


def test_forced_mail_never_changes_its_server(acme: Acme, kept: Memory) -> None:
    down = _server("First", priority=1, failover=True)
    _server("Second", priority=2)
    _trip(server_of(down.pk))
    post(acme, "a@firm.example", forced_server=down.pk)
    send_due()
    row = Delivery.objects.select_related("dispatch").get()
    assert row.dispatch
    assert (row.dispatch.server_name, row.reason) == ("First", "server-down")


def test_a_person_may_choose_the_server_of_a_copy(acme: Acme, kept: Memory) -> None:
    _server("First", priority=1)
    second = _server("Second", priority=2)
    rows = post(acme, "a@firm.example", "b@firm.example", "c@firm.example")
    Delivery.objects.filter(pk=rows[1].pk).update(server=second.pk)
    Delivery.objects.filter(pk=rows[2].pk).update(server=DEFAULT_SERVER)
    found = [item.row.dispatch for item in take(10)]
    assert [one.server_name for one in found if one] == ["First", "Second", "Outbox folder"]
    assert [one.case for one in found if one] == ["domain", "forced", "forced"]
    assert found[1]
    assert found[1].because == "Somebody chose Second for this copy."


def _server(name: str, **values: object) -> OutgoingServer:
    return OutgoingServer.objects.create(
        name=name, host="mx.invalid", from_filter="acme.example", created_at=now(), **values
    )


def test_nothing_is_asked_while_nothing_is_down(acme: Acme, kept: Memory) -> None:
    assert circuits.down() == {}
    assert config().send_lease_seconds > 0
    assert Breaker(Traffic()).settle() == []
