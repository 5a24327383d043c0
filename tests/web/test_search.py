"""The search as pages: results of each kind, words marked, the palette, and nothing that is not one's own."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from postroom.infra.models import SearchPending
from postroom.infra.search.index import index_all, mark
from tests.support import factory
from tests.web.conftest import World

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Target": "found"}


@pytest.fixture
def member(client: Client, world: World) -> Client:
    factory.nothing_indexed()
    factory.message(world.lead, "The <b>pallets</b> & Pallets arrive.", author_name="Zoë <x>")
    factory.contact(world.acme, "Pallet Works", "post@pallets.example", organisation="Pallet Group")
    factory.message(world.ticket, "A secret pallet", kind="note", visibility="internal")
    index_all()
    client.force_login(world.member)
    return client


def page(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_results_of_every_kind_with_what_was_asked_for_marked(member: Client, world: World) -> None:
    shown = page(member, "/search?q=pallet")
    for words in (
        "&lt;b&gt;<mark>pallets</mark>&lt;/b&gt; &amp; <mark>Pallets</mark> arrive.", "Zoë &lt;x&gt;: ",
        f'href="/leads/{world.lead.pk}?at=', f'href="/tickets/{world.ticket.pk}?at=', "<mark>Pallet</mark> Works",
        "post@<mark>pallets</mark>.example", "Note</span>", 'value="pallet"',
    ):  # fmt: skip
        assert words in shown
    assert "<html" not in page(member, "/search?q=pallet", **HTMX)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=pallet&kind=conversations", 2),
        ("q=pallet&kind=records", 0),
        ("q=pallet&kind=contacts", 1),
        ("q=pallet&kind=other", 3),
        ("q=gps+drift&kind=records", 1),
        ("q=gps+drift&kind=records&before=1", 0),
        ("q=gps+drift&kind=records&before=x", 1),
        ("q=secret+pallets+", 0),
    ],
)
def test_kinds(member: Client, asked: str, found: int) -> None:
    assert page(member, f"/search?{asked}", **HTMX).count("data-nav") == found


def test_the_number_of_a_record_leads_to_it(member: Client, world: World) -> None:
    assert f'href="/tickets/{world.ticket.pk}"' in page(member, f"/search?q={world.ticket.number}&kind=records")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Search everything that was written here"),
        ("p", "Type at least two letters."),
        ("nothing-like-it", "Nothing matches “nothing-like-it”."),
        ("<script>", "Nothing matches “&lt;script&gt;”."),
        ("%00%22%27*(", "Nothing matches"),
        ("%F0%9F%8E%89", "Nothing matches “🎉”."),
        ("%ff%fe", "Nothing matches"),
        ("a" * 10_000, "Nothing matches"),
    ],
)
def test_what_is_said_where_nothing_is_found(member: Client, typed: str, said: str) -> None:
    assert said in page(member, f"/search?q={typed}")
    page(member, f"/search/palette?q={typed}")


def test_pages_are_found_by_what_people_call_them(member: Client, client: Client, world: World) -> None:
    assert 'data-url="/contacts"' in page(member, "/search/palette?q=address+book")
    assert "/settings/servers" not in page(member, "/search/palette?q=from+filter")
    client.force_login(world.admin)
    assert 'data-url="/settings/servers"' in page(client, "/search/palette?q=FROM+Filtering")
    assert 'href="/settings/servers"' in page(client, "/search?q=FROM+Filtering")


def test_the_palette_lists_a_few_of_each(member: Client) -> None:
    shown = page(member, "/search/palette?q=pallet")
    assert shown.count('role="option"') == 4
    assert 'data-url="/search?q=pallet"' in shown
    assert page(member, "/search/palette").count('role="option"') == 0


def test_nothing_of_another_company(client: Client, member: Client, world: World) -> None:
    for who in (world.stranger, world.operator, world.lonely):
        client.force_login(who)
        for typed in ("pallet", world.lead.number, "hanna@norrgard.example"):
            assert "data-nav" not in page(client, f"/search?q={typed}", **HTMX)
            assert page(client, f"/search/palette?q={typed}").count('role="option"') == 1


def test_pages_lead_on(member: Client, world: World) -> None:
    desk = world.lead.desk
    assert desk
    rows = [factory.record(desk, f"Barrel {number:02}") for number in range(25)]
    mark({"record": [row.pk for row in rows]})
    index_all()
    response = member.get("/search?q=barrel&kind=records")
    assert response.content.decode().count("data-nav") == 20
    assert "All records" in page(member, "/search?q=barrel")
    second = page(member, response.context["found"].next)
    assert "Barrel</mark> 04" in second
    assert "Barrel</mark> 05" not in second
    assert "Newest" in second


def test_what_is_not_indexed_yet_is_said(member: Client) -> None:
    assert "still being indexed" not in page(member, "/search?q=pallet")
    SearchPending.objects.create(kind="message")
    assert "still being indexed" in page(member, "/search?q=pallet")


@pytest.mark.parametrize("number", [1, 50])
def test_what_pages_cost(
    member: Client, world: World, number: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    desk = world.lead.desk
    assert desk
    people = [factory.contact(world.acme, f"Barrel {n}") for n in range(number)]
    rows = [factory.record(desk, f"Barrel {n}", contact=one) for n, one in enumerate(people)]
    mark(
        {
            "record": [row.pk for row in rows],
            "message": [factory.message(row, "barrel").pk for row in rows],
            "contact": [one.pk for one in people],
        }
    )
    index_all()
    for address, cost in (("/search?q=barrel", 13), ("/search/palette?q=barrel", 11)):
        page(member, address)
        with django_assert_num_queries(cost):
            page(member, address)
