"""Who gets which page: a table of readers and addresses."""

from __future__ import annotations

import pytest
from django.test import Client

from postroom.web.middleware import POLICY
from tests.support.factory import PASSWORD
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]

# For each address what member, administrator, operator, administrator of another company, and somebody without a
# company get. 302 never stands here: that is for those who are not signed in.
PAGES = {
    "/inbox": (200, 200, 403, 200, 403),
    "/inbox/count": (200, 200, 403, 200, 403),
    "/inbox/{lead.pk}": (200, 200, 403, 404, 403),
    "/inbox?tab=done": (200, 200, 403, 200, 403),
    "/inbox/new": (200, 200, 403, 200, 403),
    "/outbox": (403, 200, 403, 200, 403),
    "/outbox/99999999": (403, 404, 403, 404, 403),
    "/contacts": (200, 200, 403, 200, 403),
    "/contacts/new": (200, 200, 403, 200, 403),
    "/contacts/99999999": (404, 404, 403, 404, 403),
    "/search": (200, 200, 200, 200, 200),
    "/search?q=offer&kind=records": (200, 200, 200, 200, 200),
    "/search/palette?q=offer": (200, 200, 200, 200, 200),
    "/leads": (200, 200, 200, 200, 200),
    "/tickets": (200, 200, 200, 200, 200),
    "/leads/{lead.pk}": (200, 200, 404, 404, 404),
    "/tickets/{ticket.pk}": (200, 200, 404, 404, 404),
    "/tickets/{lead.pk}": (404, 404, 404, 404, 404),
    "/messages/{html.pk}/body": (200, 200, 404, 404, 404),
    "/messages/{message.pk}/body": (404, 404, 404, 404, 404),
    "/messages/{message.pk}/text": (200, 200, 404, 404, 404),
    "/attachments/{file.pk}/x.pdf": (200, 200, 404, 404, 404),
    "/arrivals": (403, 200, 200, 200, 403),
    "/arrivals/refused": (403, 200, 200, 200, 403),
    "/arrivals/{arrival.pk}": (403, 200, 404, 404, 403),
    "/arrivals/{arrival.pk}/source": (403, 200, 404, 404, 403),
    "/arrivals/{arrival.pk}/download": (403, 200, 404, 404, 403),
    "/arrivals/{shared.pk}": (403, 200, 200, 200, 403),
    "/arrivals/{nobodys.pk}": (403, 404, 200, 404, 403),
    "/arrivals/{nobodys.pk}/source": (403, 404, 200, 404, 403),
    "/leads/99999999": (404, 404, 404, 404, 404),
    "/leads/99999999999999999999999": (404, 404, 404, 404, 404),
    "/nowhere": (404, 404, 404, 404, 404),
}
READERS = ("member", "admin", "operator", "stranger", "lonely")


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("reader", READERS)
def test_pages(client: Client, world: World, address: str, reader: str) -> None:
    client.force_login(getattr(world, reader))
    response = client.get(address.format(**vars(world)))
    assert response.status_code == PAGES[address][READERS.index(reader)]
    assert "Content-Security-Policy" in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("address", [*PAGES, "/"])
def test_those_who_are_not_signed_in_are_asked_to(client: Client, world: World, address: str) -> None:
    response = client.get(address.format(**vars(world)))
    if address == "/nowhere":
        assert response.status_code == 404
        return
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/sign-in?next=")


def test_events_are_for_users(client: Client) -> None:
    assert client.get("/events").status_code == 401


@pytest.mark.parametrize(
    ("reader", "mail", "status"),
    [
        ("admin", "arrival", 302),
        ("member", "arrival", 403),
        ("stranger", "arrival", 404),
        ("admin", "shared", 403),
        ("operator", "nobodys", 302),
        ("admin", "nobodys", 404),
    ],
)
def test_replaying(client: Client, world: World, reader: str, mail: str, status: int) -> None:
    client.force_login(getattr(world, reader))
    assert client.post(f"/arrivals/{getattr(world, mail).pk}/replay").status_code == status


def test_replaying_needs_a_post_and_its_token(world: World) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.admin)
    address = f"/arrivals/{world.arrival.pk}/replay"
    assert strict.get(address).status_code == 405
    assert strict.post(address).status_code == 403


@pytest.mark.parametrize(
    "address",
    [
        "/sign-in",
        "/inbox",
        "/inbox/{lead.pk}",
        "/inbox/new",
        "/contacts",
        "/contacts/new",
        "/search?q=hanna",
        "/leads",
        "/leads/{lead.pk}",
        "/arrivals",
        "/arrivals/{arrival.pk}",
        "/outbox",
    ],
)
def test_the_policy_is_strict_and_nothing_stands_inline(client: Client, world: World, address: str) -> None:
    if address != "/sign-in":
        client.force_login(world.admin)
    response = client.get(address.format(**vars(world)))
    page = response.content.decode()
    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Cache-Control"] == "no-store, private"
    assert " style=" not in page
    assert "<style" not in page
    assert all("src=" in tag for tag in page.split("<script")[1:])
    assert " onclick" not in page


def test_the_navigation_shows_only_where_one_may_go(client: Client, world: World) -> None:
    client.force_login(world.member)
    page = client.get("/leads").content.decode()
    assert 'href="/tickets"' in page
    assert 'href="/arrivals"' not in page


def test_home_leads_to_the_first_place(client: Client, world: World) -> None:
    client.force_login(world.member)
    assert client.get("/").headers["Location"] == "/inbox"
    client.force_login(world.operator)
    assert b"<h1>Home</h1>" in client.get("/").content
    client.force_login(world.lonely)
    assert b"do not belong to a company" in client.get("/").content


def test_a_membership_that_ends_ends_at_once(client: Client, world: World) -> None:
    client.login(username="member", password=PASSWORD)
    world.member.memberships.all().delete()
    assert client.get(f"/leads/{world.lead.pk}").status_code == 404
