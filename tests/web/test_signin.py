"""Signing in: errors in words, throttling, and no way out to foreign pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from postroom.infra.clock import now
from postroom.infra.models import Counter
from postroom.web.pages.signin import FAILURES
from tests.support.factory import PASSWORD
from tests.web.conftest import World

pytestmark = [pytest.mark.django_db, pytest.mark.either_database]


def _try(client: Client, username: str, password: str = PASSWORD, **fields: str) -> tuple[int, str]:
    response = client.post("/sign-in", {"username": username, "password": password, **fields})
    return response.status_code, response.headers.get("Location", "")


def test_signing_in_and_out(client: Client, world: World) -> None:
    assert _try(client, " Member ") == (302, "/")
    assert client.get("/sign-in").status_code == 302
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert client.get("/leads").status_code == 302


@pytest.mark.parametrize(
    ("username", "password", "words"),
    [
        ("member", "wrong", "do not belong together"),
        ("nobody", PASSWORD, "do not belong together"),
        ("", "", "Enter your user name"),
        ("member", "", "Enter your user name"),
    ],
)
def test_an_error_says_what_to_do_and_keeps_the_name(client: Client, username: str, password: str, words: str) -> None:
    response = client.post("/sign-in", {"username": username, "password": password})
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert f'value="{username}"' in page
    assert 'role="alert"' in page


def test_whoever_left_cannot_sign_in(client: Client, world: World) -> None:
    type(world.member).objects.filter(pk=world.member.pk).update(is_active=False)
    assert _try(client, "member")[0] == 422


def test_too_many_failures_are_refused_for_a_while(client: Client, world: World) -> None:
    for _ in range(FAILURES):
        assert _try(client, "member", "wrong")[0] == 422
    assert _try(client, "member")[0] == 429, "the right password is refused too"
    assert _try(client, "MEMBER")[0] == 429, "whatever the case"
    assert _try(client, "admin") == (302, "/"), "another user from the same peer is not"
    client.logout()
    assert (
        Client(REMOTE_ADDR="192.0.2.1").post("/sign-in", {"username": "member", "password": PASSWORD}).status_code
        == 302
    ), "nor the same user from elsewhere"
    Counter.objects.update(since=now() - timedelta(minutes=16))
    assert _try(client, "member") == (302, "/")


def test_success_forgets_the_failures(client: Client, world: World) -> None:
    for _ in range(FAILURES - 1):
        _try(client, "member", "wrong")
    assert _try(client, "member")[0] == 302
    assert not Counter.objects.filter(key__startswith="sign-in:member").exists()


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("/leads/5?a=b", "/leads/5?a=b"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
    ],
)
def test_next_is_a_page_of_ours_or_nothing(client: Client, world: World, wanted: str, got: str) -> None:
    assert _try(client, "member", next=wanted) == (302, got)
