"""What every transport keeps to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from postroom.infra.config import config
from postroom.outbound.registry import transports
from postroom.outbound.transports import memory, outbox
from postroom.outbound.transports.protocol import Copy, NoSession, Outcome, Result, Server
from tests.support.running import free_port
from tests.support.smtp_server import DROP, SmtpServer
from tests.transports.build import RAW, copy, hand_over, server_at


@dataclass
class Case:
    """A transport with something behind it. `taken` is what arrived; `end` makes the next copy end the session."""

    server: Server
    closed: Server
    taken: Callable[[], list[bytes]]
    end: Callable[[], object] | None = None
    close: Callable[[], object] = lambda: None


def _memory() -> Case:
    memory.TRANSPORT.forget()
    lost = Outcome(Result.UNKNOWN, "", words="Lost.")
    shut = Outcome(Result.DEFERRED, "connect", words="No server answers.")
    return Case(
        Server(0, "Memory", "memory"),
        Server(0, "Memory", "memory"),
        lambda: [one.mime for one in memory.TRANSPORT.copies],
        lambda: memory.TRANSPORT.answer("r2@firm.example", lost),
        lambda: setattr(memory.TRANSPORT, "closed", shut),
    )


@pytest.fixture(params=["memory", "outbox", "smtp"])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setattr(config(), "var", tmp_path)
    if request.param == "memory":
        yield _memory()
        memory.TRANSPORT.forget()
    elif request.param == "outbox":
        own = Server(0, "Outbox", "outbox")
        yield Case(
            own,
            own,
            lambda: [path.read_bytes() for path in sorted(outbox.folder().glob("*.eml"))],
            close=lambda: (tmp_path / "outbox").write_text("a file stands where the folder should"),
        )
    else:
        with SmtpServer() as server:
            yield Case(
                server_at(server.port),
                server_at(free_port()),
                lambda: [mail.data for mail in server.mails],
                lambda: server.on("dot r2@firm.example", DROP),
            )


def test_every_file_is_a_transport() -> None:
    assert set(transports()) == {"memory", "outbox", "smtp"}
    assert all(transport.key == key for key, transport in transports().items())


def test_copies_are_taken_in_order_as_they_are(case: Case) -> None:
    raws = [RAW + b"%d\r\n" % number for number in range(3)]
    outcomes = hand_over(case.server, [copy(number, raw=raw) for number, raw in enumerate(raws)])
    assert [one.result for one in outcomes] == [Result.ACCEPTED] * 3
    assert all(one.words and one.phase == "dot" for one in outcomes)
    assert case.taken() == raws


def test_a_copy_that_cannot_be_written_keeps_no_other(case: Case) -> None:
    def broken() -> bytes:
        raise ValueError("the file of the attachment is missing")

    bad = Copy(2, "a@acme.example", "b@firm.example", broken)
    outcomes = hand_over(case.server, [copy(1), bad, copy(3)])
    assert [one.result for one in outcomes] == [Result.ACCEPTED, Result.REFUSED, Result.ACCEPTED]
    assert "attachment is missing" in outcomes[1].words
    assert len(case.taken()) == 2


def test_what_comes_after_the_end_of_a_session_is_untouched(case: Case) -> None:
    if case.end is None:
        return  # files do not hang up
    case.end()
    outcomes = hand_over(case.server, [copy(1), copy(2), copy(3), copy(4)])
    assert [one.result for one in outcomes[:2]] == [Result.ACCEPTED, Result.UNKNOWN]
    assert all(one.is_untouched for one in outcomes[2:])


def test_who_stops_asking_stops_the_sending(case: Case) -> None:
    async def ask_once() -> None:
        session = await transports()[case.server.transport].open(case.server)
        async with aclosing(cast("Any", session.send([copy(1), copy(2), copy(3)]))) as sending:
            async for _ in sending:
                break
        await session.close()

    asyncio.run(ask_once())
    assert len(case.taken()) in ({3} if case.server.transport == "outbox" else {1})  # files are made durable together


def test_no_session_says_why_and_claims_nothing(case: Case) -> None:
    case.close()
    with pytest.raises(NoSession) as none:
        hand_over(case.closed, [copy(1)])
    assert none.value.outcome.result is Result.DEFERRED
    assert none.value.outcome.phase == "connect"
    assert none.value.outcome.words.endswith(".")
    assert not case.taken()


def test_a_session_may_be_closed_twice(case: Case) -> None:
    async def run() -> bool:
        session = await transports()[case.server.transport].open(case.server)
        alive = session.alive
        await session.close()
        await session.close()
        return alive

    assert asyncio.run(run())


def test_the_outbox_leaves_no_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "var", tmp_path)
    hand_over(Server(0, "Outbox", "outbox"), [copy(5), copy(6)])
    assert sorted(path.name for path in outbox.folder().iterdir()) == ["5.eml", "6.eml"]


def test_sending_again_writes_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "var", tmp_path)
    for _ in range(2):
        hand_over(Server(0, "Outbox", "outbox"), [copy(5)])
    assert [path.read_bytes() for path in outbox.folder().iterdir()] == [RAW]
