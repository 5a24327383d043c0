"""Messages that leave at a chosen time: told to nobody before, sent now, put off or cancelled as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from postroom.conversations.models import Draft, Leaving, Message, Notification
from postroom.conversations.notify import Posted, notify
from postroom.conversations.scheduling import leave_due, reschedule, send_now
from postroom.conversations.services import CannotPost, post_message
from postroom.conversations.undoing import TooLate, undo
from postroom.core.addresses import Address
from postroom.core.delivery.waiting import Reason
from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.outbound.models import Delivery
from postroom.outbound.services import send_due
from tests.apps.conversations.world import World, letters, make_world, words
from tests.support import factory

pytestmark = pytest.mark.django_db

HANNA = Address("hanna@firm.example", "Hanna")
HOUR = timedelta(hours=1)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def jonas(world: World) -> User:
    """A colleague who hears in the inbox."""
    user = factory.user("jonas", {world.acme.company: "member"}, notify_by="inbox")
    world.follow(factory.contact(world.acme.company, "Jonas", user.email, user=user))
    return user


def _write(world: World, **fields: object) -> Message:
    given = {"body": "We have 42.", "to": [HANNA], "later": now() + HOUR, **fields}
    return post_message(user=world.user, record_id=world.lead.pk, **given)  # type: ignore[arg-type]


def _comes_due(message: Message) -> None:
    at = now() - timedelta(seconds=1)
    Leaving.objects.filter(message=message).update(at=at)
    Delivery.objects.filter(notification__message=message).update(due=at)


def _told(message: Message) -> set[str]:
    return set(Notification.objects.filter(message=message).values_list("email", flat=True))


def test_its_copies_wait_and_nobody_of_us_is_told(world: World, jonas: User) -> None:
    world.follow(world.ben)
    message = _write(world)
    copies = list(Delivery.objects.filter(notification__message=message))
    assert {one.address for one in copies} == {HANNA.email, "ben@acme.example"}
    at = Leaving.objects.get(message=message).at
    for one in copies:
        assert (one.due, one.renewed_at, one.reason) == (at, at, Reason.SCHEDULED)
        assert one.words == f"Scheduled by {world.user.name} for {at:%Y-%m-%d %H:%M} UTC."
    assert jonas.email not in _told(message)
    assert send_due() == 0
    assert leave_due() == "0 scheduled messages left."


def test_no_other_mail_names_it_before_it_left(world: World) -> None:
    came = world.comes(message_id="first@customer.example")
    message = _write(world)
    (letter,) = letters(message)
    assert letter.references == [came.message_id]
    thread = world.lead.thread
    thread.refresh_from_db()
    assert message.message_id not in thread.references
    _comes_due(message)
    leave_due()
    thread.refresh_from_db()
    assert thread.references[-1] == message.message_id


def test_as_it_leaves_everybody_hears_once(world: World, jonas: User) -> None:
    """Those who began to follow meanwhile, too."""
    message = _write(world, mentions=[world.ben.pk])
    world.follow(world.carla)
    assert _told(message) == {HANNA.email, "ben@acme.example"}
    _comes_due(message)
    assert leave_due() == "1 scheduled messages left."
    assert _told(message) == {HANNA.email, "ben@acme.example", jonas.email, "carla@partner.example"}
    assert Notification.objects.filter(message=message).count() == 4
    message.refresh_from_db()
    assert message.sent_at is not None
    assert message.sent_at > message.received_at
    assert not Leaving.objects.exists()
    assert leave_due() == "0 scheduled messages left."
    assert send_due() == 3


def test_a_scheduled_forward_is_told_to_nobody_else(world: World, jonas: User) -> None:
    message = _write(world, forwards=world.comes().pk)
    _comes_due(message)
    leave_due()
    assert _told(message) == {HANNA.email}


@pytest.mark.parametrize(
    ("later", "said"),
    [(-HOUR, "has passed"), (timedelta(), "has passed"), (timedelta(days=400), "within a year")],
)
def test_times_at_which_nothing_leaves(world: World, later: timedelta, said: str) -> None:
    with pytest.raises(CannotPost, match=said):
        _write(world, later=now() + later)
    message = _write(world)
    with pytest.raises(CannotPost, match=said):
        reschedule(user=world.user, message_id=message.pk, at=now() + later)
    assert Message.objects.filter(user=world.user).count() == 1


def test_sent_now(world: World, jonas: User) -> None:
    message = _write(world)
    send_now(user=world.user, message_id=message.pk)
    assert jonas.email in _told(message)
    assert "let it leave before its time" in words(message, "scheduled")
    (copy,) = Delivery.objects.filter(notification__message=message)
    assert (copy.reason, copy.words) == ("", "")
    assert send_due() == 1
    with pytest.raises(TooLate):
        send_now(user=world.user, message_id=message.pk)


def test_at_another_time(world: World) -> None:
    message = _write(world)
    at = now() + 3 * HOUR
    reschedule(user=world.user, message_id=message.pk, at=at)
    (copy,) = Delivery.objects.filter(notification__message=message)
    assert (copy.due, copy.renewed_at, Leaving.objects.get().at) == (at, at, at)
    assert f"{at:%Y-%m-%d %H:%M}" in copy.words


def test_cancelled_it_is_a_draft_again(world: World, jonas: User) -> None:
    message = _write(world)
    undo(user=world.user, message_id=message.pk)
    assert Draft.objects.get().body == "We have 42."
    (copy,) = Delivery.objects.all()
    assert copy.state == "cancelled"
    assert copy.words.startswith(f"Cancelled by {world.user.name} before it left")
    assert not Notification.objects.filter(user=jonas).exists()


def test_who_manages_the_outgoing_mail_may_stop_it_too(world: World) -> None:
    """Whoever wrote it may be away; the draft is theirs."""
    message = _write(world)
    colleague = factory.user("colleague", {world.acme.company: "member"})
    for act in (undo, send_now):
        with pytest.raises(CannotPost, match="Only who wrote"):
            act(user=colleague, message_id=message.pk)
    undo(user=world.acme.admin, message_id=message.pk)
    assert Draft.objects.get().user == world.user


def test_what_has_left_cannot_be_moved(world: World) -> None:
    message = _write(world, cc=[Address("boss@firm.example")])
    first = Delivery.objects.order_by("pk")[0]
    Delivery.objects.filter(pk=first.pk).update(state="accepted", due=None)
    for act in (
        lambda: reschedule(user=world.user, message_id=message.pk, at=now() + 2 * HOUR),
        lambda: send_now(user=world.user, message_id=message.pk),
        lambda: undo(user=world.user, message_id=message.pk),
    ):
        with pytest.raises(TooLate, match=first.address):
            act()
    assert Delivery.objects.exclude(pk=first.pk).get().reason == Reason.SCHEDULED
    _comes_due(message)
    with pytest.raises(TooLate, match="the message has left"):
        undo(user=world.user, message_id=message.pk)


def test_what_is_held_stays_held(world: World) -> None:
    """Somebody decided about that copy; the time of the message does not undo it."""
    message = _write(world)
    Delivery.objects.update(state="held", due=None)
    send_now(user=world.user, message_id=message.pk)
    assert Delivery.objects.get(notification__message=message).state == "held"


def test_one_that_cannot_be_told_keeps_no_other_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = _write(world), _write(world)
    for one in (first, second):
        _comes_due(one)

    def fails(posted: Sequence[Posted]) -> None:
        if posted[0].message.pk == first.pk:
            raise ValueError("no")
        notify(posted)

    monkeypatch.setattr("postroom.conversations.scheduling.notify", fails)
    assert leave_due() == "1 scheduled messages left."
    assert Leaving.objects.get().message_id == first.pk


def test_what_left_after_the_time_to_undo_is_forgotten(world: World) -> None:
    _write(world, later=None, undo_seconds=10)
    leave_due()
    assert Leaving.objects.exists()
    Leaving.objects.update(at=now() - timedelta(minutes=1))
    leave_due()
    assert not Leaving.objects.exists()
