"""Contacts: made, changed, given addresses; the list by name; their conversations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from pytest_django import DjangoAssertNumQueries

from postroom.conversations.contacts import history, last_conversations
from postroom.directory import contacts_editing as editing
from postroom.directory import contacts_lists
from postroom.directory.contacts_editing import AddressTaken, ContactFields, NoContact
from postroom.directory.models import Company, Contact, ContactAddress, User
from postroom.directory.profile import CannotSave
from postroom.infra.models import Change
from postroom.records.models import Record
from tests.support import factory
from tests.support.queries import plan, statements

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class World:
    acme: Company
    globex: Company
    amara: User
    stranger: User
    hanna: Contact
    lead: Record


@pytest.fixture
def world() -> World:
    acme, globex = factory.company("Acme"), factory.company("Globex")
    hanna = factory.contact(acme, "Hanna Sjöberg", "hanna@norrgard.example", organisation="Norrgård")
    return World(
        acme, globex, factory.user("amara", {acme: "member"}), factory.user("stranger", {globex: "member"}), hanna,
        factory.record(factory.desk(acme), contact=hanna),
    )  # fmt: skip


def emails(contact: Contact) -> list[tuple[str, bool]]:
    rows = ContactAddress.objects.filter(contact=contact).order_by("-primary", "pk")
    return list(rows.values_list("email", "primary"))


def own_contact(world: World) -> Contact:
    """The contact that stands for Amara."""
    return factory.contact(world.acme, world.amara.name, world.amara.email, user=world.amara)


def test_a_contact_is_made_with_its_addresses_normalised(world: World) -> None:
    made = editing.create_contact(
        user=world.amara,
        company=world.acme.pk,
        fields=ContactFields("  Luca   Bianchi ", phone="+39 02 1234", language="it", time_zone="Europe/Rome"),
        emails=["Luca@Bianchi.EXAMPLE", " luca@bianchi.example", "post@bücher.example", ""],
    )
    assert emails(made) == [("luca@bianchi.example", True), ("post@xn--bcher-kva.example", False)]
    assert (made.name, made.company_id, made.language, made.time_zone) == (
        "Luca Bianchi", world.acme.pk, "it", "Europe/Rome",
    )  # fmt: skip
    assert Change.objects.filter(company_id=world.acme.pk, topic="contact", ref=str(made.pk)).exists()


def test_an_address_gives_a_name(world: World) -> None:
    made = editing.create_contact(
        user=world.amara, company=world.acme.pk, fields=ContactFields(), emails=["post@firm.example"]
    )
    assert made.name == "post"


@pytest.mark.parametrize(
    ("fields", "addresses", "field"),
    [
        (ContactFields(), [], "name"),
        (ContactFields("x" * 201), [], "name"),
        (ContactFields("a\x07b"), [], "name"),
        (ContactFields("A", organisation="x" * 201), [], "organisation"),
        (ContactFields("A", phone="1" * 41), [], "phone"),
        (ContactFields("A", language="xx"), [], "language"),
        (ContactFields("A", time_zone="Mars/Olympus"), [], "time_zone"),
        (ContactFields("A"), ["no address"], "email"),
        (ContactFields("A"), [f"p{n}@x.example" for n in range(51)], "email"),
    ],
)
def test_what_is_wrong_is_said_by_field(world: World, fields: ContactFields, addresses: list[str], field: str) -> None:
    with pytest.raises(CannotSave) as refused:
        editing.create_contact(user=world.amara, company=world.acme.pk, fields=fields, emails=addresses)
    assert set(refused.value.problems) == {field}


def test_an_address_of_another_contact_says_whose_it_is(world: World) -> None:
    other = factory.contact(world.acme, "Hanna S.")
    with pytest.raises(AddressTaken, match="belongs to Hanna Sjöberg: merge them") as refused:
        editing.add_address(user=world.amara, contact_id=other.pk, email="HANNA@norrgard.example")
    assert refused.value.contact == world.hanna.pk
    with pytest.raises(AddressTaken):
        editing.create_contact(
            user=world.amara, company=world.acme.pk, fields=ContactFields("H"), emails=["hanna@norrgard.example"]
        )
    assert not Contact.objects.filter(name="H").exists()
    factory.contact(world.globex, "Their Hanna", "hanna@norrgard.example")  # another company's are another's


def test_addresses_are_added_made_main_and_removed(world: World) -> None:
    pk, who = world.hanna.pk, world.amara
    editing.add_address(user=who, contact_id=pk, email="h@home.example")
    editing.add_address(user=who, contact_id=pk, email="h@home.example")
    assert emails(world.hanna) == [("hanna@norrgard.example", True), ("h@home.example", False)]
    editing.make_primary(user=who, contact_id=pk, email="H@Home.example")
    assert emails(world.hanna) == [("h@home.example", True), ("hanna@norrgard.example", False)]
    editing.remove_address(user=who, contact_id=pk, email="h@home.example")
    assert emails(world.hanna) == [("hanna@norrgard.example", True)]
    with pytest.raises(CannotSave, match="none of the contact's addresses"):
        editing.remove_address(user=who, contact_id=pk, email="h@home.example")
    Contact.objects.filter(pk=pk).update(name=" ")
    with pytest.raises(CannotSave, match="enter a name first"):
        editing.remove_address(user=who, contact_id=pk, email="hanna@norrgard.example")
    Contact.objects.filter(pk=pk).update(name="Hanna")
    editing.remove_address(user=who, contact_id=pk, email="hanna@norrgard.example")
    assert emails(world.hanna) == []


def test_a_contact_who_is_a_user_follows_the_user(world: World) -> None:
    mine = own_contact(world)
    editing.add_address(user=world.amara, contact_id=mine.pk, email="amara@home.example")
    for verb in (editing.make_primary, editing.remove_address):
        email = "amara@home.example" if verb is editing.make_primary else world.amara.email
        with pytest.raises(CannotSave):
            verb(user=world.amara, contact_id=mine.pk, email=email)
    with pytest.raises(CannotSave) as refused:
        editing.change_contact(user=world.amara, contact_id=mine.pk, fields=ContactFields("Else", language="fr"))
    assert set(refused.value.problems) == {"name", "language"}
    editing.change_contact(user=world.amara, contact_id=mine.pk, fields=ContactFields(world.amara.name, "Acme", "1"))
    mine.refresh_from_db()
    assert (mine.organisation, mine.phone) == ("Acme", "1")


def test_another_companys_contact_is_not_there(world: World) -> None:
    pk, who = world.hanna.pk, world.stranger
    verbs: list[Callable[[], object]] = [
        lambda: editing.change_contact(user=who, contact_id=pk, fields=ContactFields("X")),
        lambda: editing.add_address(user=who, contact_id=pk, email="x@y.example"),
        lambda: editing.remove_address(user=who, contact_id=pk, email="hanna@norrgard.example"),
        lambda: editing.make_primary(user=who, contact_id=pk, email="hanna@norrgard.example"),
    ]
    for verb in verbs:
        with pytest.raises(NoContact):
            verb()
    with pytest.raises(CannotSave):
        editing.create_contact(user=who, company=world.acme.pk, fields=ContactFields("X"))
    assert contacts_lists.contact(who, pk) is None
    assert contacts_lists.contacts(who).rows == ()
    assert history(who, world.hanna).rows == ()


NAMES = ("apple", "Banana", "äpfel", "apple", "Zebra", "x" * 70, "x" * 71, "42", "banana", "İstanbul")


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pages_by_name_have_no_gaps_and_no_doubles(world: World, limit: int) -> None:
    both = factory.user("both", {world.acme: "member", world.globex: "member"})
    made = [factory.contact((world.acme, world.globex)[n % 2], name).pk for n, name in enumerate(NAMES * 2)]
    found: list[Contact] = []
    after = ""
    for _ in range(50):
        page = contacts_lists.contacts(both, after=after, limit=limit)
        found += page.rows
        after = page.next
        if not after:
            break
    assert sorted(one.pk for one in found) == sorted([*made, world.hanna.pk])
    keys = [(one.__dict__["sorted_name"], one.pk) for one in found]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("text", "there"),
    [("hanna", True), ("SJÖ", False), ("sjö", True), ("norr", True), ("hanna@norr", True), ("hanna@norrgard.example",
     True), ("anna", False), ("%", False), ("a\\", False), ("hanna sj", True), ("nobody", False)],
)  # fmt: skip
def test_a_filter_begins_words(world: World, text: str, *, there: bool) -> None:
    page = contacts_lists.contacts(world.amara, text=text)
    if text != "SJÖ":  # SQLite knows capitals of ASCII only
        assert [one.pk for one in page.rows] == ([world.hanna.pk] if there else [])


@pytest.mark.parametrize("written", ["", "x", "bm8", "WyJhIiwgMF0", "WzEsMV0", "WyJcdWQ4MDAiLDFd", "=" * 50])
def test_a_key_that_is_none_is_the_start(world: World, written: str) -> None:
    assert [one.pk for one in contacts_lists.contacts(world.amara, after=written).rows] == [world.hanna.pk]


def test_history_is_everything_they_had_a_part_in(world: World) -> None:
    desk = world.lead.desk
    assert desk is not None
    editing.add_address(user=world.amara, contact_id=world.hanna.pk, email="h@home.example")
    wrote, followed, addressed, gone, other = (factory.record(desk, name) for name in "abcde")
    factory.message(wrote, author=world.hanna, author_email="old@elsewhere.example")
    factory.follower(followed, world.hanna)
    factory.message(addressed, author_email="h@home.example")
    factory.message(gone, author_email="third@home.example")
    factory.message(other)
    theirs = factory.record(factory.desk(world.globex), "theirs")
    factory.message(theirs, author_email="h@home.example")
    ids = [one.pk for one in history(world.amara, world.hanna).rows]
    assert ids == [other.pk, addressed.pk, followed.pk, wrote.pk, world.lead.pk]
    page = history(world.amara, world.hanna, limit=2)
    assert [one.pk for one in page.rows] == ids[:2]
    assert [one.pk for one in history(world.amara, world.hanna, before=page.next, limit=2).rows] == ids[2:4]
    assert last_conversations([world.hanna.pk])[world.hanna.pk].record == followed.pk


@pytest.mark.parametrize("number", [1, 50])
def test_lists_cost_the_same_however_many(
    world: World, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    desk = world.lead.desk
    assert desk is not None
    for n in range(number):
        factory.follower(factory.record(desk, f"r{n}", contact=world.hanna), factory.contact(world.acme, f"n{n}"))
        factory.follower(factory.record(desk, f"f{n}"), world.hanna)
    with django_assert_num_queries(7):
        page = contacts_lists.contacts(world.amara)
        keys = [one.pk for one in page.rows]
        contacts_lists.addresses_of(keys)
        last_conversations(keys)
    with django_assert_num_queries(6):
        assert len(history(world.amara, world.hanna, limit=200).rows) == 2 * number + 1


@pytest.mark.parametrize(
    ("ask", "indexes"),
    [
        (lambda w: contacts_lists.contacts(w.amara), {"contact_names"}),
        (lambda w: history(w.amara, w.hanna, before=10**6), {"follower_of", "message_author", "participant_of"}),
    ],
)
def test_lists_go_along_indexes(world: World, ask: Callable[[World], object], indexes: set[str]) -> None:
    with statements() as said:
        ask(world)
    plans = "\n".join(plan(sql) for sql in said)
    assert all(name in plans for name in indexes), plans
    assert "TEMP B-TREE" not in plan(next(sql for sql in said if "LIMIT" in sql))
