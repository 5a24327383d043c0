"""A request's work in one thread that stays: nothing of one is left for the next."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from typing import Any, cast

import httpx
import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils import timezone, translation

from postroom.project import handler
from postroom.project.handler import Pages
from tests.support import factory

pytestmark = pytest.mark.django_db(transaction=True)


def who(request: HttpRequest) -> HttpResponse:
    """The thread, its connection, and how times and words are shown."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    at = (threading.get_ident(), id(connection.connection), translation.get_language(), timezone.get_current_timezone())
    return HttpResponse("\n".join(map(str, at)))


def wrong(request: HttpRequest) -> HttpResponse:
    """A page with a mistake in it, left within a transaction."""
    connection.set_autocommit(False)
    raise ValueError("a mistake")


urlpatterns = [path("who", who), path("wrong", wrong)]


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(handler, "THREADS", 1)
    with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], DEBUG_PROPAGATE_EXCEPTIONS=False):
        yield


def _answers(*asked: tuple[str, str]) -> list[tuple[int, Sequence[str]]]:
    """Status and lines of each address, asked one after the other, each with the cookie of a session."""

    async def ask() -> list[tuple[int, Sequence[str]]]:
        transport = httpx.ASGITransport(cast(Any, Pages()))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            found = [await client.get(one, headers={"Cookie": f"sessionid={session}"}) for one, session in asked]
        return [(one.status_code, one.text.splitlines()) for one in found]

    return asyncio.run(ask())


def _session(language: str, zone: str) -> str:
    user = factory.user(f"{language}-{zone[-4:]}", language=language, time_zone=zone)
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def test_thread_and_connection_stay_and_nobodys_language_does() -> None:
    oslo = _session("de", "Europe/Oslo")
    (_, first), (_, second), (_, third) = _answers(("/who", ""), ("/who", oslo), ("/who", ""))
    assert first[0] == second[0] == third[0]
    if connection.vendor == "sqlite":
        assert first[1] == second[1] == third[1]
    assert second[2:] == ["de", "Europe/Oslo"]
    assert third[2:] == first[2:] == ["en", "UTC"]


def test_a_mistake_is_an_answer_and_leaves_no_transaction() -> None:
    (status, _), (after, lines) = _answers(("/wrong", ""), ("/who", ""))
    assert status == 500
    assert after == 200
    assert lines[2] == "en"
