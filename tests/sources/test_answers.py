"""Paths as commands carry them, answers and their codes, the trace of a mail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.inbound.listener import answers
from postroom.inbound.services import Arrival


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<a@b.example>", ("a@b.example", "")),
        ("<a@b.example> SIZE=10 BODY=8BITMIME", ("a@b.example", "SIZE=10 BODY=8BITMIME")),
        ("a@b.example SIZE=10", ("a@b.example", "SIZE=10")),
        ("<>", ("<>", "")),
        ("<> SIZE=10", ("<>", "SIZE=10")),
        ("<@hop.example,@hop2.example:a@b.example>", ("a@b.example", "")),
        ('<"a b"@c.example>', ('"a b"@c.example', "")),
        ('<"a>\\"b"@c.example> X=Y', ('"a>\\"b"@c.example', "X=Y")),
        ("<grüße@köln.example>", ("grüße@köln.example", "")),
        ("<a b@c.example>", None),
        ("<a@b.example>SIZE=10", None),
        ("<a@b.example", None),
        ("<a@b\udcff.example>", None),
        ("<a@b\x00.example>", None),
        ("", None),
    ],
)
def test_paths(text: str, found: tuple[str, str] | None) -> None:
    assert answers.read_path(text) == found


@given(st.text())
def test_any_text_is_a_path_or_none(text: str) -> None:
    found = answers.read_path(text)
    assert found is None or (found[0] and found[0].isprintable())


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("250 OK", "250 2.0.0 OK"),
        ("250 2.1.5 OK", "250 2.1.5 OK"),
        ("503 Error: send HELO first", "503 5.5.1 Error: send HELO first"),
        ("354 Go on", "354 Go on"),
        ("220 mx.example ESMTP", "220 mx.example ESMTP"),
    ],
)
def test_answers_get_the_code_that_is_promised(answer: str, said: str) -> None:
    assert answers.with_enhanced_code(answer) == said


def test_code_and_words_are_told_apart() -> None:
    assert answers.parted("550 5.1.1 Nobody.") == ("550 5.1.1", "Nobody.")
    assert answers.parted("500 Error") == ("500", "Error")


def arrival(**changes: str) -> Arrival:
    known = {
        "source": "smtp",
        "key": "k",
        "sender": "a@b.example",
        "peer": "192.0.2.1",
        "helo": "mx.b.example",
    } | changes
    return Arrival(recipients=(), raw=b"", **known)  # type: ignore[arg-type]


AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def test_the_trace_says_from_whom_and_by_whom() -> None:
    assert answers.trace(arrival(tls="TLSv1.3 X"), "mx.acme.example", AT) == (
        b"Return-Path: <a@b.example>\r\n"
        b"Received: from mx.b.example ([192.0.2.1])\r\n"
        b"\tby mx.acme.example with ESMTPS id k;\r\n"
        b"\tSat, 21 Nov 2026 03:00:00 +0000\r\n"
    )


@pytest.mark.parametrize(("peer", "shown"), [("local", b"(local socket)"), ("2001:db8::1", b"([IPv6:2001:db8::1])")])
def test_the_trace_shows_where_it_came_from(peer: str, shown: bytes) -> None:
    assert shown in answers.trace(arrival(peer=peer, source="lmtp"), "mx", AT)


@given(helo=st.text(max_size=40), sender=st.text(max_size=40))
def test_nothing_that_the_peer_says_adds_a_line(helo: str, sender: str) -> None:
    trace = answers.trace(arrival(helo=helo, sender=sender), "mx", AT)
    assert trace.count(b"\n") == trace.count(b"\r\n") == 4
    assert trace.count(b"\r") == 4
