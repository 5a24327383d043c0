"""Who is answered what: roles, companies and endpoints in one table; tokens and their scopes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from postroom.api.urls import api
from postroom.directory.models import ApiToken, User
from postroom.infra.clock import now
from tests.api.calls import BASE, Caller, caller, problem, somebody
from tests.support import factory

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class World:
    """Acme with one of everything, and Globex with nothing but people."""

    callers: dict[str, Caller]
    paths: dict[str, str]


@pytest.fixture
def world() -> World:
    acme, globex = factory.company(), factory.company("Globex")
    record = factory.record(factory.desk(acme))
    message = factory.message(record)
    attachment = factory.attachment(message, "offer.pdf")
    arrival = factory.arrival(acme)
    factory.route(arrival, acme, message=message)
    factory.refusal(acme)
    return World(
        callers={
            "administrator": somebody("administrator", acme),
            "member": somebody("member", acme),
            "foreign administrator": somebody("administrator", globex),
            "operator": somebody("operator", acme),
            "nobody": Caller(),
        },
        paths={
            "inbound": "/inbound",
            "arrival": f"/inbound/{arrival.pk}",
            "source": f"/inbound/{arrival.pk}/source",
            "replay": f"/inbound/{arrival.pk}/replay",
            "refusals": "/refusals",
            "records": "/records",
            "record": f"/records/{record.pk}",
            "messages": f"/records/{record.pk}/messages",
            "attachment": f"/attachments/{attachment.pk}",
        },
    )


# What each is answered; `empty` is a list without anything of Acme's.
TABLE = {
    "inbound": ("full", 403, "empty", "empty", 401),
    "arrival": (200, 404, 404, 404, 401),
    "source": (200, 404, 404, 404, 401),
    "replay": (200, 404, 404, 404, 401),
    "refusals": ("full", 403, "empty", "empty", 401),
    "records": ("full", "full", "empty", 403, 401),
    "record": (200, 200, 404, 404, 401),
    "messages": ("full", "full", 404, 404, 401),
    "attachment": (200, 200, 404, 404, 401),
}
WHO = ("administrator", "member", "foreign administrator", "operator", "nobody")
CASES = [(path, who, answer) for path, line in TABLE.items() for who, answer in zip(WHO, line, strict=True)]


@pytest.mark.parametrize(("path", "who", "answer"), CASES)
def test_who_is_answered_what(world: World, path: str, who: str, answer: int | str) -> None:
    caller, where = world.callers[who], world.paths[path]
    response = caller.post(where) if path == "replay" else caller.get(where)
    match answer:
        case "full" | "empty":
            assert response.status_code == 200
            assert bool(response.json()["items"]) == (answer == "full")
        case 200:
            assert response.status_code == 200
        case int():
            problem(response, answer)


def test_the_table_names_every_endpoint(world: World) -> None:
    described = api.get_openapi_schema(path_prefix="")["paths"]
    tried = {"/inbound", "/inbound/{pk}", "/inbound/{pk}/source", "/inbound/{pk}/replay", "/refusals"}
    tried |= {"/records", "/records/{pk}", "/records/{pk}/messages", "/attachments/{pk}"}
    assert {path.removeprefix("/") for path in described} == {path.removeprefix("/") for path in (*tried, "/health")}
    assert set(TABLE) == set(world.paths)


@pytest.mark.parametrize(
    ("who", "status"),
    [("administrator", 201), ("foreign administrator", 201), ("operator", 201), ("member", 403), ("nobody", 401)],
)
def test_who_may_hand_mail_in(world: World, who: str, status: int) -> None:
    response = world.callers[who].post("/inbound", b"Subject: hi\r\n\r\nHi\r\n")
    assert response.status_code == status


@pytest.fixture
def admin() -> User:
    return factory.user("ada", {factory.company(): "administrator"})


@pytest.mark.parametrize(
    ("scopes", "reading", "writing"), [(("read",), 200, 403), (("write",), 403, 201), (("read", "write"), 200, 201)]
)
def test_a_scope_is_needed(admin: User, scopes: tuple[str, ...], reading: int, writing: int) -> None:
    program = caller(admin, *scopes)
    assert program.get("/inbound").status_code == reading
    response = program.post("/inbound", b"Subject: hi\r\n\r\nHi\r\n")
    assert response.status_code == writing
    if writing == 403:
        assert "scope write" in problem(response, 403)["detail"]


@pytest.mark.parametrize("secret", ["", "pr_unknown", "x" * 5000, "pr_ä"])
def test_an_unknown_token_is_asked_for_another(secret: str) -> None:
    response = Caller(secret).get("/records")
    problem(response, 401)
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_token_that_ran_out_is_none(admin: User) -> None:
    program = caller(admin, days=1)
    assert program.get("/records").status_code == 200
    ApiToken.objects.update(expires_at=now() - timedelta(seconds=1))
    problem(program.get("/records"), 401)


def test_whoever_left_is_answered_nothing(admin: User) -> None:
    program = caller(admin)
    User.objects.update(is_active=False)
    problem(program.get("/records"), 401)


@pytest.mark.parametrize(("path", "allowed"), [("/inbound", "GET, POST"), ("/health", "GET")])
def test_a_method_that_an_address_does_not_have_is_answered_by_a_document(path: str, allowed: str) -> None:
    response: Any = Client().delete(f"{BASE}{path}")
    assert allowed in problem(response, 405)["detail"]
    assert response["Allow"] == allowed


def test_a_session_is_no_token(admin: User) -> None:
    program = Caller()
    program.client.force_login(admin)
    problem(program.get("/records"), 401)


def test_a_token_remembers_that_it_was_used(admin: User) -> None:
    caller(admin).get("/records")
    assert ApiToken.objects.get().last_used_at is not None


def test_of_a_shared_mail_a_company_sees_its_own_part() -> None:
    acme, globex = factory.company(), factory.company("Globex")
    shared = factory.arrival(None, recipients=["sales@acme.example", "info@globex.example"], peer="192.0.2.7")
    factory.route(shared, acme, recipients=["sales@acme.example"])
    factory.route(shared, globex, recipients=["info@globex.example"], because="A matter of Globex.")
    seen = somebody("administrator", acme).get(f"/inbound/{shared.pk}").json()
    assert seen["recipients"] == ["sales@acme.example"]
    assert [route["company"] for route in seen["routes"]] == [acme.pk]
    assert "Globex" not in str(seen)
    assert seen["peer"] == ""


def test_a_shared_mail_is_not_replayed_by_one_of_its_companies() -> None:
    acme = factory.company()
    shared = factory.arrival(None)
    factory.route(shared, acme)
    assert "operator" in problem(somebody("administrator", acme).post(f"/inbound/{shared.pk}/replay"), 403)["detail"]
