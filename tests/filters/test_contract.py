"""What holds for every filter: an answer with a sentence, or a sentence why there is none, in time, for any mail."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from postroom.inbound.filtering import asked, filters
from postroom.inbound.filters.protocol import Answer, CannotSay, Filter, Said, Shown
from postroom.infra.config import config
from tests.support.http_server import HttpServer, http_server

KEYS = ("rspamd",)
MAIL = Shown(b"From: a@far.example\r\n\r\nHello\r\n", "a@far.example", ("sales@acme.example",), "192.0.2.1", "far")
HOSTILE = Shown(b"\x00\xff" * 500, "a\r\nX: y@far.example", ("\udcff@x",) * 500, "nowhere\r\n", "\u202e" * 300)


@dataclass
class Case:
    """A filter, and the server behind it."""

    filter: Filter
    server: HttpServer

    def says(self, shown: Shown = MAIL) -> Said:
        return asyncio.run(self.filter.ask(shown))

    def cannot_say(self, shown: Shown = MAIL) -> str:
        with pytest.raises(CannotSay) as none:
            self.says(shown)
        return str(none.value)


@pytest.fixture(params=KEYS)
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.setattr(config(), "filter_seconds", 2.0)
    with http_server() as server:
        server.answer(b'{"action": "no action", "score": 0.5, "required_score": 15}')
        monkeypatch.setattr(config(), "rspamd_url", server.url)
        yield Case(filters()[request.param], server)


def test_every_filter_is_in_this_suite() -> None:
    assert tuple(filters()) == KEYS


def test_none_is_asked_before_somebody_wants_it() -> None:
    assert asked() == []


def test_it_answers_in_a_sentence(case: Case) -> None:
    assert case.filter.is_on()
    said = case.says()
    assert said.by == case.filter.key
    assert said.answer is Answer.ACCEPT
    assert said.words.endswith(".")


def test_a_hostile_envelope_is_no_trouble(case: Case) -> None:
    assert case.says(HOSTILE).answer is Answer.ACCEPT


@pytest.mark.parametrize("says", [b"", b"\r\n", b"\x00" * 100, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{}"])
def test_an_answer_that_is_none(case: Case, says: bytes) -> None:
    case.server.says = says
    assert case.cannot_say().endswith(".")


def test_nobody_there(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "rspamd_url", "http://127.0.0.1:1")
    assert case.cannot_say().endswith(".")


def test_a_server_that_is_silent_has_its_time(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "filter_seconds", 0.1)
    case.server.seconds = 60.0
    assert "0.1 seconds" in case.cannot_say()


def test_a_mail_that_is_too_large_is_not_shown(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "filter_max_size", 10)
    assert "larger than 10 bytes" in case.cannot_say()
    assert case.server.asked == []


def test_many_at_once(case: Case) -> None:
    async def ask() -> list[Said]:
        return list(await asyncio.gather(*(case.filter.ask(MAIL) for _ in range(30))))

    assert {said.answer for said in asyncio.run(ask())} == {Answer.ACCEPT}
    assert len(case.server.asked) == 30
