"""Contacts that may be one person: offered, never joined by themselves, and found by an index."""

from __future__ import annotations

import pytest

from postroom.directory.contacts_alike import MANY, OFFERED, contacts_alike
from postroom.directory.contacts_merging import merge_contacts
from postroom.directory.models import PLAIN_LOCAL, Company, Contact, ContactAddress, User
from postroom.infra.clock import now
from tests.support import factory
from tests.support.queries import plan, statements, take_stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Company:
    return factory.company("Acme")


@pytest.fixture
def amara(acme: Company) -> User:
    return factory.user("amara", {acme: "member"})


@pytest.fixture
def nina(acme: Company) -> Contact:
    return factory.contact(acme, "Nina Holm", "ab@gmail.com")


def found(user: User, contact: Contact) -> list[tuple[str, str]]:
    emails = list(ContactAddress.objects.filter(contact=contact).order_by("pk").values_list("email", flat=True))
    return [(one.email, one.like) for one in contacts_alike(user, contact, emails)]


@pytest.mark.parametrize("email", ["a.b+x@gmail.com", "ab+news@gmail.com", "a.b@googlemail.com", "ab@googlemail.com"])
def test_who_is_offered(acme: Company, amara: User, nina: Contact, email: str) -> None:
    other = factory.contact(acme, "N. Holm", email)
    assert found(amara, nina) == [(email, "ab@gmail.com")]
    assert found(amara, other) == [("ab@gmail.com", email)]


@pytest.mark.parametrize(
    "email",
    ["ab@mail.example", "abc@gmail.com", "a-b@gmail.com", "+ab@gmail.com", "ab+0123456789abcdefghijk@gmail.com"],
)
def test_who_is_not(acme: Company, amara: User, nina: Contact, email: str) -> None:
    factory.contact(acme, "Somebody", email)
    assert found(amara, nina) == []


def test_any_address_of_a_contact_counts_and_each_contact_is_offered_once(
    acme: Company, amara: User, nina: Contact
) -> None:
    ContactAddress.objects.create(company=acme, contact=nina, email="nina@holm.example", primary=False)
    other = factory.contact(acme, "N. Holm", "ni.na@holm.example")
    ContactAddress.objects.create(company=acme, contact=other, email="a.b@gmail.com", primary=False)
    assert found(amara, nina) == [("a.b@gmail.com", "ab@gmail.com")]


def test_never_one_of_our_own_nor_of_another_company(acme: Company, amara: User, nina: Contact) -> None:
    own = factory.contact(acme, amara.name, "a.b@gmail.com", user=amara)
    globex = factory.company("Globex")
    factory.contact(globex, "Nina", "ab+x@gmail.com")
    assert found(amara, nina) == []
    assert found(amara, own) == []
    stranger = factory.user("stranger", {globex: "member"})
    assert found(stranger, nina) == []


def test_a_mailbox_of_many_is_nobody(acme: Company, amara: User, nina: Contact) -> None:
    for number in range(MANY - 1):
        factory.contact(acme, "List", f"ab+{number}@gmail.com")
    assert len(found(amara, nina)) == OFFERED
    factory.contact(acme, "List", "ab+one@gmail.com")
    assert found(amara, nina) == []


def test_nothing_is_joined_before_somebody_does_it(acme: Company, amara: User, nina: Contact) -> None:
    other = factory.contact(acme, "N. Holm", "a.b@gmail.com")
    assert found(amara, nina)
    assert set(ContactAddress.objects.values_list("contact", flat=True)) == {nina.pk, other.pk}
    merge_contacts(user=amara, winner_id=nina.pk, loser_id=other.pk)
    assert found(amara, nina) == []
    assert ContactAddress.objects.get(email="a.b@gmail.com").contact_id == nina.pk


def test_one_statement_by_the_index(acme: Company, amara: User, nina: Contact) -> None:
    factory.contact(acme, "N. Holm", "a.b@gmail.com")
    others = Contact.objects.bulk_create(
        Contact(company=acme, name=f"Somebody {number}", created_at=now()) for number in range(3000)
    )
    ContactAddress.objects.bulk_create(
        ContactAddress(company=acme, contact=one, email=f"{number}@gmail.com") for number, one in enumerate(others)
    )
    take_stock(Contact, ContactAddress)
    contacts_alike(amara, nina, ["ab@gmail.com"])  # what a user may do is read once
    with statements() as said:
        contacts_alike(amara, nina, ["ab@gmail.com", "nina@holm.example"])
    asked = [sql for sql in said if "contactaddress" in sql]
    assert len(asked) == 1
    assert "contact_address_alike" in plan(asked[0])


def test_an_address_that_is_none_is_no_trouble(acme: Company, amara: User, nina: Contact) -> None:
    """As rows of long ago may hold it: PostgreSQL refuses a length below nothing."""
    for email in ("nobody", "", ".", "@", "+"):
        factory.contact(acme, "Somebody", email)
    assert found(amara, nina) == []
    plain = ContactAddress.objects.filter(email__in=["nobody", "ab@gmail.com"]).annotate(plain=PLAIN_LOCAL)
    assert dict(plain.values_list("email", "plain")) == {"nobody": "", "ab@gmail.com": "ab"}
