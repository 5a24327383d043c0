"""Entries of inboxes: raised by what is posted, handled by their reader, undone to the letter, woken by the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from postroom.conversations import inbox_services as verbs
from postroom.conversations.inbox import Tab, entry_of, in_tab, listed, listed_one, unread_count
from postroom.conversations.inbox_waking import wake_due
from postroom.conversations.models import InboxEntry, Notification
from postroom.conversations.services import CannotPost, follow, post_message, post_note
from postroom.directory.models import Contact, User
from postroom.infra import parameters
from postroom.infra.clock import now
from postroom.infra.models import Change
from postroom.outbound import choice
from postroom.outbound.models import Delivery
from postroom.records.models import Record
from tests.support import factory
from tests.support.acme import Acme, make_acme

pytestmark = pytest.mark.django_db

Verb = Callable[[User, int], verbs.Handled]


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    choice.forget()
    made = make_acme()
    User.objects.update(notify_by="inbox")
    made.amara.refresh_from_db()
    made.admin.refresh_from_db()
    return made


@pytest.fixture
def record(acme: Acme) -> Record:
    return factory.record(acme.sales, "Vans", contact=factory.contact(acme.company))


def _tabs(user: User, record: Record) -> set[str]:
    """The lists in which a conversation stands."""
    return {tab.value for tab in Tab if any(row.record == record for row in listed(user, tab).rows)}


def _unread(user: User, record: Record) -> list[int]:
    rows = Notification.objects.filter(user=user, channel="inbox", read_at=None, message__thread__record=record)
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    entry = entry_of(user, record.pk)
    assert (entry.unread if entry else 0) == len(keys), "the entry counts what is unread"
    return keys


def test_what_is_posted_raises_the_entries_of_all_who_hear(acme: Acme, record: Record) -> None:
    follow(user=acme.amara, record_id=record.pk)
    ada = Contact.objects.get(user=acme.admin)
    post_note(user=acme.admin, record_id=record.pk, body="For later")
    assert entry_of(acme.amara, record.pk) is None, "she follows messages, not notes"
    post_message(user=acme.admin, record_id=record.pk, body="Dear Hanna", to=[])
    post_note(user=acme.amara, record_id=record.pk, body="@Ada Admin please", mentions=[ada.pk])
    entry, other = entry_of(acme.amara, record.pk), entry_of(acme.admin, record.pk)
    assert entry is not None
    assert other is not None
    newest = Notification.objects.filter(user=acme.amara).latest("pk")
    assert (entry.newest, entry.unread, entry.mentioned) == (newest.pk, 1, False)
    assert (other.unread, other.mentioned) == (1, True)


def test_a_new_message_takes_out_of_done_and_wakes(acme: Acme, record: Record) -> None:
    follow(user=acme.amara, record_id=record.pk)
    for verb in ("done", "snooze"):
        post_message(user=acme.admin, record_id=record.pk, body="Dear Hanna", to=[])
        _verb(verb)(acme.amara, record.pk)
        assert "unread" not in _tabs(acme.amara, record)
        post_message(user=acme.admin, record_id=record.pk, body="One more thing", to=[])
        assert _tabs(acme.amara, record) == {"unread", "all"}


def _verb(name: str) -> Verb:
    def call(user: User, record: int) -> verbs.Handled:
        if name == "snooze":
            return verbs.snooze(user=user, record_id=record, until=now() + timedelta(hours=1))
        made: verbs.Handled = getattr(verbs, name)(user=user, record_id=record)
        return made

    return call


LISTS: Sequence[tuple[str, set[str]]] = (
    ("mark_read", {"all", "mentions"}),
    ("done", {"done"}),
    ("star", {"unread", "all", "mentions", "starred"}),
    ("snooze", {"snoozed"}),
)


@pytest.mark.parametrize(("name", "stands"), LISTS)
def test_a_verb_moves_the_conversation_and_undo_brings_it_back(
    acme: Acme, record: Record, name: str, stands: set[str]
) -> None:
    me = acme.amara
    factory.told(me, record, mention=True)
    verbs.mark_read(user=me, record_id=record.pk)
    factory.told(me, record)
    factory.told(me, record)
    other = factory.record(acme.sales, "Trucks")
    factory.told(me, other)
    verbs.mark_read(user=me, record_id=other.pk)
    before, entry = _unread(me, record), entry_of(me, record.pk)
    done = _verb(name)(me, record.pk)
    assert _tabs(me, record) == stands
    assert Change.objects.filter(topic="inbox", ref=str(me.pk)).exists()
    verbs.undo(user=me, what=done)
    assert _unread(me, record) == before, "what was read before stays read"
    assert len(before) == 2
    again = entry_of(me, record.pk)
    assert again is not None
    assert entry is not None
    for field in ("newest", "unread", "mentioned", "starred", "snoozed_until", "done_at"):
        assert getattr(again, field) == getattr(entry, field), field
    assert _unread(me, other) == []


@pytest.mark.parametrize(("name", "opposite"), [("done", "undone"), ("star", "unstar"), ("snooze", "wake")])
def test_every_verb_has_its_opposite(acme: Acme, record: Record, name: str, opposite: str) -> None:
    factory.told(acme.amara, record)
    verbs.mark_read(user=acme.amara, record_id=record.pk)
    _verb(name)(acme.amara, record.pk)
    assert _tabs(acme.amara, record) != {"all"}
    _verb(opposite)(acme.amara, record.pk)
    assert _tabs(acme.amara, record) == {"all"}


def test_all_of_it_is_read_and_undone_to_the_letter(acme: Acme, record: Record) -> None:
    me = acme.amara
    other, asleep = factory.record(acme.support, "Trucks"), factory.record(acme.support, "Later")
    for one in (record, other, asleep):
        factory.told(me, one)
    factory.told(acme.admin, record)
    verbs.mark_read(user=me, record_id=other.pk)
    factory.told(me, other)
    _verb("snooze")(me, asleep.pk)
    done = verbs.mark_all_read(user=me)
    assert done.count == 2
    assert [_unread(me, one) == [] for one in (record, other, asleep)] == [True, True, False]
    assert len(_unread(acme.admin, record)) == 1
    verbs.undo(user=me, what=done)
    assert [len(_unread(me, one)) for one in (record, other, asleep)] == [1, 1, 1]
    assert verbs.mark_all_read(user=acme.admin).count == 1
    assert verbs.mark_all_read(user=acme.admin).count == 0


def test_an_undo_does_not_hide_what_came_after_it(acme: Acme, record: Record) -> None:
    factory.told(acme.amara, record)
    done = verbs.mark_read(user=acme.amara, record_id=record.pk)
    factory.told(acme.amara, record)
    verbs.undo(user=acme.amara, what=done)
    verbs.undo(user=acme.amara, what=done)
    assert len(_unread(acme.amara, record)) == 2


def test_unread_again_by_one_message(acme: Acme, record: Record) -> None:
    message = factory.told(acme.amara, record)
    verbs.done(user=acme.amara, record_id=record.pk)
    verbs.mark_unread(user=acme.amara, message_id=message.pk)
    verbs.mark_unread(user=acme.amara, message_id=message.pk)
    assert len(_unread(acme.amara, record)) == 1
    assert _tabs(acme.amara, record) == {"unread", "all"}
    verbs.mark_unread(user=acme.admin, message_id=message.pk)
    assert len(_unread(acme.admin, record)) == 1


def test_what_sleeps_comes_back_on_top_and_unread(acme: Acme, record: Record) -> None:
    me = acme.amara
    first = factory.told(me, record)
    verbs.mark_read(user=me, record_id=record.pk)
    factory.told(me, factory.record(acme.sales, "Newer"))
    assert wake_due() == "0 conversations came back."
    with pytest.raises(CannotPost, match="has passed"):
        verbs.snooze(user=me, record_id=record.pk, until=now())
    _verb("snooze")(me, record.pk)
    assert wake_due().startswith("0")
    InboxEntry.objects.filter(thread__record=record).update(snoozed_until=now())
    Change.objects.all().delete()
    assert wake_due() == "1 conversations came back."
    assert [row.record.title for row in listed(me, Tab.UNREAD).rows] == ["Vans", "Newer"]
    assert len(_unread(me, record)) == 1
    assert Notification.objects.filter(message=first, user=me).count() == 1, "nobody is told twice"
    assert [(one.topic, one.ref) for one in Change.objects.all()] == [("inbox", str(me.pk))]


def test_what_was_unread_while_it_slept_is_counted_once(acme: Acme, record: Record) -> None:
    factory.told(acme.amara, record)
    _verb("snooze")(acme.amara, record.pk)
    assert unread_count(acme.amara) == 0
    InboxEntry.objects.update(snoozed_until=now())
    wake_due()
    assert len(_unread(acme.amara, record)) == 1
    assert unread_count(acme.amara) == 1


def test_a_star_for_what_nobody_told_of(acme: Acme, record: Record) -> None:
    with pytest.raises(CannotPost, match="Nobody has written"):
        verbs.star(user=acme.amara, record_id=record.pk)
    with pytest.raises(CannotPost, match="in your inbox"):
        verbs.done(user=acme.amara, record_id=record.pk)
    factory.message(record)
    verbs.star(user=acme.amara, record_id=record.pk)
    assert _tabs(acme.amara, record) == {"starred", "all"}
    assert _unread(acme.amara, record) == []


def test_a_line_says_what_came_last_and_what_failed(acme: Acme, record: Record) -> None:
    me = acme.amara
    factory.told(me, record, author_name="Hanna", author_email="hanna@norrgard.example")
    mine = factory.message(record, "Offer", author_name=me.name, author_email=me.email, user=me)
    factory.attachment(mine, "offer.pdf")
    last = factory.told(me, record, "Thanks  a\nlot", author_name="Hanna", author_email="hanna@norrgard.example")
    row = listed_one(me, record.pk)
    assert row is not None
    assert [(one.name, one.me) for one in row.people] == [("Hanna", False), ("Amara Okafor", True)]
    assert (row.message, row.snippet, row.unread, row.files, row.failed) == (last.pk, "Thanks a lot", 2, True, False)
    copy = factory.delivery(record, state="bounced")
    Notification.objects.create(
        message=mine, company=acme.company, email=copy.address, channel="mail", delivery=copy, created_at=now()
    )
    again = listed_one(me, record.pk)
    assert again is not None
    assert again.failed
    Delivery.objects.update(state="delivered")
    row = listed_one(me, record.pk)
    assert row is not None
    assert not row.failed


def test_another_company_has_nothing_to_do_with_it(acme: Acme, record: Record) -> None:
    globex = factory.company("Globex")
    stranger = factory.user("stranger", {globex: "administrator"})
    message = factory.told(acme.amara, record)
    factory.told(stranger, record)
    assert listed(stranger, Tab.ALL).rows == ()
    assert unread_count(stranger) == 0
    for name in ("mark_read", "done", "undone", "star", "unstar", "snooze", "wake"):
        with pytest.raises(CannotPost, match="There is no record"):
            _verb(name)(stranger, record.pk)
    with pytest.raises(CannotPost, match="There is no message"):
        verbs.mark_unread(user=stranger, message_id=message.pk)
    verbs.mark_all_read(user=stranger)
    verbs.undo(user=stranger, what=verbs.mark_read(user=acme.amara, record_id=record.pk).__class__(read_at=now()))
    assert Notification.objects.filter(user=stranger, read_at=None).count() == 1


def test_lists_go_by_an_index_and_cost_the_same(acme: Acme, django_assert_num_queries: Any) -> None:
    me = acme.amara
    for number in range(3):
        factory.told(me, factory.record(acme.sales, f"Lead {number}"))
    listed(me, Tab.UNREAD)  # the companies of the reader are read once
    with django_assert_num_queries(4):
        listed(me, Tab.UNREAD)
    for number in range(60):
        factory.told(me, factory.record(acme.sales, f"More {number}"))
    with django_assert_num_queries(4):  # a fifth where the reader wrote
        page = listed(me, Tab.UNREAD)
    assert page.next is not None
    second = listed(me, Tab.UNREAD, before=page.next)
    assert len({row.record for row in (*page.rows, *second.rows)}) == 63
    if connection.vendor == "sqlite":
        for tab in Tab:
            plan = in_tab(me, tab).order_by("-newest")[:51].explain()
            assert "TEMP B-TREE" not in plan, (tab, plan)
            assert "inbox_" in plan, (tab, plan)


def test_a_full_inbox_is_read_in_batches_of_as_many_statements(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    me = acme.amara
    records = [factory.record(acme.sales, f"Lead {number}") for number in range(5)]
    for number in range(24):
        factory.told(me, records[number % 5])
    monkeypatch.setattr(verbs, "CHUNK", 10)

    def asked(what: Callable[[], verbs.Handled | None]) -> tuple[int, verbs.Handled | None]:
        with CaptureQueriesContext(connection) as queries:
            answer = what()
        return sum("conversations_notification" in one["sql"] for one in queries), answer

    statements, done = asked(lambda: verbs.mark_all_read(user=me))
    assert done is not None
    assert (done.count, done.conversations) == (24, 5)
    assert statements == 6  # two for each of 10, 10 and 4
    assert {entry.unread for entry in InboxEntry.objects.filter(user=me)} == {0}
    assert asked(lambda: verbs.undo(user=me, what=done))[0] == 6
    assert sorted(entry.unread for entry in InboxEntry.objects.filter(user=me)) == [4, 5, 5, 5, 5]
