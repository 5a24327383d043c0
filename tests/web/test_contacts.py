"""Contacts' pages: the list, one with their conversations, new, addresses, merging."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from postroom.directory.models import Contact, ContactAddress
from tests.support import factory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Target": "rows"}


@pytest.fixture
def hanna(world: World) -> Contact:
    made = factory.contact(world.acme, "Hanna <Sjöberg>", "hanna@norrgard.example", organisation="Norrgård & Co")
    world.lead.contact = made
    world.lead.save()
    return made


@pytest.fixture
def member(client: Client, world: World) -> Client:
    client.force_login(world.member)
    return client


def page(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_a_row_says_what_one_looks_for(member: Client, hanna: Contact, world: World) -> None:
    shown = page(member, "/contacts")
    for words in (
        "Hanna &lt;Sjöberg&gt;", "Norrgård &amp; Co", "hanna<wbr>@norrgard.example", world.lead.title,
        f'href="/contacts/{hanna.pk}"', 'aria-current="page"',
    ):  # fmt: skip
        assert words in shown


@pytest.mark.parametrize(("q", "found"), [("hanna", 1), ("norr", 1), ("hanna@", 1), ("nothing", 0), ("%00", 1)])
def test_filters(member: Client, hanna: Contact, q: str, found: int) -> None:
    shown = page(member, f"/contacts?q={q}", **HTMX)
    assert shown.count("data-row") == found
    assert "<html" not in shown
    if not found:
        assert "No contact matches “nothing”." in shown


def test_pages_lead_on_by_name(member: Client, world: World) -> None:
    for number in range(60):
        factory.contact(world.acme, f"Numbered {number:02}")
    response = member.get("/contacts")
    assert response.content.decode().count("data-row") == 50
    second = page(member, response.context["list"].next)
    assert "Numbered 59" in second
    assert "From the start" in second


@pytest.mark.parametrize("number", [1, 50])
def test_what_pages_cost(
    member: Client, world: World, hanna: Contact, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    desk = world.lead.desk
    assert desk is not None
    for n in range(number):
        record = factory.record(desk, f"r{n}", contact=factory.contact(world.acme, f"n{n}"), owner=world.member)
        factory.message(record, author=hanna)
    for address, cost in (("/contacts", 11), (f"/contacts/{hanna.pk}", 17)):
        page(member, address)
        with django_assert_num_queries(cost):
            page(member, address)


def test_a_contact_with_their_conversations(member: Client, hanna: Contact, world: World) -> None:
    factory.message(world.ticket, "The newest words of the ticket", author=hanna)
    shown = page(member, f"/contacts/{hanna.pk}")
    for words in (world.lead.title, world.ticket.title, "The newest words of the ticket", "Main", "Conversations"):
        assert words in shown
    assert "inbox/new?to=%22Hanna+%3CSj%C3%B6berg%3E%22+%3Channa%40norrgard.example%3E" in shown
    new = page(member, "/inbox/new?to=%22Hanna%22+%3Channa%40norrgard.example%3E")
    assert 'value="&quot;Hanna&quot; &lt;hanna@norrgard.example&gt;"' in new


def test_changing_says_what_is_wrong_beside_its_field(member: Client, hanna: Contact) -> None:
    address = f"/contacts/{hanna.pk}"
    refused = member.post(address, {"name": "H", "organisation": "x" * 300, "phone": "+46"})
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert 'id="organisation-error"' in shown
    assert 'value="+46"' in shown
    assert member.post(address, {"name": "H", "language": "sv", "phone": "+46"}).status_code == 302
    hanna.refresh_from_db()
    assert (hanna.name, hanna.language, hanna.phone, hanna.organisation) == ("H", "sv", "+46", "Norrgård & Co")


def test_a_new_contact(member: Client, hanna: Contact, world: World) -> None:
    page(member, "/contacts/new")
    refused = member.post("/contacts/new", {"name": "Typed", "email": "hanna@norrgard.example"})
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert "This address belongs to Hanna &lt;Sjöberg&gt;." in shown
    assert f'href="/contacts/{hanna.pk}"' in shown
    assert 'value="Typed"' in shown
    made = member.post("/contacts/new", {"name": "Luca", "email": "luca@x.example", "company": world.globex.pk})
    assert made.status_code == 422, "not a company of the reader's"
    made = member.post("/contacts/new", {"name": "Luca", "email": "luca@x.example"})
    assert made["Location"] == f"/contacts/{Contact.objects.get(name='Luca').pk}"


def test_addresses(member: Client, hanna: Contact, world: World) -> None:
    address = f"/contacts/{hanna.pk}/addresses"
    other = factory.contact(world.acme, "Other", "other@x.example")
    refused = member.post(address, {"do": "add", "email": "Other@x.example"})
    assert refused["Location"] == f"/contacts/{hanna.pk}?another=Other%40x.example", "an address to load anew"
    for _ in range(2):
        shown = page(member, refused["Location"])
        assert "belongs to Other: merge them?" in shown
        assert f"/contacts/{hanna.pk}/merge?other={other.pk}" in shown
        assert 'value="Other@x.example"' in shown
    assert "is no mail address" in page(member, member.post(address, {"do": "add", "email": "nothing"})["Location"])
    assert "is no mail address" not in page(member, f"/contacts/{hanna.pk}?another=hanna@norrgard.example")
    for verb, left in (("add", 2), ("primary", 2), ("remove", 1)):
        assert member.post(address, {"do": verb, "email": "h@home.example"}).status_code == 302
        assert ContactAddress.objects.filter(contact=hanna).count() == left
    assert member.post(address, {"do": "else", "email": "h@home.example"}).status_code == 404
    gone = member.post(address, {"do": "remove", "email": "h@home.example"}, follow=True)
    assert "h@home.example is none of the contact" in gone.content.decode()


def test_merging_two(member: Client, hanna: Contact, world: World) -> None:
    loser = factory.contact(world.acme, "Hanna S.", "h@home.example", phone="+46", language="sv")
    factory.message(world.lead, author=loser)
    asked = member.get(f"/contacts/merge?contact={hanna.pk}&contact={loser.pk}")
    assert asked["Location"] == f"/contacts/{hanna.pk}/merge?other={loser.pk}"
    assert member.get(f"/contacts/merge?contact={hanna.pk}")["Location"] == "/contacts"
    shown = page(member, asked["Location"])
    for words in (
        "<b>Hanna S.</b> becomes part of <b>Hanna &lt;Sjöberg&gt;</b>.",
        "<s>Hanna S.</s> is not kept",
        '+46 <span class="tag now">from the one that goes',
        "What comes along from Hanna S.",
        "Messages they wrote",
        "h@home.example".replace("@", "<wbr>@"),
        "The other way round",
    ):
        assert words in shown
    assert "Hanna S." in page(member, f"/contacts/{hanna.pk}/merge?q=hanna")
    people = member.get(f"/contacts/{hanna.pk}/others?q=hanna").json()["people"]
    assert people == [{"contact": loser.pk, "name": "Hanna S.", "email": "h@home.example"}]
    done = member.post(f"/contacts/{hanna.pk}/merge", {"other": loser.pk}, follow=True)
    assert "Hanna S. is part of Hanna &lt;Sjöberg&gt; now." in done.content.decode()
    assert member.get(f"/contacts/{loser.pk}")["Location"] == f"/contacts/{hanna.pk}"
    assert member.get(f"/contacts/{loser.pk}/merge")["Location"] == f"/contacts/{hanna.pk}"
    assert member.post(f"/contacts/{hanna.pk}/merge", {"other": loser.pk}).status_code == 404


def test_users_are_not_merged(member: Client, world: World) -> None:
    one, two = (factory.contact(world.acme, who.name, who.email, user=who) for who in (world.member, world.admin))
    shown = page(member, f"/contacts/{one.pk}/merge?other={two.pk}")
    assert "users cannot be merged" in shown
    assert "Merge into" not in shown
    assert member.post(f"/contacts/{one.pk}/merge", {"other": two.pk}).status_code == 422
    assert "signs in as <b>member</b>" in page(member, f"/contacts/{one.pk}")


def test_another_companys_contacts_are_not_there(member: Client, hanna: Contact, world: World) -> None:
    foreign = factory.contact(world.globex, "Foreign")
    for address in ("", "/merge", "/others?q=x", f"/merge?other={hanna.pk}"):
        assert member.get(f"/contacts/{foreign.pk}{address}").status_code == 404
    assert member.get(f"/contacts/{hanna.pk}/merge?other={foreign.pk}").status_code == 404
    assert member.post(f"/contacts/{foreign.pk}", {"name": "X"}).status_code == 404
    assert member.post(f"/contacts/{foreign.pk}/addresses", {"do": "add", "email": "a@b.example"}).status_code == 404
    assert member.post(f"/contacts/{foreign.pk}/merge", {"other": hanna.pk}).status_code == 404
    assert "Foreign" not in page(member, "/contacts")
    assert member.get("/contacts/99999999999999999999999").status_code == 404


def test_names_lead_to_contacts(member: Client, hanna: Contact, world: World) -> None:
    factory.message(world.lead, author=hanna)
    shown = page(member, f"/leads/{world.lead.pk}")
    assert shown.count(f'href="/contacts/{hanna.pk}"') == 3, "as the contact, as who wrote, among the people"
