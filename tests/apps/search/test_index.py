"""What is written is found soon after, what changes is found as it is, and nobody finds what is not theirs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError

from postroom.conversations import services
from postroom.conversations.models import Message
from postroom.conversations.searching import found_conversations
from postroom.core.addresses import Address
from postroom.core.search.words import question
from postroom.directory.contacts_editing import ContactFields, add_address, change_contact, create_contact
from postroom.directory.contacts_merging import merge_contacts
from postroom.directory.models import Company, User
from postroom.directory.profile import Profile, update_profile
from postroom.directory.searching import found_contacts
from postroom.infra.models import SearchEntry, SearchPending
from postroom.infra.search import index, sources
from postroom.infra.search.index import index_all, index_some, mark, rebuild
from postroom.records.editing import create_record, edit_record
from postroom.records.models import Record
from postroom.records.searching import found_records
from tests.support import factory
from tests.support.acme import arrival, letter, make_acme, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_indexed(db: None) -> None:
    factory.nothing_indexed()


@pytest.fixture
def acme() -> Company:
    return factory.company()


@pytest.fixture
def member(acme: Company) -> User:
    made = factory.user("member", {acme: "member"})
    factory.contact(acme, "Member", made.email, user=made)
    return made


@pytest.fixture
def lead(acme: Company) -> Record:
    return factory.record(factory.desk(acme))


def talks(user: User, typed: str, **asked: Any) -> list[int]:
    index_all()
    return [one.message for one in found_conversations(user, question(typed), **asked).rows]


def records(user: User, typed: str) -> list[int]:
    index_all()
    return [one.pk for one in found_records(user, typed).rows]


def contacts(user: User, typed: str) -> list[int]:
    index_all()
    return [one.pk for one in found_contacts(user, question(typed)).rows]


def test_what_stood_before_is_found(member: User, lead: Record) -> None:
    message = factory.message(lead, "The pallets arrive on Monday.")
    factory.attachment(message, "customs form.pdf")
    for typed in ("pallets", "telematics", "hanna", "hanna@norrgard.example", "sales@acme", "customs.form", "mon"):
        assert talks(member, typed if typed != "customs.form" else "customs") == [message.pk], typed
    assert records(member, "telematics vans") == [lead.pk]
    assert not SearchPending.objects.exists()


def test_mail_is_found_with_its_record_and_its_author() -> None:
    made = make_acme()
    index_all()
    take_in(arrival(letter(subject="Forty chairs", author=Address("nadia@customer.example", "Nadia Berg"))))
    assert SearchPending.objects.count() == 1
    member = factory.user("mia", {made.company: "member"})
    (message,) = Message.objects.all()
    assert talks(member, "chairs nadia@customer") == talks(member, message.message_id) == [message.pk]
    assert records(member, "forty") == [message.thread.record_id]
    assert contacts(member, "berg") == contacts(member, "customer.example") == [message.author_id]


def test_whoever_writes_here_is_found_and_whom_they_write_to(member: User, lead: Record) -> None:
    index_all()
    services.post_message(user=member, record_id=lead.pk, body="Pallets", to=[Address("luca@x.example", "Luca")])
    assert len(talks(member, "pallets")) == len(contacts(member, "luca")) == 1


def test_a_note_is_found_as_it_is_and_not_once_it_is_gone(member: User, lead: Record) -> None:
    note = services.post_note(user=member, record_id=lead.pk, body="A secret discount")
    assert talks(member, "discount") == [note.pk]
    assert found_conversations(member, question("discount")).rows[0].internal
    services.edit_note(user=member, message_id=note.pk, body="No rebate")
    assert (talks(member, "discount"), talks(member, "rebate")) == ([], [note.pk])
    services.delete_note(user=member, message_id=note.pk)
    assert talks(member, "rebate") == []
    assert not SearchEntry.objects.filter(words__contains="rebate").exists()


def test_a_record_is_found_by_what_it_says_now_and_by_its_number(member: User, lead: Record) -> None:
    made = create_record(
        user=member, type="lead", title="Blue vans", desk_id=lead.desk_id or 0, contact_email="nils@x.example"
    )
    assert records(member, "blue v") == [made.pk]
    assert contacts(member, "nils@x") == [made.contact_id]
    edit_record(user=member, record_id=made.pk, title="Green vans", notes="A warranty question")
    assert (records(member, "blue"), records(member, "warranty")) == ([], [made.pk])
    for typed in (made.number, made.number.lower(), made.ref, str(made.pk), f"#{made.pk}"):
        assert records(member, typed)[0] == made.pk
    assert records(member, f"ticket-{made.pk}") == []


def test_a_contact_is_found_by_what_it_says_now(member: User, acme: Company) -> None:
    one = create_contact(user=member, company=acme.pk, fields=ContactFields("Ines Duarte"), emails=["ines@x.example"])
    two = create_contact(user=member, company=acme.pk, fields=ContactFields("Ines D."), emails=["duarte@y.example"])
    assert contacts(member, "ines") == [two.pk, one.pk]
    change_contact(user=member, contact_id=one.pk, fields=ContactFields("Inês Duarte", organisation="Norrgård"))
    add_address(user=member, contact_id=one.pk, email="i@home.example")
    assert contacts(member, "norrgard ines i@home.example") == [one.pk]
    merge_contacts(user=member, winner_id=one.pk, loser_id=two.pk)
    assert contacts(member, "duarte@y") == contacts(member, "ines") == [one.pk]
    update_profile(user=member, profile=Profile("Amara Okafor", "", "inbox", "en", "UTC", single_keys=True))
    assert len(contacts(member, "okafor")) == 1


def test_nothing_of_another_company_is_found(member: User, lead: Record) -> None:
    factory.message(lead, "The pallets arrive.")
    contact = factory.contact(lead.company, "Luca")
    globex = factory.company("Globex")
    other = factory.message(factory.record(factory.desk(globex)), "The pallets left.")
    stranger = factory.user("stranger", {globex: "administrator"})
    operator = factory.user("operator", is_operator=True)
    left = factory.user("left", {lead.company: "administrator"}, is_active=False)
    assert talks(stranger, "pallets") == [other.pk]
    for user in (stranger, operator, left):
        assert talks(user, "arrive") == contacts(user, "luca") == []
        assert records(user, lead.number) == []
    both = factory.user("both", {lead.company: "member", globex: "member"})
    assert len(talks(both, "pallets")) == 2
    assert talks(both, "pallets")[0] == other.pk
    assert contacts(both, "luca") == [contact.pk]


def test_a_conversation_is_found_once_by_its_newest_message(member: User, lead: Record) -> None:
    second = factory.record(lead.desk) if lead.desk else lead
    found = [factory.message(one, "pallets") for one in (lead, second, lead, second, lead)]
    for _ in range(100):
        factory.message(lead, "pallets, again")
    newest = factory.message(lead, "pallets")
    assert talks(member, "pallets ") == [newest.pk, found[3].pk]
    index_all()
    first = found_conversations(member, question("pallets"), limit=1)
    assert [one.message for one in first.rows] == [newest.pk]
    pages, before = [], first.next
    while before is not None:
        page = found_conversations(member, question("pallets"), before=before, limit=1)
        pages += [one.message for one in page.rows]
        before = page.next
    assert pages == [found[3].pk]


@pytest.mark.parametrize(
    "typed", ["", " ", "\0", "🎉", '"', "' OR 1=1 --", "a" * 10_000, "NEAR(", "*", "\\", "\ud800", "%_"]
)
def test_whatever_is_typed(member: User, lead: Record, typed: str) -> None:
    assert talks(member, typed) == records(member, typed) == contacts(member, typed) == []


def test_what_is_cut_off_waits_on(lead: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends within a batch has done nothing of it."""
    factory.message(lead)
    index_all()
    factory.message(lead, "pallets")
    mark({"message": list(Message.objects.values_list("pk", flat=True)), "record": [lead.pk]})

    def gone(of: sources.Source, ids: list[int]) -> None:
        whole(of, ids)
        if of.kind == "record":
            raise DatabaseError("gone")

    whole = index._index
    monkeypatch.setattr(index, "_index", gone)
    with pytest.raises(DatabaseError):
        index_all()
    assert not SearchEntry.objects.filter(words__contains="pallets").exists()
    monkeypatch.undo()
    index_all()
    assert SearchEntry.objects.filter(words__contains="pallets").count() == 1


def test_large_orders_are_done_in_small_batches(lead: Record) -> None:
    messages = [factory.message(lead).pk for _ in range(7)]
    index_all()
    SearchEntry.objects.all()
    rebuilt: list[int] = []
    mark({"message": messages, "record": [lead.pk]})
    assert index_all(3, rebuilt.append) == 8
    assert rebuilt == [3, 6, 8]
    assert "0 rows" in index_some()


def test_rebuilding(member: User, lead: Record) -> None:
    factory.message(lead, "pallets")
    assert len(talks(member, "pallets")) == 1
    Message.objects.update(own_text="sensors")
    assert rebuild() >= 2
    assert (talks(member, "pallets"), len(talks(member, "sensors"))) == ([], 1)
    before = list(SearchEntry.objects.order_by("pk").values_list("pk", "words"))
    rebuild()
    assert list(SearchEntry.objects.order_by("pk").values_list("pk", "words")) == before
