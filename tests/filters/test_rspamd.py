"""rspamd: what it is told, and what its answers mean."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from postroom.inbound.filters.protocol import Answer, CannotSay, Shown
from postroom.inbound.filters.rspamd import FILTER
from postroom.infra.config import config
from tests.support.http_server import OK, HttpServer, http_server

MAIL = Shown(
    b"From: a@far.example\r\n\r\nHello\r\n",
    "a@far.example",
    ("sales@acme.example", "b@acme.example"),
    "192.0.2.1",
    "far",
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpServer]:
    with http_server() as running:
        monkeypatch.setattr(config(), "rspamd_url", running.url)
        monkeypatch.setattr(config(), "filter_seconds", 2.0)
        yield running


@pytest.mark.parametrize(
    ("found", "answer", "words"),
    [
        ({"action": "no action"}, Answer.ACCEPT, "rspamd has nothing against it."),
        (
            {"action": "no action", "score": -0.1, "required_score": 15.0},
            Answer.ACCEPT,
            "rspamd has nothing against it: -0.1 points of 15.0.",
        ),
        ({"action": "greylist", "score": 4.2}, Answer.ACCEPT, "rspamd has nothing against it: 4.2 points."),
        ({"action": "soft reject"}, Answer.ACCEPT, "rspamd has nothing against it."),
        ({"action": "an action of the future"}, Answer.ACCEPT, "rspamd has nothing against it."),
        (
            {
                "action": "add header",
                "score": 7,
                "required_score": 15,
                "symbols": {
                    "BAYES_SPAM": {"score": 5.1},
                    "MIME_GOOD": {"score": -0.1},
                    "R_BAD": {"score": 5.1},
                    "FROM": {"score": 0},
                    "LOW": {"score": 0.5},
                    "LOWER": {"score": 0.25},
                    "ODD": None,
                },
            },
            Answer.HOLD,
            "rspamd takes it for spam: 7.0 points of 15.0, for BAYES_SPAM, R_BAD, LOW.",
        ),
        ({"action": "rewrite subject"}, Answer.HOLD, "rspamd takes it for spam."),
        ({"action": "quarantine", "score": "high", "symbols": [1]}, Answer.HOLD, "rspamd takes it for spam."),
        ({"action": "reject", "score": 16}, Answer.REFUSE, "rspamd takes it for spam: 16.0 points."),
    ],
)
def test_what_its_answers_mean(server: HttpServer, found: dict[str, object], answer: Answer, words: str) -> None:
    server.answer(json.dumps(found).encode())
    said = asyncio.run(FILTER.ask(MAIL))
    assert (said.by, said.answer, said.words) == ("rspamd", answer, words)


def test_what_it_is_told(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "rspamd_password", "secret")
    monkeypatch.setattr(config(), "rspamd_url", f"{server.url}/behind/")
    server.answer(b'{"action": "no action"}')
    asyncio.run(FILTER.ask(MAIL))
    [asked] = server.asked
    assert asked.line == "POST /behind/checkv2 HTTP/1.1"
    assert asked.body == MAIL.raw
    assert asked.values("From") == ["a@far.example"]
    assert asked.values("Rcpt") == ["sales@acme.example", "b@acme.example"]
    assert asked.values("IP") == ["192.0.2.1"]
    assert asked.values("Helo") == ["far"]
    assert asked.values("Password") == ["secret"]


def test_a_line_break_in_the_envelope_makes_no_field(server: HttpServer) -> None:
    server.answer(b'{"action": "no action"}')
    asyncio.run(FILTER.ask(Shown(b"", "a\r\nPassword: x@far.example", ("b\nRcpt: c@acme.example",), "", "")))
    [asked] = server.asked
    assert not [value for name in ("From", "Rcpt", "Password", "IP", "Helo") for value in asked.values(name)]


@pytest.mark.parametrize(
    "body", [b"", b"no", b"[]", b"{}", b'{"action": 5}', b'{"action": null}', b"[" * 100_000, b"\xff"]
)
def test_answers_that_say_nothing(server: HttpServer, body: bytes) -> None:
    server.answer(body)
    with pytest.raises(CannotSay, match="not what it should be"):
        asyncio.run(FILTER.ask(MAIL))


def test_it_says_no(server: HttpServer) -> None:
    server.answer(b"{}", OK.replace(b"200 OK", b"403 Forbidden"))
    with pytest.raises(CannotSay, match="it answered 403"):
        asyncio.run(FILTER.ask(MAIL))
