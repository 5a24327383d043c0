"""Lists: their rows, filters, pages by key, fragments, and what they cost."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from postroom.conversations.models import Message
from postroom.infra import parameters
from postroom.outbound import choice
from tests.support import factory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Target": "rows"}


def _page(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_a_row_says_what_one_looks_for(client: Client, world: World) -> None:
    contact = factory.contact(world.acme, "Marek Dvořák", organisation="Dvořák s.r.o.")
    record = factory.record(factory.desk(world.acme, name="South"), "VAT <twice>", contact=contact, owner=world.member)
    factory.attachment(factory.message(record, "We were charged\n\ntwice & more"), "invoice.pdf")
    client.force_login(world.member)
    page = _page(client, "/leads")
    for words in (
        "VAT &lt;twice&gt;", "Marek Dvořák", "Dvořák s.r.o.", "South", "New", "Member", record.number,
        "We were charged twice &amp; more", "Has attachments", f'href="/leads/{record.pk}"',
    ):  # fmt: skip
        assert words in page


def test_the_last_message_is_shown_whoever_wrote_it(client: Client, world: World) -> None:
    factory.message(world.ticket, "opening words")
    factory.message(world.ticket, "latest")
    client.force_login(world.member)
    page = _page(client, "/tickets")
    assert "latest" in page
    assert "opening words" not in page


@pytest.mark.parametrize(
    ("asked", "found"),
    [("q=telematics", 1), ("q=TELEMATICS", 1), ("q=vans", 1), ("q=nothing", 0), ("q=%25", 0),
     ("q=LEAD-{pk}", 1), ("q={pk}", 1), ("q=ticket-{pk}", 0), ("q=99999999999999999999", 0),
     ("stage=New", 1),
     ("stage=Won", 0), ("q=vans&stage=Won", 0), ("q=%00", 1), ("before=abc", 1), ("before=-1", 1), ("before=0", 0)],
)  # fmt: skip
def test_filters(client: Client, world: World, asked: str, found: int) -> None:
    client.force_login(world.member)
    page = _page(client, "/leads?" + asked.format(pk=world.lead.pk))
    assert page.count("data-row") == found
    if asked.startswith("q=nothing"):
        assert "Nothing matches “nothing”." in page
        assert "Clear filter" in page


def test_a_contact_is_found_by_name(client: Client, world: World) -> None:
    desk = world.lead.desk
    assert desk is not None
    factory.record(desk, "Other", contact=factory.contact(world.acme, "Sofie Maes"))
    client.force_login(world.member)
    assert "Other" in _page(client, "/leads?q=sofie")


def test_empty_lists_say_what_will_appear(client: Client, world: World) -> None:
    client.force_login(world.stranger)
    assert "No leads yet." in _page(client, "/leads")
    world.globex.memberships.update(role="member")
    client.force_login(world.operator)
    type(world.arrival).objects.all().delete()
    assert "No mail has arrived yet." in _page(client, "/arrivals")
    assert "Nothing was refused." in _page(client, "/arrivals/refused")


def test_pages_lead_on_by_key(client: Client, world: World) -> None:
    desk = world.lead.desk
    assert desk is not None
    for number in range(60):
        factory.record(desk, f"Numbered {number}")
    client.force_login(world.member)
    first = client.get("/leads")
    assert first.content.decode().count("data-row") == 50
    assert "data-live=" in first.content.decode()
    second = _page(client, first.context["list"].next)
    assert second.count("data-row") == 11
    assert "data-live=" not in second.split('id="rows"')[1], "only the newest page is refreshed by news"
    assert "Newest" in second


@pytest.mark.parametrize("address", ["/leads", "/arrivals", "/arrivals/refused"])
def test_htmx_gets_the_rows_alone(client: Client, world: World, address: str) -> None:
    client.force_login(world.admin)
    page = _page(client, address, **HTMX)
    assert "<html" not in page
    assert "data-row" in page
    whole = _page(client, address, **HTMX, **{"HX-History-Restore-Request": "true"})
    assert "<html" in whole


def _fill(world: World, number: int) -> None:
    desk = world.lead.desk
    assert desk is not None
    for _ in range(number):
        record = factory.record(desk, contact=factory.contact(world.acme), owner=world.member)
        for message in factory.mails_into(record, ["one", "two"]):
            factory.attachment(message, "list.pdf")
    factory.refusal(world.acme)


@pytest.mark.parametrize(
    ("address", "most"),
    [
        ("/leads", 13),
        ("/leads/{lead.pk}", 33),
        ("/arrivals", 9),
        ("/arrivals/refused", 6),
        ("/arrivals/{arrival.pk}", 8),
    ],
)
def test_what_a_page_costs_does_not_grow_with_its_rows(
    client: Client, world: World, address: str, most: int, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(world.admin)
    where = address.format(**vars(world))
    _fill(world, 2)
    _forget()
    with django_assert_max_num_queries(most) as few:
        client.get(where)
    _fill(world, 20)
    for text in ("a", "b", "c"):
        factory.attachment(factory.message(world.lead, text), "list.pdf")
    _forget()
    with django_assert_max_num_queries(len(few)):
        client.get(where)


def _forget() -> None:
    """What a process keeps for seconds is read again, however long the test takes."""
    choice.forget()
    parameters.forget()


def test_arrivals_by_state(client: Client, world: World) -> None:
    held = factory.arrival(world.acme, state="held", subject="Held back")
    factory.route(held, world.acme, "alias:1", state="held")
    factory.arrival(world.acme, state="retrying", subject="Waits a little")
    client.force_login(world.admin)
    page = _page(client, "/arrivals?state=held")
    assert "Held back" in page
    assert "Waits a little" not in page
    assert "Waits a little" in _page(client, "/arrivals?state=waiting")
    assert "No mail is in this state." in _page(client, "/arrivals?state=ignored")
    assert "Held back" in _page(client, "/arrivals?state=nonsense")


def test_refusals_by_key(client: Client, world: World) -> None:
    for _ in range(55):
        factory.refusal(world.acme, at=world.refusal.last_at)
    client.force_login(world.admin)
    first = client.get("/arrivals/refused")
    assert len(first.context["rows"]) == 50
    assert "550 5.1.1" in first.content.decode()
    second = client.get(first.context["next"])
    assert len(second.context["rows"]) == 6
    assert not set(first.context["rows"]) & set(second.context["rows"])
    assert client.get("/arrivals/refused?before=nonsense").status_code == 200


def test_internal_notes_are_the_companys(client: Client, world: World) -> None:
    note = Message.Kind.NOTE
    factory.message(world.lead, "for us alone", kind=note, visibility="internal", to=[])
    client.force_login(world.member)
    page = _page(client, f"/leads/{world.lead.pk}")
    assert "for us alone" in page
    assert "Internal note by" in page
