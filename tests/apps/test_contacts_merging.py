"""Two contacts become one: what moves, what is refused, and what a mail does that comes at this very moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

import pytest
from django.apps import apps
from django.db import connection

from postroom.conversations.models import Follower, Message, Notification
from postroom.directory import contacts_lists
from postroom.directory.contacts import Key, find_or_make
from postroom.directory.contacts_editing import NoContact
from postroom.directory.contacts_merging import CannotMerge, merge_contacts, preview
from postroom.directory.models import Company, Contact, ContactAddress, MergedContact, User
from postroom.inbound.models import InboundMail
from postroom.inbound.pipeline import Line
from postroom.inbound.services import accept
from postroom.inbound.steps import enact
from postroom.infra import parameters
from postroom.infra.clock import now
from postroom.records.models import DeskFollower, Record
from tests.support import factory
from tests.support.acme import arrival, letter, line, make_acme, take_in
from tests.support.queries import ON_POSTGRES, statements

pytestmark = pytest.mark.django_db(transaction=True)

HERE = "contact_id"


@pytest.fixture
def acme() -> Company:
    return factory.company("Acme")


@pytest.fixture
def amara(acme: Company) -> User:
    return factory.user("amara", {acme: "member"})


def pair(acme: Company) -> tuple[Contact, Contact]:
    winner = factory.contact(acme, "Hanna Sjöberg", "hanna@norrgard.example", phone="1")
    return winner, factory.contact(acme, "Hanna S.", "h@home.example", phone="2", organisation="Norrgård")


def test_every_key_that_points_at_contacts_is_moved() -> None:
    """A new key has to be moved by its app, and named here."""
    known = {
        "ContactAddress.contact", "MergedContact.contact", "Record.contact", "DeskFollower.contact", "Message.author",
        "Follower.contact", "Notification.contact",
    }  # fmt: skip
    keys = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if field.related_model is Contact
    }
    assert keys == known


def test_everything_moves_to_the_winner(acme: Company, amara: User) -> None:
    winner, loser = pair(acme)
    desk = factory.desk(acme)
    both, alone = factory.record(desk, contact=loser), factory.record(desk)
    for who in (winner, loser):
        factory.follower(both, who)
        DeskFollower.objects.create(desk=desk, contact=who)
    Follower.objects.filter(contact=winner).update(discussions=False)
    factory.follower(alone, loser)
    wrote = factory.message(both, author=loser)
    Notification.objects.create(
        message=wrote, company=acme, contact=loser, email="h@home.example", channel="mail", created_at=now()
    )
    moved = preview(amara, winner_id=winner.pk, loser_id=loser.pk)
    assert dict(moved.moves) == {
        "records": 1, "desks followed": 1, "messages": 1, "conversations followed": 2, "copies of messages": 1,
    }  # fmt: skip
    assert (moved.filled, moved.problem) == ((("organisation", "Norrgård"),), "")
    assert moved.addresses == ("hanna@norrgard.example", "h@home.example")

    kept = merge_contacts(user=amara, winner_id=winner.pk, loser_id=loser.pk)
    assert not Contact.objects.filter(pk=loser.pk).exists()
    for rows in (Record, DeskFollower, Follower, Notification):
        found = rows.objects.exclude(contact=None).values_list(HERE, flat=True)
        assert set(found) == {winner.pk}, rows
    assert (Follower.objects.count(), DeskFollower.objects.count()) == (2, 1)
    assert Follower.objects.get(thread=both.thread).discussions
    assert Message.objects.get().author_id == winner.pk
    assert (kept.organisation, kept.phone, kept.name) == ("Norrgård", "1", "Hanna Sjöberg")
    primary = dict(ContactAddress.objects.filter(contact=winner).values_list("email", "primary"))
    assert primary == {"hanna@norrgard.example": True, "h@home.example": False}


def test_old_addresses_of_pages_lead_on_however_often(acme: Company, amara: User) -> None:
    first, second, third = (factory.contact(acme, name) for name in "abc")
    merge_contacts(user=amara, winner_id=second.pk, loser_id=first.pk)
    merge_contacts(user=amara, winner_id=third.pk, loser_id=second.pk)
    assert [contacts_lists.became(amara, one.pk) for one in (first, second)] == [third.pk] * 2
    stranger = factory.user("stranger", {factory.company("Globex"): "member"})
    assert contacts_lists.became(stranger, first.pk) is None
    assert contacts_lists.became(amara, third.pk) is None


def test_a_user_stays_a_user(acme: Company, amara: User) -> None:
    outside = factory.contact(acme, "A. Okafor", "amara@home.example")
    mine = factory.contact(acme, amara.name, amara.email, user=amara)
    kept = merge_contacts(user=amara, winner_id=outside.pk, loser_id=mine.pk)
    assert (kept.user_id, kept.name) == (amara.pk, amara.name)
    assert ContactAddress.objects.get(contact=kept, primary=True).email == amara.email


def test_what_cannot_be_one(acme: Company, amara: User) -> None:
    globex = factory.company("Globex")
    both = factory.user("both", {acme: "member", globex: "member"})
    mine = factory.contact(acme, amara.name, amara.email, user=amara)
    theirs = factory.contact(acme, both.name, both.email, user=both)
    foreign = factory.contact(globex, "Foreign")
    for one, other, words in ((mine, theirs, "users cannot"), (mine, mine, "same"), (mine, foreign, "two companies")):
        with pytest.raises(CannotMerge, match=words):
            merge_contacts(user=both, winner_id=one.pk, loser_id=other.pk)
    for winner, loser in ((mine.pk, foreign.pk), (foreign.pk, mine.pk), (mine.pk, 10**9)):
        with pytest.raises(NoContact):
            merge_contacts(user=amara, winner_id=winner, loser_id=loser)
    assert not MergedContact.objects.exists()


def test_a_merge_costs_the_same_however_much_moves(acme: Company, amara: User) -> None:
    contacts_lists.contacts(amara)  # memberships are read once for each user object
    counts = []
    for number in (1, 30):
        winner, loser = factory.contact(acme, "w"), factory.contact(acme, "l")
        desk = factory.desk(acme)
        for _ in range(number):
            record = factory.record(desk, contact=loser)
            factory.message(record, author=loser)
            factory.follower(record, loser)
        with statements() as said:
            merge_contacts(user=amara, winner_id=winner.pk, loser_id=loser.pk)
        counts.append(len(said))
    assert counts[0] == counts[1] <= 30


def _settle(one: Line) -> None:
    try:
        one.settle_some(ahead=False)
    finally:
        connection.close()


@pytest.mark.parametrize("answer", [False, True])
def test_a_mail_that_was_decided_before_lands_at_the_winner(monkeypatch: pytest.MonkeyPatch, *, answer: bool) -> None:
    """The facts of the mail were read before the merge, its transaction begins after it."""
    parameters.forget()
    acme = make_acme()
    take_in(arrival(letter(message_id="first")))
    loser = Message.objects.get().author
    assert loser is not None
    winner = factory.contact(acme.company, "Winner")
    enacted: Callable[..., None] = enact.enact

    def after_merge(batch: object, token: str) -> None:
        if Contact.objects.filter(pk=loser.pk).exists():
            merge_contacts(user=acme.admin, winner_id=winner.pk, loser_id=loser.pk)
        enacted(batch, token)

    monkeypatch.setattr("postroom.inbound.pipeline.enact", after_merge)
    take_in(arrival(letter(message_id="second", in_reply_to=("first",) if answer else ())))
    assert set(InboundMail.objects.values_list("state", flat=True)) == {"routed"}
    assert list(Message.objects.values_list("author_id", flat=True)) == [winner.pk] * 2
    assert ContactAddress.objects.filter(contact=winner).count() == 2


@pytest.mark.parametrize("first", ["mail", "merge"])
def test_a_mail_at_the_same_moment_lands_at_the_winner(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """The mail has found the loser and not committed yet when the merge begins; either of them commits first. SQLite
    has one writer at a time: there it is always the mail.
    """
    parameters.forget()
    acme = make_acme()
    take_in(arrival(letter(message_id="first")))
    loser = Message.objects.get().author
    assert loser is not None
    winner = factory.contact(acme.company, "Winner")
    found, merged = threading.Event(), threading.Event()
    waited = threading.local()
    original = find_or_make

    def slowly(names: Mapping[Key, str]) -> dict[Key, int]:
        known = original(names)
        if known and not getattr(waited, "once", False):
            waited.once = True
            found.set()
            merged.wait(10 if first == "merge" and ON_POSTGRES else 0.3)
        return known

    monkeypatch.setattr("postroom.inbound.effects.find_or_make", slowly)
    accept([arrival(letter(message_id="second"))])
    worker = threading.Thread(target=_settle, args=(line(),))
    worker.start()
    assert found.wait(10)
    merge_contacts(user=acme.admin, winner_id=winner.pk, loser_id=loser.pk)
    merged.set()
    worker.join(20)
    assert set(InboundMail.objects.values_list("state", flat=True)) == {"routed"}
    assert list(Message.objects.values_list("author_id", flat=True)) == [winner.pk] * 2
