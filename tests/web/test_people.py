"""The settings and their search, users, companies, tokens, links: who reaches what, and what the pages say."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from postroom.directory import users
from postroom.directory.models import ApiToken, Company, User
from postroom.directory.people import Standing, standing_of
from postroom.web.places import all_places
from tests.support import factory
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]
PASSWORD = "quite a long phrase"

# Member, administrator, operator, administrator of another company, somebody without a company.
PAGES = {
    "/settings": (200, 200, 200, 200, 200),
    "/settings?q=users": (200, 200, 200, 200, 200),
    "/settings/users": (403, 200, 200, 200, 403),
    "/settings/users/invite": (403, 200, 200, 200, 403),
    "/settings/users/{member.pk}": (403, 200, 200, 404, 403),
    "/settings/users/999999": (403, 404, 404, 404, 403),
    "/settings/companies": (403, 200, 200, 200, 403),
    "/settings/companies/{acme.pk}": (403, 200, 200, 404, 403),
    "/settings/companies/new": (403, 403, 200, 403, 403),
    "/settings/tokens": (200, 200, 200, 200, 200),
}
POSTS = {
    "/settings/developer-mode": (403, 403, 302, 403, 403),
    "/settings/users/{member.pk}": (403, 422, 422, 404, 403),
    "/settings/users/{member.pk}/roles": (403, 302, 302, 404, 403),
    "/settings/users/{member.pk}/link": (403, 200, 200, 404, 403),
    "/settings/users/{member.pk}/reactivate": (403, 409, 409, 404, 403),
    "/settings/users/{member.pk}/deactivate": (403, 302, 302, 404, 403),
    "/settings/users/{operator.pk}/deactivate": (403, 404, 409, 404, 403),
    "/settings/companies/{acme.pk}": (403, 422, 422, 404, 403),
    "/settings/companies/new": (403, 403, 422, 403, 403),
    "/settings/tokens/999999/revoke": (404, 404, 404, 404, 404),
}
NAMES = ("member", "admin", "operator", "stranger", "lonely")


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("name", NAMES)
def test_who_reaches_which_page(client: Client, world: World, address: str, name: str) -> None:
    client.force_login(getattr(world, name))
    assert client.get(address.format(**vars(world))).status_code == PAGES[address][NAMES.index(name)]


@pytest.mark.parametrize("address", POSTS)
@pytest.mark.parametrize("name", NAMES)
def test_who_may_send_what(client: Client, world: World, address: str, name: str) -> None:
    client.force_login(getattr(world, name))
    response = client.post(address.format(**vars(world)), {"mode": "on"})
    assert response.status_code == POSTS[address][NAMES.index(name)]


def test_those_who_are_not_signed_in_are_asked_to(client: Client, world: World) -> None:
    for address in PAGES:
        assert client.get(address.format(**vars(world))).status_code == 302


def body(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return unescape(response.content.decode())


def links(text: str) -> set[str]:
    """What the sections of the page lead to."""
    return set(re.findall(r'<a href="([^"]+)" data-nav>', text))


def test_members_see_their_own_sections_only(client: Client, world: World) -> None:
    client.force_login(world.member)
    assert links(body(client, "/settings")) == {"/settings/tokens", "/profile"}
    assert "Developer mode" not in body(client, "/settings")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Alias Domain", "/settings/domains"),
        ("from filtering", "/settings/servers"),
        ("External Email Servers", "/settings/servers"),
        ("custom email servers", "/settings/servers"),
        ("External or Custom Email Servers", "/settings/servers"),
        ("Actions to Perform on Incoming Mails", "/settings/aliases"),
        ("System Parameters", "/developer/parameters"),
        ("scheduled actions", "/developer/actions"),
        ("Email Queue", "/developer/queue"),
        ("api key", "/settings/tokens"),
        ("signature", "/profile"),
        ("reset pass", "/settings/users"),
    ],
)
def test_the_search_knows_other_words(client: Client, world: World, asked: str, found: str) -> None:
    client.force_login(factory.user("both", {world.acme: "administrator"}, is_operator=True))
    assert found in links(body(client, f"/settings?q={asked}"))


@pytest.mark.parametrize("asked", ["Blacklisted Email Addresses", "Incoming Mail Servers", "template"])
def test_what_is_not_there_is_said_and_leads_nowhere(client: Client, world: World, asked: str) -> None:
    client.force_login(world.admin)
    text = body(client, f"/settings?q={asked}")
    assert f"Nothing here is called “{asked}”." in text
    assert not links(text)
    assert text.count("<p>", text.index("Nothing here")) >= 2


def test_what_somebody_may_not_open_is_not_found(client: Client, world: World) -> None:
    client.force_login(world.admin)
    assert "/developer/parameters" not in links(body(client, "/settings?q=system parameters"))


def test_every_place_leads_somewhere(client: Client, world: World) -> None:
    client.force_login(factory.user("both", {world.acme: "administrator"}, is_operator=True))
    for place in all_places():
        assert client.get(place.url).status_code == 200, place.name


def test_developer_mode_is_switched_on_and_off(client: Client, world: World) -> None:
    client.force_login(world.operator)
    assert "/developer/parameters" not in links(body(client, "/settings"))
    client.post("/settings/developer-mode", {"mode": "on"})
    assert client.cookies["developer"]["httponly"]
    assert "/developer/parameters" in links(body(client, "/settings"))
    client.post("/settings/developer-mode", {"mode": "off"})
    assert "/developer/parameters" not in links(body(client, "/settings"))
    assert client.post("/settings/developer-mode", {"mode": "maybe"}).status_code == 403


def test_the_cookie_alone_opens_nothing(client: Client, world: World) -> None:
    client.force_login(world.admin)
    client.cookies["developer"] = "on"
    assert not [link for link in links(body(client, "/settings")) if link.startswith("/developer")]


def invited(client: Client, company: Company, **changes: str) -> str:
    """The link of somebody who was invited by the form."""
    given = {"name": "Mary Poe", "email": "mary@acme.example", "role": "member", "company": str(company.pk), **changes}
    response = client.post("/settings/users/invite", given)
    assert response.status_code == 200, response.content
    found = re.search(r"/invitation/([\w-]+)<", response.content.decode())
    assert found
    return f"/invitation/{found[1]}"


def test_somebody_is_invited_and_signs_in_by_the_link(client: Client, world: World) -> None:
    client.force_login(world.admin)
    link = invited(client, world.acme)
    mary = User.objects.get(username="mary")
    assert link not in body(client, f"/settings/users/{mary.pk}")
    visitor = Client()
    assert "you sign in as <b>mary</b>" in body(visitor, link)
    weak = visitor.post(link, {"password": "short"})
    assert weak.status_code == 422
    assert b"at least 10" in weak.content
    done = visitor.post(link, {"password": PASSWORD})
    assert (done.status_code, done.headers["Location"]) == (302, "/")
    assert visitor.get("/inbox").status_code == 200
    assert standing_of(User.objects.get(pk=mary.pk)) is Standing.ACTIVE
    used, never = Client().get(link), Client().get("/invitation/never-made")
    assert (used.status_code, used.content) == (never.status_code, never.content)
    assert used.status_code == 404


def test_links_cannot_be_tried_for_ever(client: Client, world: World) -> None:
    link = f"/invitation/{users.make_link(user=world.admin, person_id=world.member.pk).secret}"
    for _ in range(25):
        assert client.get(link).status_code == 200
    for number in range(20):
        assert client.get(f"/invitation/guess{number}").status_code == 404
    assert client.get("/invitation/guess").status_code == 429
    assert client.get(link).status_code == 200  # one that works is let in all the same


def test_an_invitation_keeps_what_was_typed(client: Client, world: World) -> None:
    client.force_login(world.admin)
    response = client.post("/settings/users/invite", {"name": "Mary Poe", "email": "nobody", "role": "member"})
    assert response.status_code == 422
    text = response.content.decode()
    assert 'value="Mary Poe"' in text
    assert "Enter the person&#x27;s mail address" in text
    assert not User.objects.filter(name="Mary Poe").exists()


def test_a_person_is_changed_and_their_role(client: Client, world: World) -> None:
    client.force_login(world.admin)
    here = f"/settings/users/{world.member.pk}"
    given = {"name": "May", "email": "may@acme.example", "notify_by": "inbox", "language": "sv", "time_zone": "UTC"}
    assert client.post(here, {**given, "signature": "May"}).status_code == 302
    world.member.refresh_from_db()
    assert (world.member.name, world.member.email, world.member.language) == ("May", "may@acme.example", "sv")
    field = f"role-{world.acme.pk}"
    assert client.post(f"{here}/roles", {field: "administrator"}).status_code == 302
    assert world.member.memberships.get().role == "administrator"
    refused = client.post(f"/settings/users/{world.admin.pk}/roles", {field: ""})
    assert refused.status_code == 422
    assert b"nobody takes the keys from themselves" in refused.content
    assert client.post(f"{here}/roles", {field: ""}).headers["Location"] == "/settings/users"


def test_a_deactivated_session_ends_at_once(client: Client, world: World) -> None:
    session = Client()
    session.force_login(world.member)
    client.force_login(world.admin)
    here = f"/settings/users/{world.member.pk}"
    assert client.post(f"{here}/deactivate").status_code == 302
    assert session.get("/inbox").status_code == 302
    assert b"/invitation/" in client.post(f"{here}/reactivate").content
    assert session.get("/inbox").status_code == 302


def test_people_in_other_companies_are_looked_after_elsewhere(client: Client, world: World) -> None:
    both = factory.user("both", {world.acme: "member", world.globex: "member"})
    client.force_login(world.admin)
    text = body(client, f"/settings/users/{both.pk}")
    assert "looked after by those who manage all of their companies" in text
    assert "Globex" not in text
    assert "Make a password link" not in text
    assert client.post(f"/settings/users/{both.pk}", {"name": "Mine"}).status_code == 404


def test_the_list_of_users_costs_the_same_however_long(client: Client, world: World) -> None:
    client.force_login(world.admin)
    client.get("/settings/users")
    with CaptureQueriesContext(connection) as few:
        client.get("/settings/users")
    for number in range(50):
        factory.user(f"user{number}", {world.acme: "member"})
    with CaptureQueriesContext(connection) as many:
        response = client.get("/settings/users")
    assert len(many) == len(few)
    assert b"before=" in response.content
    assert "user7" in body(client, "/settings/users?q=user7")
    assert "Nobody matches" in body(client, "/settings/users?q=zzz")


def test_companies_are_changed_and_added(client: Client, world: World) -> None:
    client.force_login(world.admin)
    given = {"name": "Acme AB", "language": "sv", "time_zone": "Europe/Stockholm"}
    assert client.post(f"/settings/companies/{world.acme.pk}", given).status_code == 302
    world.acme.refresh_from_db()
    assert world.acme.name == "Acme AB"
    assert "Globex" not in body(client, "/settings/companies")
    client.force_login(world.operator)
    assert "Globex" in body(client, "/settings/companies")
    assert client.post("/settings/companies/new", {**given, "name": "Initech"}).status_code == 302
    taken = client.post("/settings/companies/new", {**given, "name": "Initech"})
    assert taken.status_code == 422
    assert b"There is a company initech already" in taken.content


def test_a_token_is_shown_once_and_revoked(client: Client, world: World) -> None:
    client.force_login(world.member)
    wrong = client.post("/settings/tokens", {"name": "", "days": "x"})
    assert wrong.status_code == 422
    assert wrong.content.count(b"field-error") == 3
    made = client.post("/settings/tokens", {"name": "export", "scopes": ["read"], "days": "30"}).content.decode()
    found = re.search(r"pr_[\w-]+", made)
    assert found
    assert found[0] not in body(client, "/settings/tokens")
    asked = {"Authorization": f"Bearer {found[0]}"}
    assert Client().get("/api/v1/me", headers=asked).status_code == 200
    token = ApiToken.objects.get()
    other = Client()
    other.force_login(world.admin)
    assert other.post(f"/settings/tokens/{token.pk}/revoke").status_code == 404
    assert client.post(f"/settings/tokens/{token.pk}/revoke").status_code == 302
    assert Client().get("/api/v1/me", headers=asked).status_code == 401
