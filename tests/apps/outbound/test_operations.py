"""Decisions about many copies: in pieces, stopped, carried on after a kill, and honest about what did not follow."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from postroom.core.delivery.decisions import Order, Verb
from postroom.infra.clock import now
from postroom.infra.models import Change
from postroom.outbound.models import Delivery, Lane, QueueOperation
from postroom.outbound.queue import control, operations
from postroom.outbound.queue.control import CannotDecide, Done
from postroom.outbound.queue.copy_filter import CopyFilter, filtered
from postroom.outbound.queue.operations import Clerk, count, recent, start, stop, work_all, work_off
from tests.support.acme import Acme, make_acme
from tests.support.sending import post

HOLD = Order(Verb.HOLD)
FIRM = CopyFilter(destination="firm.example")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of four, ids for three pieces at a time: twenty copies are many."""
    monkeypatch.setattr(operations, "CHUNK", 4)
    monkeypatch.setattr(operations, "AHEAD", 12)


def _twenty(acme: Acme) -> list[Delivery]:
    return post(acme, *[f"a{number}@firm.example" for number in range(20)])


def test_few_are_done_at_once(acme: Acme) -> None:
    post(acme, "a@firm.example", "b@other.example")
    row = start(acme.admin, FIRM, HOLD)
    assert (row.state, row.total, row.done, row.skipped) == ("done", 1, 1, 0)
    assert row.words == "1 of 1 copies followed."
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["held", "queued"]


def test_many_wait_for_a_worker_that_does_them_in_pieces(acme: Acme) -> None:
    _twenty(acme)
    row = start(acme.admin, FIRM, HOLD)
    assert (row.state, row.total, row.done) == ("running", 20, 0)
    assert not work_off(row.pk, most=2)
    row.refresh_from_db()
    assert (row.state, row.done) == ("running", 8)
    late = post(acme, "late@firm.example")  # what comes after the start is not meant
    assert work_all() == 1
    row.refresh_from_db()
    assert (row.state, row.done, row.words) == ("done", 20, "20 of 20 copies followed.")
    assert row.ended_at
    assert Delivery.objects.get(pk=late[0].pk).state == "queued"
    assert Change.objects.filter(topic="outbound", ref=f"op{row.pk}").count() == 6


def test_what_moved_on_meanwhile_is_counted_and_named(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _twenty(acme)
    row = start(acme.admin, FIRM, HOLD)
    ahead = operations._ahead

    def then_some_leave(pk: int) -> list[int]:
        found = ahead(pk)
        Delivery.objects.filter(pk=rows[1].pk).update(state="transmitting", due=None)
        return found

    monkeypatch.setattr(operations, "_ahead", then_some_leave)
    Delivery.objects.filter(pk=rows[5].pk).update(state="cancelled", due=None)
    work_all()
    row.refresh_from_db()
    assert (row.done, row.skipped, row.why) == (18, 1, {"It is on the wire now.": 1})
    assert row.words == "18 of 20 copies followed, 1 stayed as they were. 1 had moved on before their turn came."


def test_a_piece_that_was_cut_off_is_done_again_by_another(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    _twenty(acme)
    row = start(acme.admin, FIRM, HOLD)
    decide, calls = control.decide, []

    def dies(*args: object, **more: object) -> Done:
        calls.append(args)
        done = decide(*args, **more)  # type: ignore[arg-type]
        if len(calls) == 3:
            raise SystemExit  # in the middle of its transaction
        return done

    monkeypatch.setattr(control, "decide", dies)
    with pytest.raises(SystemExit):
        work_off(row.pk)
    row.refresh_from_db()
    assert (row.state, row.done) == ("running", 8)
    assert Delivery.objects.filter(state="held").count() == 8
    work_all()
    row.refresh_from_db()
    assert (row.state, row.done) == ("done", 20)


def test_it_can_be_stopped(acme: Acme) -> None:
    _twenty(acme)
    row = start(acme.admin, FIRM, HOLD)
    work_off(row.pk, most=1)
    assert not stop(make_acme("Other", "other.example").admin, row.pk)
    assert stop(acme.admin, row.pk)
    assert not stop(acme.admin, row.pk)
    assert work_all() == 0
    row.refresh_from_db()
    assert (row.state, row.words) == ("stopped", "Stopped by Ada Admin. 4 of 20 copies followed.")
    assert Delivery.objects.filter(state="held").count() == 4


def test_who_may_not_any_more_decides_nothing_more(acme: Acme) -> None:
    _twenty(acme)
    row = start(acme.admin, FIRM, HOLD)
    work_off(row.pk, most=1)
    acme.admin.is_active = False
    acme.admin.save()
    work_all()
    row.refresh_from_db()
    assert (row.state, row.done) == ("failed", 4)
    assert row.words == "Ada Admin may not decide any more. 4 of 20 copies followed."


def test_a_time_that_passes_meanwhile_ends_it(acme: Acme) -> None:
    _twenty(acme)
    row = start(acme.admin, FIRM, Order(Verb.SCHEDULE, now() + timedelta(hours=1)))
    QueueOperation.objects.filter(pk=row.pk).update(arguments={"at": (now() - timedelta(hours=1)).isoformat()})
    work_all()
    row.refresh_from_db()
    assert row.state == "failed"
    assert row.words.startswith("This time has passed")


def test_without_a_filter_nothing_begins(acme: Acme) -> None:
    with pytest.raises(CannotDecide, match="which copies"):
        start(acme.admin, CopyFilter(), HOLD)
    with pytest.raises(CannotDecide, match="Say when"):
        start(acme.admin, FIRM, Order(Verb.SCHEDULE))
    assert not QueueOperation.objects.exists()


def test_members_and_strangers_find_nothing(acme: Acme) -> None:
    _twenty(acme)
    assert count(acme.amara, FIRM, Verb.HOLD).total == 0
    assert count(make_acme("Other", "other.example").admin, FIRM, Verb.HOLD).total == 0
    start(acme.admin, FIRM, HOLD)
    assert len(recent(acme.admin)) == 1
    assert recent(acme.amara) == []


def test_the_clerk_works_them_off_and_stops(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    _twenty(acme)
    row = start(acme.admin, FIRM, HOLD)
    clerk, waits = Clerk(), []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        clerk.stop()
        return True

    monkeypatch.setattr(operations, "connection", type("Kept", (), {"close": staticmethod(lambda: None)}))
    monkeypatch.setattr(clerk._stopping, "wait", lambda seconds: wait(seconds) if seconds >= 1 else False)
    clerk.run()
    row.refresh_from_db()
    assert row.state == "done"
    assert waits == [operations.IDLE_SECONDS]
    assert isinstance(clerk._stopping, threading.Event)


# --- which copies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "found"),
    [
        (CopyFilter(states=("held",)), "c"),
        (CopyFilter(states=("queued", "accepted")), "abde"),
        (CopyFilter(reason="put-off"), "b"),
        (CopyFilter(reason="due"), "a"),
        (CopyFilter(destination="TWO.example"), "b"),
        (CopyFilter(server=-1), "abce"),
        (CopyFilter(server=0), "d"),
        (CopyFilter(lane=2), "e"),
        (CopyFilter(about="lead:9"), "e"),
        (CopyFilter(text="INVOICE"), "e"),
        (CopyFilter(destination="one.example", states=("queued",)), "a"),
    ],
)
def test_which_copies_a_filter_finds(acme: Acme, by: CopyFilter, found: str) -> None:
    post(acme, "a@one.example")
    (late,) = post(acme, "b@two.example")
    (held,) = post(acme, "c@one.example")
    (sent,) = post(acme, "d@one.example")
    (bulk,) = post(acme, "e@three.example", lane=Lane.BULK, about="lead:9", subject="Invoice 7")
    Delivery.objects.filter(pk=late.pk).update(reason="put-off", due=now() + timedelta(hours=1))
    Delivery.objects.filter(pk=held.pk).update(state="held", due=None)
    Delivery.objects.filter(pk=sent.pk).update(state="accepted", due=None, server=0)
    Delivery.objects.filter(pk=bulk.pk).update(reason="turn", due=now() + timedelta(hours=1))
    rows = filtered(Delivery.objects.all(), by)
    assert "".join(sorted(row.address[0] for row in rows)) == found
    assert CopyFilter.of(by.given()) == by
