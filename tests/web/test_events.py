"""The event stream: who hears of what, what was missed, when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator

import pytest
from django.db import connections
from django.test import AsyncClient

from postroom.infra.changes import tell
from postroom.infra.models import Change
from postroom.web import events
from postroom.web.events import Ears, Follower, News, ears_by_id, ears_of, missed, stream, written
from tests.support import factory

pytestmark = pytest.mark.django_db(transaction=True)

ALL = Ears({"record": frozenset({1}), "thread": frozenset({1}), "arrival": frozenset()})


def test_each_hears_of_their_companies_only() -> None:
    acme, globex = factory.company(), factory.company("Globex")
    member = factory.user("member", {acme: "member"})
    ears = ears_of(member)
    assert ears.hear(News(1, acme.pk, "thread", "lead:1"))
    assert not ears.hear(News(1, globex.pk, "thread", "lead:1"))
    assert not ears.hear(News(1, acme.pk, "arrival", "1")), "arrivals are for administrators"
    assert not ears.hear(News(1, acme.pk, "alias", "1")), "nor is what no page shows"
    assert ears.hear(News(1, acme.pk, "delivery", "lead:1"))
    assert not ears.hear(News(1, acme.pk, "outbound", "1")), "the Outbox is for administrators"
    assert ears.hear(News(1, acme.pk, "inbox", str(member.pk)))
    assert not ears.hear(News(1, acme.pk, "inbox", str(member.pk + 1))), "an inbox is its owner's alone"
    member.is_active = False
    member.save()
    assert ears_by_id(member.pk) is None


def test_an_event_carries_no_content() -> None:
    lines = written("thread", 7, ref="lead:12").decode().splitlines()
    assert lines[:2] == ["id: 7", "event: thread"]
    assert json.loads(lines[2].removeprefix("data: ")) == {"ref": "lead:12"}


def test_what_was_missed_is_told_or_said_to_be_too_long_ago() -> None:
    tell((1, "record", f"lead:{number}") for number in range(5))
    first = Change.objects.earliest("pk").pk
    told = missed(first + 2)
    assert told is not None
    assert [news.ref for news in told] == ["lead:3", "lead:4"]
    assert missed(first + 4) == []
    assert missed(first + 99) is None, "a restored database counts anew"
    Change.objects.filter(pk__lt=first + 3).delete()
    assert missed(first) is None
    assert missed(first + 2) is not None


@pytest.fixture
def follower(monkeypatch: pytest.MonkeyPatch) -> Iterator[Follower]:
    made = Follower()
    monkeypatch.setattr(events, "FOLLOWER", made)
    monkeypatch.setattr(events, "PING", 0.3)
    monkeypatch.setattr(events, "LOOK", 0.1)
    monkeypatch.setattr(events, "_end_streams_on_signals", lambda stop: None)
    yield made
    thread = made._thread
    made.stop()
    if thread is not None:
        thread.join(5)


async def _next(parts: AsyncIterator[bytes]) -> str:
    return (await asyncio.wait_for(anext(parts), 5)).decode()


async def _commit(*news: tuple[int, str, str]) -> None:
    await events.away(tell)(news)


def _run(test: object) -> None:
    asyncio.run(test)  # type: ignore[arg-type]
    connections.close_all()


def test_a_stream_tells_news_pings_and_ends_with_the_server(follower: Follower) -> None:
    user = factory.user("member", {factory.company(): "member"})

    async def read() -> None:
        parts = stream(user.pk, ALL, None)
        assert await _next(parts) == "retry: 2000\n\n"
        for _ in range(20):  # the follower needs a moment to know where the news begins
            if (await _next(parts)).startswith(": ping"):
                break
        ears = await events.away(ears_by_id)(user.pk)
        (company,) = ears.companies["record"]
        await _commit((company + 5, "record", "lead:9"), (company, "record", "lead:1"))
        said = await _next(parts)
        assert "event: record" in said
        assert "lead:1" in said
        follower.stop()
        assert [part async for part in parts] == []

    _run(read())


def test_a_stream_goes_on_from_the_last_event(follower: Follower) -> None:
    user = factory.user("member", {factory.company(): "member"})
    tell([(1, "thread", "lead:1"), (1, "thread", "lead:2"), (2, "thread", "lead:3")])
    first = Change.objects.earliest("pk").pk

    async def read(last: int) -> list[str]:
        parts = stream(user.pk, ALL, last)
        await _next(parts)
        said = [await _next(parts), await _next(parts)]
        with contextlib.suppress(RuntimeError):
            await parts.aclose()  # type: ignore[attr-defined]
        return said

    async def both() -> None:
        said = await read(first)
        assert "lead:2" in said[0]
        assert said[1].startswith(": ping"), "what is another company's is not told"
        assert "event: reset" in (await read(first + 50))[0]
        follower.stop()

    _run(both())


def test_a_stream_ends_when_its_reader_may_not_be_here(follower: Follower) -> None:
    user = factory.user("member", {factory.company(): "member"}, is_active=False)

    async def read() -> None:
        parts = stream(user.pk, ALL, None)
        await _next(parts)
        with pytest.raises(StopAsyncIteration):
            await _next(parts)
        follower.stop()

    _run(read())


def test_news_without_a_pause_do_not_put_that_off(follower: Follower) -> None:
    where = factory.company()
    user = factory.user("member", {where: "member"}, is_active=False)

    async def read() -> list[bytes]:
        said = []
        async for part in stream(user.pk, Ears({"record": frozenset({where.pk})}), None):
            said.append(part)
            assert len(said) < 100, "whoever has left still hears"
            (subscription,) = follower._subscriptions
            subscription.offer([News(len(said), where.pk, "record", "lead:1")])
            await asyncio.sleep(0.02)
        follower.stop()
        return said

    asyncio.run(read())
    connections.close_all()


def test_a_slow_stream_starts_afresh(follower: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    user = factory.user("member", {factory.company(): "member"})

    async def read() -> None:
        parts = stream(user.pk, ALL, None)
        await _next(parts)
        (subscription,) = follower._subscriptions
        subscription.offer([News(number, 1, "record", f"lead:{number}") for number in range(1, events.BACKLOG + 9)])
        assert "event: reset" in await _next(parts)
        follower.stop()

    _run(read())


def test_the_answer_is_a_stream(follower: Follower) -> None:
    user = factory.user("member", {factory.company(): "member"})

    async def read() -> None:
        client = AsyncClient()
        await client.aforce_login(user)
        response = await client.get("/events", headers={"last-event-id": "nonsense"})
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.headers["X-Accel-Buffering"] == "no"
        follower.stop()

    _run(read())
