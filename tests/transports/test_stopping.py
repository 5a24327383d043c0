"""Who stops in the middle: what the server has by then, what the wire tells, and how long a server was silent."""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any, cast

import pytest

from postroom.infra.config import config
from postroom.outbound.registry import transports
from postroom.outbound.sender.wire import Came, Connection, Wire
from postroom.outbound.transports.protocol import Outcome, Result, Session
from tests.support.smtp_server import DROP, Hang, Late, SmtpServer
from tests.transports.build import WAYS, copies_of, server_at, speaking

ACCEPTED = Result.ACCEPTED


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "send_timeout", 1.0)


@pytest.fixture(params=list(WAYS))
def spoken(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with speaking(request.param) as one:
        yield one


def test_who_stops_asking_leaves_nothing_half_sent(spoken: SmtpServer) -> None:
    """The next envelope may be written already: the server gets no content for it, and the session ends."""

    async def ask_once() -> bool:
        session = await transports()["smtp"].open(server_at(spoken.port))
        async with aclosing(cast("Any", session.send(copies_of(1, 2, 3)))) as sending:
            async for _ in sending:
                break
        alive = session.alive
        await session.close()
        return alive

    assert asyncio.run(ask_once()) == ("PIPELINING" not in spoken.extensions)
    assert spoken.counts() == {"r1@firm.example": 1}


def test_who_is_cut_off_sends_nothing_more(spoken: SmtpServer) -> None:
    spoken.on("dot r2@firm.example", Hang())

    async def cut_off() -> bool:
        session = await transports()["smtp"].open(server_at(spoken.port))
        sending = asyncio.ensure_future(_all_of(session))
        await asyncio.wait([sending], timeout=0.3)
        assert sending.cancel()
        await asyncio.wait([sending])
        return session.alive

    async def _all_of(session: Session) -> list[Outcome]:
        return [outcome async for _, outcome in session.send(copies_of(1, 2, 3))]

    assert not asyncio.run(cut_off())
    assert spoken.counts() == {"r1@firm.example": 1, "r2@firm.example": 1}


def _told(news: queue.Queue[Came]) -> dict[int, Outcome]:
    """What the wire tells of a window, until it is done with it."""
    outcomes: dict[int, Outcome] = {}
    while True:
        came = news.get(timeout=10)
        outcomes |= came.outcomes
        if came.done:
            return outcomes


def test_the_wire_in_a_hurry_ends_with_the_copy_that_it_sends(spoken: SmtpServer) -> None:
    """The others come back untouched, also the one whose envelope the server has."""
    spoken.on("dot r2@firm.example", Late(0.4, "250 2.0.0 Ok"))
    news: queue.Queue[Came] = queue.Queue()
    wire = Wire(news.put)
    wire.start()
    wire.give(Connection(server_at(spoken.port)), copies_of(1, 2, 3, 4))
    until = time.monotonic() + 10
    while not spoken.counts()["r2@firm.example"] and time.monotonic() < until:
        time.sleep(0.01)
    wire.hurry()
    outcomes = _told(news)
    wire.close()
    assert {number: outcome.result for number, outcome in outcomes.items() if not outcome.is_untouched} == {
        1: ACCEPTED, 2: ACCEPTED,
    }  # fmt: skip
    assert [number for number, outcome in outcomes.items() if outcome.is_untouched] == [3, 4]
    assert spoken.counts() == {"r1@firm.example": 1, "r2@firm.example": 1}


def test_a_server_that_ends_each_session_with_a_mail_gets_them_all(spoken: SmtpServer) -> None:
    """What was begun ahead goes over the next session at once, and is not put off."""
    for number in range(1, 6):
        spoken.on(f"MAIL s{number}@acme.example", *([DROP] if number > 1 else []))
    news: queue.Queue[Came] = queue.Queue()
    wire = Wire(news.put)
    wire.start()
    wire.give(Connection(server_at(spoken.port)), copies_of(*range(1, 6)))
    outcomes = _told(news)
    wire.close()
    if "PIPELINING" in spoken.extensions:
        assert {outcome.result for outcome in outcomes.values()} == {ACCEPTED}
        assert spoken.connections == 5
    else:
        assert [outcome.phase for outcome in outcomes.values()] == ["dot", "mail", "mail", "mail", "mail"]
    assert set(spoken.counts().values()) == {1}


@pytest.mark.parametrize(
    ("step", "line"), [("dot r1@firm.example", "250 2.0.0 Ok"), ("DATA r1@firm.example", "354 Go")]
)
def test_how_long_a_server_is_silent_with_a_mail(spoken: SmtpServer, step: str, line: str) -> None:
    if step.startswith("DATA") and "CHUNKING" in spoken.extensions:
        step, line = "dot r1@firm.example", "250 2.0.0 Ok"  # BDAT brings the content without asking
    spoken.on(step, Late(0.5, line))

    async def run() -> list[float]:
        session = await transports()["smtp"].open(server_at(spoken.port))
        seen, found = [session.silent_seconds], []
        sending = asyncio.ensure_future(anext(aiter(session.send(copies_of(1)))))
        while not sending.done():
            await asyncio.sleep(0.01)
            found.append(session.silent_seconds)
        seen += [max(found), session.silent_seconds]
        await session.close()
        return seen

    before, most, after = asyncio.run(run())
    assert before == after == 0.0
    assert 0.2 < most < 1.0
