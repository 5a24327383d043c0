"""Undoing what was written: it leaves with all its copies or stays with all of them, and nobody's words are lost."""

from __future__ import annotations

import contextlib
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from postroom.conversations.drafts import discard, draft_of
from postroom.conversations.leaving import departure
from postroom.conversations.models import Draft, InboxEntry, Leaving, Message, MessageId, Notification, Participant
from postroom.conversations.services import CannotPost, Upload, post_message, post_note
from postroom.conversations.undoing import TooLate, undo
from postroom.core.addresses import Address
from postroom.core.delivery.waiting import Reason
from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.infra.models import Change
from postroom.infra.search.index import index_all
from postroom.outbound.models import Delivery
from postroom.outbound.services import send_due
from postroom.outbound.steps.claim import claim
from tests.apps.conversations.world import World, make_world
from tests.support import factory
from tests.support.queries import statements

HANNA = Address("hanna@firm.example", "Hanna")


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def _write(world: World, seconds: float | None = 10, **fields: object) -> Message:
    given = {"body": "We have 42.", "to": [HANNA], "undo_seconds": seconds, **fields}
    return post_message(user=world.user, record_id=world.lead.pk, **given)  # type: ignore[arg-type]


def _unread(user: User) -> int:
    return sum(InboxEntry.objects.filter(user=user).values_list("unread", flat=True))


def _copies(message: Message) -> list[Delivery]:
    return list(Delivery.objects.filter(notification__message=message).order_by("pk"))


@pytest.mark.django_db
def test_its_copies_wait_and_say_until_when(world: World) -> None:
    world.follow(world.ben)
    before = now()
    message = _write(world)
    copies = _copies(message)
    assert {one.address for one in copies} == {HANNA.email, "ben@acme.example"}, "who is told by mail waits, too"
    for one in copies:
        assert one.due is not None
        assert before + timedelta(seconds=10) <= one.due <= now() + timedelta(seconds=10)
        assert (one.state, one.reason) == ("queued", Reason.UNDO)
        assert one.words == f"Leaves at {one.due:%H:%M:%S} UTC; it can be undone until then."
    assert Leaving.objects.get(message=message).at == copies[0].due
    assert send_due() == 0


@pytest.mark.django_db
def test_without_seconds_it_leaves_at_once(world: World) -> None:
    (copy,) = _copies(_write(world, 0))
    assert (copy.reason, copy.words) == ("", "")
    assert not Leaving.objects.exists()
    assert send_due() == 1
    note = post_note(user=world.user, record_id=world.lead.pk, body="A note", mentions=[world.ben.pk])
    assert [one.reason for one in _copies(note)] == [""], "a note can be deleted; it does not wait"


@pytest.mark.django_db
def test_people_choose_their_own_seconds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert departure(world.user) is None, "tests leave at once"
    world.user.undo_seconds = 30
    chosen = departure(world.user)
    assert chosen is not None
    assert timedelta(seconds=29) < chosen.at - now() <= timedelta(seconds=30)
    world.user.undo_seconds = 0
    monkeypatch.setattr("postroom.conversations.leaving.config", lambda: pytest.fail("it is their own"))
    assert departure(world.user) is None


@pytest.mark.django_db
def test_undone_it_is_as_if_it_had_never_been(world: World) -> None:
    world.comes()
    world.follow(world.ben, world.amara)
    jonas = factory.user("jonas", {world.acme.company: "member"}, notify_by="inbox")
    world.follow(factory.contact(world.acme.company, "Jonas", jonas.email, user=jonas))
    thread = world.lead.thread
    thread.refresh_from_db()
    before = (list(thread.references), thread.last_message_at)
    people = set(Participant.objects.values_list("email", flat=True))
    message = _write(world, cc=[Address("carla@partner.example", "Carla")])
    assert _unread(jonas) == 1
    copies = [one.pk for one in _copies(message)]
    index_all()
    Change.objects.all().delete()

    undo(user=world.user, message_id=message.pk)

    assert not Message.objects.filter(pk=message.pk).exists()
    assert not MessageId.objects.filter(value=message.message_id).exists()
    assert not Notification.objects.filter(message_id=message.pk).exists()
    assert _unread(jonas) == 0
    assert not InboxEntry.objects.filter(user=jonas).exists()
    thread.refresh_from_db()
    assert (list(thread.references), thread.last_message_at) == before
    assert set(Participant.objects.values_list("email", flat=True)) == people
    kept = Delivery.objects.filter(pk__in=copies)
    assert {(one.state, one.due) for one in kept} == {("cancelled", None)}
    assert {one.words for one in kept} == {f"Undone by {world.user.name} before it left; the message was taken back."}
    topics = set(Change.objects.values_list("topic", "ref"))
    assert {("thread", world.lead.ref), ("delivery", world.lead.ref)} < topics
    assert send_due() == 0


@pytest.mark.django_db
def test_what_was_unread_before_stays_so(world: World) -> None:
    """An entry goes back to where the message before had put it."""
    jonas = factory.user("jonas", {world.acme.company: "member"}, notify_by="inbox")
    world.follow(factory.contact(world.acme.company, "Jonas", jonas.email, user=jonas))
    world.comes()
    first = InboxEntry.objects.get(user=jonas)
    message = _write(world)
    raised = InboxEntry.objects.get(user=jonas)
    assert (raised.unread, raised.newest > first.newest) == (2, True)
    undo(user=world.user, message_id=message.pk)
    again = InboxEntry.objects.get(user=jonas)
    assert (again.unread, again.newest) == (first.unread, first.newest)


@pytest.mark.django_db
def test_the_draft_has_all_that_was_written(world: World) -> None:
    came = world.comes()
    file = Upload("offer.pdf", "application/pdf", b"pdf")
    message = _write(world, subject="Our offer", cc=[Address("boss@firm.example")], uploads=[file], answers=came.pk)
    undo(user=world.user, message_id=message.pk)
    draft = draft_of(world.user, world.lead)
    assert draft is not None
    assert (draft.subject, draft.body, draft.answers) == ("Our offer", "We have 42.", came.pk)
    assert (draft.to, draft.cc) == ([[HANNA.email, "Hanna"]], [["boss@firm.example", ""]])
    (kept,) = draft.files.all()
    assert kept.file.name == "offer.pdf"
    other = factory.user("other", {world.acme.company: "member"})
    assert draft_of(other, world.lead) is None

    again = _write(world, 0, body=draft.body, draft=draft.pk, kept=[kept.pk])
    assert [one.file_id for one in again.attachments.all()] == [kept.file_id]
    assert not Draft.objects.exists()
    with pytest.raises(CannotPost, match="sent or thrown away elsewhere"):
        _write(world, 0, draft=draft.pk, kept=[kept.pk])


@pytest.mark.django_db
def test_a_forward_is_forwarded_again(world: World) -> None:
    """What it passed on is no file of its own: the draft names the message and which of its files go along."""
    came = world.comes()
    first = factory.attachment(came, "route.pdf")
    factory.attachment(came, "other.pdf")
    message = _write(world, forwards=came.pk, files=[first.pk], uploads=[Upload("own.txt", "text/plain", b"own")])
    undo(user=world.user, message_id=message.pk)
    draft = Draft.objects.get()
    assert (draft.forwards, draft.carried, draft.body) == (came.pk, [first.pk], "We have 42.")
    assert [one.file.name for one in draft.files.all()] == ["own.txt"]


@pytest.mark.django_db
def test_a_draft_can_be_thrown_away_by_its_writer_alone(world: World) -> None:
    undo(user=world.user, message_id=_write(world).pk)
    draft = Draft.objects.get()
    other = factory.user("other", {world.acme.company: "administrator"})
    with pytest.raises(CannotPost):
        discard(user=other, draft_id=draft.pk)
    assert discard(user=world.user, draft_id=draft.pk) == world.lead
    assert not Draft.objects.exists()


@pytest.mark.django_db
def test_who_may_undo(world: World) -> None:
    message = _write(world)
    admin = factory.user("boss", {world.acme.company: "administrator"})
    stranger = factory.user("stranger", {factory.company("Globex"): "administrator"})
    for user, words in ((admin, "Only who wrote"), (stranger, "There is no message")):
        with pytest.raises(CannotPost, match=words):
            undo(user=user, message_id=message.pk)
    with pytest.raises(CannotPost):
        undo(user=world.user, message_id=world.comes().pk)
    assert Message.objects.filter(pk=message.pk).exists()


@pytest.mark.django_db
def test_after_its_time_it_is_too_late(world: World) -> None:
    message = _write(world)
    Leaving.objects.update(at=now() - timedelta(seconds=6))
    with pytest.raises(TooLate, match="the message has left"):
        undo(user=world.user, message_id=message.pk)
    Leaving.objects.update(at=now() - timedelta(seconds=2))
    undo(user=world.user, message_id=message.pk)  # the way to the server takes time; nothing had left


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["transmitting", "accepted", "failed", "unknown"])
def test_where_one_copy_has_left_none_is_withdrawn(world: World, state: str) -> None:
    message = _write(world, cc=[Address("boss@firm.example")])
    first, second = _copies(message)
    Delivery.objects.filter(pk=first.pk).update(state=state, due=None)
    with pytest.raises(TooLate, match=f"the copy for {first.address} (has left|is being sent)") as late:
        undo(user=world.user, message_id=message.pk)
    assert late.value.left == (first.pk,)
    second.refresh_from_db()
    assert second.state == "queued", "the message stands, so its other copies leave"
    assert Message.objects.filter(pk=message.pk).exists()
    assert not Draft.objects.exists()


@pytest.mark.django_db
def test_what_is_claimed_and_not_on_the_wire_can_be_withdrawn(world: World) -> None:
    message = _write(world)
    Delivery.objects.update(due=now())
    claimed = claim(10)
    assert [one.pk for one in claimed] == [one.pk for one in _copies(message)]
    undo(user=world.user, message_id=message.pk)
    (row,) = Delivery.objects.all()
    assert (row.state, row.lease_token) == ("cancelled", "")


@pytest.mark.django_db
def test_a_copy_that_somebody_cancelled_before_does_not_matter(world: World) -> None:
    message = _write(world, cc=[Address("boss@firm.example")])
    Delivery.objects.filter(pk=_copies(message)[0].pk).update(state="cancelled", due=None)
    undo(user=world.user, message_id=message.pk)
    assert not Message.objects.filter(pk=message.pk).exists()


@pytest.mark.django_db
def test_it_costs_the_same_however_many_follow(world: World) -> None:
    counts = []
    for more in (2, 40):
        for number in range(more):
            user = factory.user(f"u{more}-{number}", {world.acme.company: "member"}, notify_by="inbox")
            world.follow(factory.contact(world.acme.company, user.name, user.email, user=user))
        message = _write(world)
        with statements() as said:
            undo(user=world.user, message_id=message.pk)
        counts.append(len(said))
    assert counts[0] == counts[1], "queries do not grow with followers"
    assert counts[0] < 60


@pytest.mark.django_db(transaction=True)
def test_undo_against_the_sender() -> None:
    """Both at once, many times: a message that is gone was never handed over, one that stands was handed over whole."""
    world = make_world()
    undone = 0
    for number in range(12):
        message = _write(world, cc=[Address(f"boss{number}@firm.example")])
        copies = [one.pk for one in _copies(message)]
        Delivery.objects.filter(pk__in=copies).update(due=now())
        ready = threading.Barrier(2)

        def send(ready: threading.Barrier = ready) -> None:
            ready.wait()
            send_due()
            connection.close()

        sender = threading.Thread(target=send)
        sender.start()
        ready.wait()
        with contextlib.suppress(TooLate):
            undo(user=world.user, message_id=message.pk)
        sender.join()
        send_due()
        states = set(Delivery.objects.filter(pk__in=copies).values_list("state", flat=True))
        there = Message.objects.filter(pk=message.pk).exists()
        assert states == ({"accepted"} if there else {"cancelled"})
        undone += not there
    with transaction.atomic():
        assert Draft.objects.count() == undone
