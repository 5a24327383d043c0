"""A server that goes wrong with the second of three mails, at every stage, with every extension: what becomes of each.

The rows are the same for all ways to converse, but for what one way alone can know. Whatever happens, nothing counts as
accepted that the server has not, and what may be sent again arrives once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest
import uvloop

from postroom.infra.config import config
from postroom.outbound.registry import transports
from postroom.outbound.transports.protocol import Copy, Outcome, Result, Server
from postroom.outbound.transports.smtp.offers import CHUNKING
from tests.support.certificates import Files, make_certificates
from tests.support.smtp_server import DROP, Action, Drip, Drop, Hang, Late, SmtpServer
from tests.transports.build import RAW, WAYS, copies_of, copy, run_on, server_at, speaking

SECONDS = 1.0  # for an answer to MAIL; the final dot has two, DATA 0.4
BY_DATA = ("step by step", "pipelining")
ACCEPTED, DEFERRED, REFUSED, UNKNOWN = Result.ACCEPTED, Result.DEFERRED, Result.REFUSED, Result.UNKNOWN
UNTOUCHED = (DEFERRED, "")
LARGE = RAW + b"0123456789abcde\r\n" * 400_000  # more than the buffers between the two hold
BABBLE: tuple[Action, ...] = (
    b"what?\r\n",
    b"\0\0\0\0\r\n",
    b"\xff" * 9000,
    b"250-a\r\n" * 5000,
    b"250-a\r\n550 b\r\n",
    b"25O ok\r\n",
    b"2500 ok\r\n",
)


@dataclass(frozen=True)
class Fault:
    """`step` goes wrong with the second mail: what becomes of that, and whether the third still goes over the session.
    `ahead` is what holds where its envelope was written with the mail before; empty: the same.
    """

    step: str
    action: Action
    result: Result
    phase: str
    goes_on: bool = False
    ahead: tuple[Result, str] | None = None


FAULTS = [
    Fault("MAIL s2@acme.example", "550 5.7.1 Not you", REFUSED, "mail", goes_on=True),
    Fault("MAIL s2@acme.example", "450 4.7.1 Later", DEFERRED, "mail", goes_on=True),
    Fault("MAIL s2@acme.example", "421 4.3.2 Closing", DEFERRED, "mail"),
    Fault("MAIL s2@acme.example", DROP, DEFERRED, "mail", ahead=UNTOUCHED),
    Fault("MAIL s2@acme.example", Hang(), DEFERRED, "mail"),
    Fault("MAIL s2@acme.example", Drip(b"2"), DEFERRED, "mail"),
    Fault("MAIL s2@acme.example", Drip(b"250-more\r\n"), DEFERRED, "mail"),
    Fault("MAIL s2@acme.example", "354 Go on", DEFERRED, "mail"),
    *(Fault("MAIL s2@acme.example", babble, DEFERRED, "mail") for babble in BABBLE),
    Fault("RCPT r2@firm.example", "550 5.1.1 No such user", REFUSED, "rcpt", goes_on=True),
    Fault("RCPT r2@firm.example", "450 4.2.1 Greylisted", DEFERRED, "rcpt", goes_on=True),
    Fault("RCPT r2@firm.example", "251 2.1.5 Forwarded", ACCEPTED, "dot", goes_on=True),
    Fault("RCPT r2@firm.example", "421 4.3.2 Closing", DEFERRED, "rcpt"),
    Fault("RCPT r2@firm.example", DROP, DEFERRED, "rcpt"),
    Fault("RCPT r2@firm.example", Hang(), DEFERRED, "rcpt"),
    Fault("RCPT r2@firm.example", "354 Go on", DEFERRED, "rcpt"),
    Fault("RCPT r2@firm.example", "199 hm", DEFERRED, "rcpt"),
    *(Fault("RCPT r2@firm.example", babble, DEFERRED, "rcpt") for babble in BABBLE),
    Fault("dot r2@firm.example", "452 4.2.2 Full", DEFERRED, "dot", goes_on=True),
    Fault("dot r2@firm.example", "552 5.3.4 Too big", REFUSED, "dot", goes_on=True),
    Fault("dot r2@firm.example", Late(1.3 * SECONDS, "250 2.0.0 Ok"), ACCEPTED, "dot", goes_on=True),
    Fault("dot r2@firm.example", "421 4.3.2 Closing", DEFERRED, "dot"),
    Fault("dot r2@firm.example", DROP, UNKNOWN, "dot"),
    Fault("dot r2@firm.example", Hang(), UNKNOWN, "dot"),
    Fault("dot r2@firm.example", Late(2.5 * SECONDS, "250 2.0.0 Ok"), UNKNOWN, "dot"),
    Fault("dot r2@firm.example", Drip(b"250-more\r\n"), UNKNOWN, "dot"),
    Fault("dot r2@firm.example", "354 Go on", UNKNOWN, "dot"),
    Fault("dot r2@firm.example", "199 hm", UNKNOWN, "dot"),
    *(Fault("dot r2@firm.example", babble, UNKNOWN, "dot") for babble in BABBLE),
    Fault("content r2@firm.example", Drop(30), UNKNOWN, "dot"),
]
DATA_FAULTS = [
    Fault("DATA r2@firm.example", "451 4.3.2 Busy", DEFERRED, "data", goes_on=True),
    Fault("DATA r2@firm.example", "554 5.5.1 No", REFUSED, "data", goes_on=True),
    Fault("DATA r2@firm.example", Late(0.2 * SECONDS, "354 Go on"), ACCEPTED, "dot", goes_on=True),
    Fault("DATA r2@firm.example", "421 4.3.2 Closing", DEFERRED, "data"),
    Fault("DATA r2@firm.example", DROP, DEFERRED, "data"),
    Fault("DATA r2@firm.example", Hang(), DEFERRED, "data"),
    Fault("DATA r2@firm.example", "250 2.0.0 Ok", DEFERRED, "data"),
    Fault("DATA r2@firm.example", b"354 Go on\r\n250 2.0.0 Ok\r\n", DEFERRED, "data"),
    Fault("DATA r2@firm.example", "334 hm", DEFERRED, "data"),
    *(Fault("DATA r2@firm.example", babble, DEFERRED, "data") for babble in BABBLE),
]
CASES = [(way, fault) for way in WAYS for fault in FAULTS] + [(way, fault) for way in BY_DATA for fault in DATA_FAULTS]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "send_timeout", SECONDS)
    CHUNKING.forget()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make_certificates(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(params=list(WAYS))
def spoken(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with speaking(request.param) as one:
        yield one


def _name(value: object) -> str:
    return f"{value.step} {value.action!r:.40}" if isinstance(value, Fault) else str(value)


def _check(server: SmtpServer, place: Server, copies: list[Copy], outcomes: list[Outcome]) -> None:
    """What was accepted is there, what was not is not; what may be sent again arrives once."""
    counts = server.counts()
    for one, outcome in zip(copies, outcomes, strict=True):
        assert outcome.words
        if outcome.result is ACCEPTED:
            assert counts[one.recipient] == 1
        elif outcome.result is not UNKNOWN:
            assert counts[one.recipient] == 0
    again = [one for one, outcome in zip(copies, outcomes, strict=True) if outcome.result is DEFERRED]
    if again:
        assert {outcome.result for outcome in run_on(place, again)[0]} == {ACCEPTED}
    wanted = {one.recipient for one, outcome in zip(copies, outcomes, strict=True) if outcome.result is not REFUSED}
    counts = server.counts()
    sure = {one.recipient for one, outcome in zip(copies, outcomes, strict=True) if outcome.result is not UNKNOWN}
    assert {who: counts[who] for who in wanted & sure} == dict.fromkeys(wanted & sure, 1)
    assert set(counts.values()) == {1}
    assert not server.nested


@pytest.mark.parametrize(("way", "fault"), CASES, ids=_name)
def test_the_second_of_three(way: str, fault: Fault) -> None:
    with speaking(way) as server:
        server.on(fault.step, fault.action)
        copies, place = copies_of(1, 2, 3), server_at(server.port)
        outcomes, alive = run_on(place, copies)
        expected = (fault.result, fault.phase)
        if fault.ahead and "PIPELINING" in WAYS[way]:
            expected = fault.ahead
        assert [outcomes[0].result, (outcomes[1].result, outcomes[1].phase)] == [ACCEPTED, expected]
        assert outcomes[2].result is ACCEPTED if fault.goes_on else outcomes[2].is_untouched
        assert alive == fault.goes_on
        assert server.connections == 1
        _check(server, place, copies, outcomes)


@pytest.mark.parametrize("fault", [one for one in FAULTS if not isinstance(one.action, Hang | Late | Drip)], ids=_name)
def test_the_second_of_three_encrypted(fault: Fault, certificates: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    with speaking("both", certificates=certificates) as server:
        server.on(fault.step, fault.action)
        place, copies = server_at(server.port, "starttls", "localhost"), copies_of(1, 2, 3)
        outcomes, alive = run_on(place, copies, uvloop.new_event_loop)
        assert (outcomes[1].result, outcomes[1].phase) == (fault.ahead or (fault.result, fault.phase))
        assert alive == fault.goes_on
        _check(server, place, copies, outcomes)


@pytest.mark.parametrize(("action", "results"), [(Drop(100_000), {DEFERRED}), (Hang(), {DEFERRED}),
                                                 ("552 5.3.4 Too much", {REFUSED, DEFERRED}),
                                                 ("250 2.0.0 Ok", {DEFERRED})])  # fmt: skip
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_in_the_middle_of_a_large_mail(
    spoken: SmtpServer, action: Action, results: set[Result], loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Its end was never written, so it can be sent again."""
    spoken.on("content r2@firm.example", action)
    place, copies = server_at(spoken.port), [*copies_of(1), *copies_of(2, raw=LARGE), *copies_of(3)]
    outcomes, alive = run_on(place, copies, loop)
    assert outcomes[1].result in results  # its hanging up may overtake its words
    assert outcomes[1].phase == "data"
    assert outcomes[2].is_untouched
    assert not alive
    assert "r2@firm.example" not in spoken.counts()


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("way", ["step by step", "both"])
def test_large_mails_arrive_whole_through_tls(
    certificates: Files, monkeypatch: pytest.MonkeyPatch, way: str, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
    monkeypatch.setattr(config(), "send_timeout", 30.0)
    with speaking(way, certificates=certificates) as server:
        outcomes, alive = run_on(server_at(server.port, "starttls", "localhost"), copies_of(1, 2, raw=LARGE), loop)
        assert [one.result for one in outcomes] == [ACCEPTED] * 2
        assert alive
        assert [mail.data for mail in server.mails] == [LARGE] * 2
        assert all(mail.tls for mail in server.mails)


def test_a_password_is_not_told_by_a_server_that_echoes_it(spoken: SmtpServer) -> None:
    """Neither in an answer nor in what is none."""
    secret = "correct-battery-7"
    spoken.on("RCPT r1@firm.example", f"550 5.1.1 {secret}").on("RCPT r2@firm.example", f"{secret}\r\n".encode())
    outcomes, _ = run_on(replace(server_at(spoken.port), password=secret), copies_of(1, 2))
    assert outcomes[0].words == "550 5.1.1 …"
    assert outcomes[1].words == "127.0.0.1 did not take the mail: its answer is not SMTP (…)."


def test_what_is_left_of_a_window_touches_no_other(spoken: SmtpServer) -> None:
    """The next copy can't be sent, and nobody asks for it any more: the one after a pause is another one."""

    async def twice() -> list[Outcome]:
        session = await transports()["smtp"].open(server_at(spoken.port))
        async with aclosing(cast("Any", session.send([*copies_of(1), copy(2, "no address")]))) as sending:
            found = [(await anext(sending))[1]]
        found += [outcome async for _, outcome in session.send(copies_of(3))]
        await session.close()
        return found

    assert [one.result for one in asyncio.run(twice())] == [ACCEPTED] * 2
    assert spoken.counts() == {"r1@firm.example": 1, "r3@firm.example": 1}


def test_some_are_refused_and_some_put_off(spoken: SmtpServer) -> None:
    """Each recipient has an answer of its own, and none costs another one."""
    copies = copies_of(*range(1, 21))
    for number in range(1, 21, 3):
        spoken.on(f"RCPT r{number}@firm.example", "550 5.1.1 No such user")
    for number in range(2, 21, 3):
        spoken.on(f"RCPT r{number}@firm.example", "450 4.2.1 Greylisted")
    outcomes, alive = run_on(server_at(spoken.port), copies)
    wanted = [(REFUSED, DEFERRED, ACCEPTED)[(number - 1) % 3] for number in range(1, 21)]
    assert [one.result for one in outcomes] == wanted
    assert [one.phase for one in outcomes] == ["dot" if one is ACCEPTED else "rcpt" for one in wanted]
    assert spoken.counts() == {f"r{number}@firm.example": 1 for number in range(3, 21, 3)}
    assert spoken.commands.count("RSET") == 13, "after each that was not taken, but for the last"
    assert alive
    assert spoken.connections == 1


def test_content_is_wanted_for_a_recipient_who_was_refused() -> None:
    """RFC 2920 §3.1: the client ends it with a lone dot, and nobody gets an empty mail."""
    with speaking("pipelining") as server:
        server.on("RCPT r2@firm.example", "550 5.1.1 No such user").on("DATA r2@firm.example", "354 Go on")
        outcomes, alive = run_on(server_at(server.port), copies_of(1, 2, 3))
        assert [one.result for one in outcomes] == [ACCEPTED, REFUSED, ACCEPTED]
        assert outcomes[1].words == "550 5.1.1 No such user"
        assert alive
        assert server.counts() == {"r1@firm.example": 1, "r3@firm.example": 1}
        assert "RSET" not in server.commands


def test_content_is_wanted_for_a_sender_who_was_refused() -> None:
    """It may have taken the recipient none the less: a lone dot would be a mail to them."""
    with speaking("pipelining") as server:
        server.on("MAIL s2@acme.example", "550 5.7.1 Not you").on("RCPT r2@firm.example", "250 2.1.5 Ok")
        server.on("DATA r2@firm.example", "354 Go on")
        outcomes, alive = run_on(server_at(server.port), copies_of(1, 2, 3))
        assert (outcomes[1].result, outcomes[1].phase) == (REFUSED, "mail")
        assert outcomes[2].is_untouched
        assert not alive
        assert server.counts() == {"r1@firm.example": 1}


@pytest.mark.parametrize("said", ["550 5.5.1 Unknown", "421 4.3.2 Closing", b"what?\r\n", DROP])
def test_a_server_that_makes_no_room(spoken: SmtpServer, said: Action) -> None:
    spoken.on("RCPT r1@firm.example", "550 5.1.1 No such user").on("RSET", said)
    outcomes, alive = run_on(server_at(spoken.port), copies_of(1, 2))
    assert outcomes[0].result is REFUSED
    assert outcomes[1].is_untouched
    assert not alive


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "dot"])
def test_answers_that_nobody_asked_for(spoken: SmtpServer, step: str) -> None:
    """A reply too many: from there on nobody can tell what is an answer to what, and the session ends."""
    spoken.on(f"{step} {'s' if step == 'MAIL' else 'r'}2@{'acme' if step == 'MAIL' else 'firm'}.example",
              b"250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n")  # fmt: skip
    unsaid = step == "DATA" and "CHUNKING" in spoken.extensions
    outcomes, alive = run_on(server_at(spoken.port), copies_of(1, 2, 3), seconds=0.0 if unsaid else 5.0)
    if unsaid:
        assert alive
        return
    assert not alive
    counts = spoken.counts()
    for number, outcome in enumerate(outcomes, 1):
        assert counts[f"r{number}@firm.example"] == 1 or outcome.result is not ACCEPTED


@pytest.mark.parametrize("said", [DROP, Hang(), b"what?\r\n", "554 5.0.0 No"])
def test_goodbye_is_not_waited_for_long(spoken: SmtpServer, said: Action) -> None:
    spoken.on("QUIT", said)
    outcomes, _ = run_on(server_at(spoken.port), copies_of(1, 2))
    assert [one.result for one in outcomes] == [ACCEPTED] * 2


def test_words_while_nothing_is_said_end_the_session(spoken: SmtpServer) -> None:
    """Such as 421 after a while of silence: what comes next is untouched, and another session takes it."""
    spoken.on("dot r1@firm.example", b"250 2.0.0 Ok\r\n421 4.4.2 Timeout\r\n")
    outcomes, alive = run_on(server_at(spoken.port), copies_of(1))
    assert outcomes[0].result is ACCEPTED
    assert not alive


@pytest.mark.parametrize("code", [500, 502])
def test_a_server_that_does_not_know_what_it_offers(code: int) -> None:
    """It takes BDAT and every line of the content for commands: no second time."""
    with speaking("both") as server:
        server.on("dot r1@firm.example", f"{code} 5.5.1 Unknown\r\n500 5.5.1 Unknown\r\n".encode())
        copies, place = copies_of(1, 2), server_at(server.port)
        outcomes, alive = run_on(place, copies)
        assert (outcomes[0].result, outcomes[0].code) == (DEFERRED, code)
        assert outcomes[1].is_untouched
        assert not alive
        server.commands.clear()
        assert [one.result for one in run_on(place, copies)[0]] == [ACCEPTED] * 2
        assert sum(line == "DATA" for line in server.commands) == 2
        assert not any(line.startswith("BDAT") for line in server.commands)
