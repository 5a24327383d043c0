"""Following, the inbox, what became of each copy, and what the composer says beforehand."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from postroom.conversations import facts, inbox, limits
from postroom.conversations.audience import audience, people
from postroom.conversations.inbox import Tab
from postroom.conversations.models import Message, MessageId, Notification
from postroom.conversations.receivers import on_deliveries
from postroom.conversations.services import (
    CannotPost,
    follow,
    mark_read,
    mark_unread,
    post_message,
    post_note,
    unfollow,
)
from postroom.conversations.states import states_of
from postroom.core.addresses import Address
from postroom.directory.models import User
from postroom.infra.models import Change
from postroom.outbound.events import DeliveryNews, delivery_changed
from postroom.outbound.models import Delivery
from tests.apps.conversations.world import MARY, World, by_inbox, told
from tests.support import factory


def _ben(world: World) -> User:
    assert world.ben.user is not None
    return User.objects.get(pk=world.ben.user.pk)


def _reads_in_inbox(world: World) -> User:
    world.follow(world.ben)
    by_inbox(world.ben)
    return _ben(world)


def test_following_oneself_and_others(world: World) -> None:
    mine = follow(user=world.user, record_id=world.lead.pk)
    assert (mine.contact, mine.discussions, mine.notes) == (world.amara, True, False)
    again = follow(user=world.user, record_id=world.lead.pk, discussions=False, notes=True)
    assert again.pk == mine.pk
    follow(user=world.user, record_id=world.lead.pk, contact_id=world.carla.pk)
    assert unfollow(user=world.user, record_id=world.lead.pk, contact_id=world.carla.pk)
    assert unfollow(user=world.user, record_id=world.lead.pk)
    assert not unfollow(user=world.user, record_id=world.lead.pk)


def test_who_cannot_follow(world: World) -> None:
    elsewhere = factory.contact(factory.company("Other"))
    with pytest.raises(CannotPost, match="no contact"):
        follow(user=world.user, record_id=world.lead.pk, contact_id=elsewhere.pk)
    with pytest.raises(CannotPost, match="can't hear of notes"):
        follow(user=world.user, record_id=world.lead.pk, contact_id=world.carla.pk, notes=True)


def test_the_inbox_has_one_row_for_each_conversation(world: World) -> None:
    ben = _reads_in_inbox(world)
    world.comes(text="How much?")
    world.comes(text="And when?")
    other = factory.record(world.acme.sales, "Trucks")
    post_note(user=world.user, record_id=other.pk, body="Look at this", mentions=[world.ben.pk])
    page = inbox.listed(ben, Tab.UNREAD)
    assert [(row.record.pk, row.snippet, row.unread, row.people[0].name, row.internal) for row in page.rows] == [
        (other.pk, "Look at this", 1, "Amara Okafor", True),
        (world.lead.pk, "And when?", 2, "Mary", False),
    ]
    assert page.next is None
    assert inbox.unread_count(ben) == 2
    assert inbox.listed(world.user, Tab.UNREAD).rows == ()


def test_the_inbox_pages_by_key(world: World) -> None:
    ben = _reads_in_inbox(world)
    for number in range(5):
        record = factory.record(world.acme.sales, f"Lead {number}")
        post_note(user=world.user, record_id=record.pk, body="!", mentions=[world.ben.pk])
    first = inbox.listed(ben, Tab.UNREAD, limit=3)
    rest = inbox.listed(ben, Tab.UNREAD, before=first.next, limit=3)
    assert [row.record.title for row in (*first.rows, *rest.rows)] == [f"Lead {n}" for n in (4, 3, 2, 1, 0)]
    assert (first.next, rest.next) == (first.rows[-1].key, None)


def test_reading_empties_the_inbox(world: World) -> None:
    ben = _reads_in_inbox(world)
    message = world.comes()
    Change.objects.all().delete()
    assert mark_read(user=ben, record_id=world.lead.pk).count == 1
    assert mark_read(user=ben, record_id=world.lead.pk).count == 0
    assert inbox.unread_count(ben) == 0
    assert list(Change.objects.values_list("topic", "ref")) == [("inbox", str(ben.pk))]
    mark_unread(user=ben, message_id=message.pk)
    assert inbox.unread_count(ben) == 1
    assert Notification.objects.filter(message=message, user=ben).count() == 1


def test_what_came_by_mail_may_be_marked_unread(world: World) -> None:
    world.follow(world.ben)
    message = world.comes()
    mark_unread(user=_ben(world), message_id=message.pk)
    assert [row.message for row in inbox.listed(_ben(world), Tab.UNREAD).rows] == [message.pk]
    assert Notification.objects.filter(message=message, channel="mail").count() == 1


def test_who_left_the_company_has_no_inbox_of_it(world: World) -> None:
    from tests.apps.conversations.world import leave

    ben = _reads_in_inbox(world)
    world.comes()
    leave(world, world.ben)
    assert inbox.unread_count(ben) == 0
    with pytest.raises(CannotPost):
        mark_read(user=ben, record_id=world.lead.pk)


def test_each_copy_has_its_state_in_words(world: World) -> None:
    ben = _reads_in_inbox(world)
    world.follow(world.carla)
    message = post_message(user=world.user, record_id=world.lead.pk, body="Hello")
    Delivery.objects.filter(address=MARY.email).update(state="failed", words="550 5.1.1 No such user.")
    mary, carla, in_inbox = states_of(world.user, [message.pk])[message.pk]
    assert (mary.email, mary.state, mary.channel) == (MARY.email, "failed", "mail")
    assert (
        mary.words
        == "Refused for good, put off for too long, or a person found that it did not arrive. 550 5.1.1 No such user."
    )
    assert mary.delivery_id == Delivery.objects.get(address=MARY.email).pk
    assert (carla.state, carla.because) == ("queued", "was chosen as a recipient")
    assert (in_inbox.state, in_inbox.delivery_id) == ("unread", 0)
    mark_read(user=ben, record_id=world.lead.pk)
    read = states_of(world.user, [message.pk])[message.pk][2]
    assert read.state == "read"
    assert read.words.startswith("Read in the inbox at 2")


def test_states_of_what_one_may_not_read_are_not_told(world: World) -> None:
    message = world.comes()
    assert states_of(factory.user("zoe"), [message.pk]) == {message.pk: []}


def test_news_of_a_copy_reaches_pages_and_teaches_ids(world: World) -> None:
    message = post_message(user=world.user, record_id=world.lead.pk, body="Hello")
    Change.objects.all().delete()
    (delivery,) = Delivery.objects.all()
    news = [DeliveryNews(delivery.pk, delivery.company_id, "accepted", "0102@eu-west-1.amazonses.com")]
    delivery_changed.send([*news, *news, DeliveryNews(delivery.pk + 1, delivery.company_id, "accepted", "x@y")])
    on_deliveries(news)
    told_of = Change.objects.filter(topic="delivery").values_list("company_id", "ref")
    assert list(told_of) == [(world.acme.company.pk, world.lead.ref)] * 2
    values = MessageId.objects.filter(message=message).order_by("pk").values_list("value", flat=True)
    assert list(values) == [message.message_id, "0102@eu-west-1.amazonses.com"]


def test_a_copy_leads_to_its_message(world: World) -> None:
    note = post_note(user=world.user, record_id=world.lead.pk, body="Look", mentions=[world.ben.pk])
    (delivery,) = Delivery.objects.all()
    thread = world.lead.thread.pk
    assert facts.by_deliveries([delivery.pk, 0]) == {
        delivery.pk: facts.Answered(
            note.pk, thread, world.acme.company.pk, world.lead.pk, "lead", True, "ben@acme.example", _ben(world).pk
        )
    }


def test_the_audience_before_anyone_types(world: World) -> None:
    world.follow(world.amara, world.ben, world.carla)
    world.comes(
        to=(Address("sales@acme.example"), Address("dave@partner.example", "Dave")),
        cc=(Address("ben@acme.example"), Address("x@firm.example", "X")),
    )
    found = audience(world.user, world.lead.pk)
    assert found is not None
    assert [(one.email, one.field, one.fixed) for one in found.outside] == [
        (MARY.email, "to", False),
        ("dave@partner.example", "cc", False),
        ("x@firm.example", "cc", False),
        ("carla@partner.example", "cc", True),
    ]
    assert found.outside[0].because == "the contact of this record"
    assert [(one.email, one.channel) for one in found.inside] == [("ben@acme.example", "mail")]
    assert found.sender.author.name == "Amara Okafor"
    posted = post_message(user=world.user, record_id=world.lead.pk, body="Hello")
    hears = {one.email for one in (*found.outside, *found.inside)}
    assert set(told(posted)) == hears


def test_after_an_answer_of_ours_its_people_are_suggested_again(world: World) -> None:
    post_message(user=world.user, record_id=world.lead.pk, body="Hi", to=[Address("n@firm.example")], cc=[MARY])
    found = audience(world.user, world.lead.pk)
    assert found is not None
    assert [(one.email, one.field) for one in found.outside] == [(MARY.email, "to"), ("n@firm.example", "to")]


def test_people_of_doubted_messages_are_not_suggested(world: World) -> None:
    world.comes(Address("eve@elsewhere.example", "Eve"), standing="outsider", cc=(Address("evil@elsewhere.example"),))
    found = audience(world.user, world.lead.pk)
    assert found is not None
    assert [one.email for one in found.outside] == [MARY.email]


def test_the_audience_of_a_note_is_ours_alone(world: World) -> None:
    world.follow(world.carla)
    world.follow(world.ben, discussions=False, notes=True)
    found = audience(world.user, world.lead.pk, internal=True)
    assert found is not None
    assert found.outside == ()
    assert [one.email for one in found.inside] == ["ben@acme.example"]


def test_nobody_else_sees_an_audience(world: World) -> None:
    assert audience(factory.user("zoe"), world.lead.pk) is None
    assert people(factory.user("zoe2"), world.lead.pk, "") == ()


@pytest.mark.parametrize(("text", "found"), [("be", ["Ben Okri"]), ("okri", ["Ben Okri"]), ("mary", []), ("zz", [])])
def test_mentions_are_completed_among_our_own(world: World, text: str, found: list[str]) -> None:
    assert [one.name for one in people(world.user, world.lead.pk, text)] == found


def test_counters_of_no_thread_cost_nothing(world: World) -> None:
    with CaptureQueriesContext(connection) as said:
        limits.forget_counts([])
        assert facts.by_deliveries([]) == {}
    assert len(said) == 0


@pytest.mark.parametrize("amount", [1, 12])
def test_pages_cost_a_fixed_number_of_queries(world: World, amount: int) -> None:
    ben = _reads_in_inbox(world)
    world.follow(world.carla, world.dave)
    for number in range(amount):
        world.comes(cc=(Address(f"c{number}@firm.example"),))
        record = factory.record(world.acme.sales, f"Lead {number}")
        post_note(user=world.user, record_id=record.pk, body="!", mentions=[world.ben.pk])
    messages = list(Message.objects.values_list("pk", flat=True))
    audience(ben, world.lead.pk)  # servers and memberships are read once
    for question, queries in (
        (lambda: inbox.listed(ben, Tab.UNREAD), 4),
        (lambda: inbox.unread_count(ben), 1),
        (lambda: states_of(ben, messages), 1),
        (lambda: audience(ben, world.lead.pk), 14),  # whom to offer is asked for with whom to propose
        (lambda: people(ben, world.lead.pk, "a"), 2),
    ):
        with CaptureQueriesContext(connection) as said:
            question()
        assert len(said) == queries, [one["sql"][:90] for one in said.captured_queries]
