"""What misleads in a From is kept with the message, told in the trace, and is each company's own."""

from __future__ import annotations

import pytest

from postroom.conversations.models import Message
from postroom.core.addresses import Address
from postroom.directory import facts
from postroom.directory.facts import colleagues
from postroom.directory.models import Contact, ContactAddress
from postroom.domains.facts import names_of
from postroom.inbound.models import Route
from postroom.infra import parameters
from postroom.infra.database.prepared import prepared
from tests.support import factory
from tests.support.acme import Acme, arrival, letter, make_acme, take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Acme:
    parameters.forget()
    return make_acme(domain="acme-vans.example")


SALES = "sales@acme-vans.example"


@pytest.mark.parametrize(
    ("author", "marks"),
    [
        (Address("hanna@customer.example", "Hanna"), []),
        (Address("amara@freemail.example", "Amara Okafor"), ["member-name:Amara Okafor"]),
        (Address("amara@acme-vans.example", "Amara Okafor"), []),  # whether it is proved is another question
        (Address("amara@acme-van.example", "Amara"), ["look-alike:acme-vans.example"]),
        (Address("x@evil.example", "amara@acme-vans.example"), ["address-as-name:amara@acme-vans.example"]),
    ],
)
def test_marks_are_kept_with_the_message(acme: Acme, author: Address, marks: list[str]) -> None:
    take_in(arrival(letter(author=author), SALES, sender=author.email))
    assert Message.objects.get().marks == marks
    told = [step["text"] for step in Route.objects.get().trace if step["step"] == "from"]
    assert len(told) == len(marks)


def test_another_address_of_a_colleague_bears_their_name(acme: Acme) -> None:
    contact = Contact.objects.get(user=acme.amara)
    ContactAddress.objects.create(company=acme.company, contact=contact, email="amara@home.example")
    author = Address("amara@home.example", "Amara Okafor")
    take_in(arrival(letter(author=author), SALES, sender=author.email))
    assert Message.objects.get().marks == []


def test_two_from_lines(acme: Acme) -> None:
    take_in(arrival(b"From: admin@acme-vans.example\r\n" + letter(), SALES))
    assert Message.objects.get().marks == ["two-froms:2"]


def test_each_company_knows_its_own_people(acme: Acme) -> None:
    other = make_acme("Globex", "globex.example")
    author = Address("x@freemail.example", "Amara Okafor")
    other.amara.name = "Bruno Silva"
    other.amara.save()
    take_in(arrival(letter(author=author), SALES, "sales@globex.example", sender=author.email))
    found = dict(Message.objects.values_list("company_id", "marks"))
    assert found == {acme.company.pk: ["member-name:Amara Okafor"], other.company.pk: []}
    for route in Route.objects.all():
        told = "Amara" in "".join(step["text"] for step in route.trace if step["step"] == "from")
        assert told == (route.company_id == acme.company.pk)


def test_whoever_left_is_nobody_to_pose_as(acme: Acme) -> None:
    acme.amara.is_active = False
    acme.amara.save()
    author = Address("x@freemail.example", "Amara Okafor")
    take_in(arrival(letter(author=author), SALES, sender=author.email))
    assert Message.objects.get().marks == []


def test_what_a_company_knows_of_itself(acme: Acme) -> None:
    company = acme.company.pk
    assert names_of([company]) == {company: frozenset({"acme-vans.example"})}
    assert colleagues([company])[company].names == {"Amara Okafor", "Ada Admin"}
    assert colleagues([company])[company].domains == {"acme-vans.example"}
    assert (names_of([]), colleagues([])) == ({}, {})


def test_a_large_company_takes_no_marks_from_the_others(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "MOST_COLLEAGUES", 2)
    monkeypatch.setattr(facts, "_members", prepared(facts._members._build))  # whose SQL was not written yet
    large, small = factory.company("Large"), factory.company("Small")
    for number in range(5):
        factory.user(f"many{number}", {large: "member"})
    factory.user("only", {small: "member"}, name="Olga Only")
    found = colleagues(sorted([acme.company.pk, large.pk, small.pk]))
    assert {company: len(one.names) for company, one in found.items()} == {acme.company.pk: 2, large.pk: 2, small.pk: 1}
    assert found[large.pk].names == {"Many0", "Many1"}, "those who joined first"
    assert found[small.pk].names == {"Olga Only"}
