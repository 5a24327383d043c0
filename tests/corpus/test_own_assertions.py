"""What the corpora expect of hostile mail and replies beyond what their scorer looks at, case by case."""

from __future__ import annotations

import socket
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from postroom.core.message.draft import Draft
from postroom.core.message.parse import parse
from postroom.core.message.quotes import split_html, split_text
from postroom.core.message.render import render
from postroom.core.message.sanitize import sanitize
from postroom.core.message.understood import understand
from postroom.core.routing.chain import route
from postroom.core.routing.decision import Hold
from postroom.core.triage.loops import goes_round
from tests.core.routing import build
from tests.corpus.scores import rows
from tests.support.require import require

LONG = 400_000  # characters of crafted text that are read within SECONDS
SECONDS = 1.0
TRIES = 3  # the least counts: others use the machine
MOST_MEMORY = 4_000_000  # bytes that reading takes beyond TIMES the size of the mail
TIMES = 12
OUTSIDE = ("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.system", "urllib.", "http.client.", "smtplib.")


def hostile(key: str) -> list[tuple[dict[str, Any], bytes]]:
    """The cases that say something of `key`, at least one, with their bytes."""
    folder = require("corpora") / "mime"
    found = [(row, (folder / row["file"]).read_bytes()) for row in rows(folder) if key in row["expected"]]
    assert found, f"no case says anything of {key}"
    return found


def test_a_mail_that_went_round_is_known_and_held() -> None:
    for row, raw in hostile("loop"):
        understood = understand(raw)
        assert bool(goes_round(understood.mail)) == row["expected"]["loop"], row["file"]
        routing = route(understood.mail, understood.triage, build.facts(build.to_alias(build.SALES)))
        assert [type(one) for one in routing.decisions] == [Hold], row["file"]


def test_ordinary_mail_did_not_go_round() -> None:
    folder = require("corpora") / "traffic"
    raws = ((folder / row["file"]).read_bytes() for row in rows(folder) if row["kind"] == "ham")
    assert not any(goes_round(parse(raw)) for raw in raws)


def test_an_encoded_word_makes_no_field() -> None:
    for row, raw in hostile("no_header"):
        mail, name = parse(raw), row["expected"]["no_header"]
        assert name not in mail.headers, row["file"]
        again = render(Draft(mail.authors[0], subject=mail.subject, message_id="1@x.example", date=mail.date, text="x"))
        assert name not in parse(again).headers, row["file"]


def test_every_from_field_is_seen() -> None:
    for row, raw in hostile("from_headers"):
        mail = parse(raw)
        assert len(mail.headers.raw("from")) == row["expected"]["from_headers"], row["file"]
        assert any("From headers" in defect for defect in mail.defects), row["file"]


_seen: list[str] | None = None


def _watch(event: str, _: object) -> None:
    if _seen is not None and event.startswith(OUTSIDE):
        _seen.append(event)


sys.addaudithook(_watch)  # a hook cannot be taken away again; this one looks only while something is watched


@contextmanager
def watched() -> Iterator[list[str]]:
    """What this process asked of the network or of other programs meanwhile, as Python's audit events name it."""
    global _seen  # noqa: PLW0603  the hook is one for the whole process
    _seen = []
    try:
        yield _seen
    finally:
        _seen = None


def test_a_look_at_the_network_would_be_seen() -> None:
    with watched() as seen, pytest.raises(socket.gaierror):
        socket.getaddrinfo("127.0.0.1", "no such service")
    assert seen


def test_no_mail_makes_us_ask_the_network() -> None:
    assert hostile("no_network")
    with watched() as seen:
        for folder in ("mime", "bounces"):
            for row in rows(require("corpora") / folder):
                understand((require("corpora") / folder / row["file"]).read_bytes())
    assert not seen


def memory(work: Callable[[bytes], object], raw: bytes) -> int:
    """The most bytes that Python held at once while it read, beyond those before; not what the first mail loads."""
    work(b"From: a@b.example\n\nx")
    tracemalloc.start()
    try:
        work(raw)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_an_archive_stays_as_it_came() -> None:
    for row, raw in hostile("no_unbounded_inflate"):
        assert memory(understand, raw) < MOST_MEMORY + TIMES * len(raw), row["file"]
        assert sum(len(one.data) for one in understand(raw).mail.attachments) <= len(raw), row["file"]


def test_hostile_mail_is_read_in_memory_in_proportion() -> None:
    for row, raw in hostile("must_not_raise"):
        assert memory(understand, raw) < MOST_MEMORY + TIMES * len(raw), row["file"]


def read_text(text: str) -> object:
    return split_text(text)


def read_page(text: str) -> object:
    return split_html(sanitize(text))


def seconds(read: Callable[[str], object], text: str) -> float:
    """Of this process, the least of some tries."""
    least = float("inf")
    for _ in range(TRIES):
        began = time.process_time()
        read(text)
        least = min(least, time.process_time() - began)
        if least < SECONDS / 2:
            break
    return least


def replies() -> Iterator[tuple[str, Callable[[str], object], str]]:
    folder = require("corpora") / "replies"
    for row in rows(folder):
        text = (folder / row["file"]).read_bytes().decode("utf-8", "replace")
        yield row["file"], read_page if row["kind"] == "reply-html" else read_text, text


def test_every_reply_is_read_in_time() -> None:
    slow = {name: taken for name, read, text in replies() if (taken := seconds(read, text)) > SECONDS}
    assert not slow


def _lengthened(text: str) -> Iterator[tuple[str, str]]:
    """A reply made long in three ways: all of it again and again, its lines each many times, without line breaks."""
    text = text or "\n"
    yield "repeated", (text * (LONG // len(text) + 1))[:LONG]
    lines = text.split("\n")
    each = LONG // len(lines)
    yield "line by line", "\n".join((f"{line}\n" * (each // (len(line) + 1) + 1))[:each] for line in lines)
    yield "in one line", (text.replace("\n", " ") * (LONG // len(text) + 1))[:LONG]


@pytest.mark.slow
def test_every_reply_made_long_is_read_in_time() -> None:
    slow = {
        (name, how): taken
        for name, read, text in replies()
        for how, long in _lengthened(text)
        if (taken := seconds(read, long)) > SECONDS
    }
    assert not slow


CRAFTED: dict[str, str] = {
    "attribution that never ends": "On Mon, 3 Mar 2025 at 10:11, Jane <jane@example.com> ",
    "attributions": "On Mon, 3 Mar 2025 at 10:11, Jane <jane@example.com> wrote:\n",
    "headers without an end": "From: Jane <jane@example.com>\nSent: Monday\n",
    "deep quotes": ">" * 400 + " words\n",
    "dashes": "-" * 398 + "\n",
    "original messages": "-----Original Message-----\n",
    "device lines": "Sent from my phone\n",
    "signatures": "-- \nJane\n",
    "colons": "a:",
    "spaces": " " * 399 + "\n",
    "tags": "<div>",
    "quotes of pages": "<blockquote>",
    "entities": "&#60;",
    "letters that look alike": "О\u0301n: ",
}


@pytest.mark.parametrize("read", [read_text, read_page])
@pytest.mark.parametrize("piece", CRAFTED.values(), ids=CRAFTED)
def test_crafted_text_is_read_in_time(piece: str, read: Callable[[str], object]) -> None:
    assert seconds(read, (piece * (LONG // len(piece) + 1))[:LONG]) <= SECONDS


def test_the_cases_of_these_assertions_are_there() -> None:
    keys = {key for row in rows(require("corpora") / "mime") for key in row["expected"]}
    keys |= {key for row in rows(Path(require("corpora")) / "auth") for key in row["expected"]}
    wanted = {"loop", "no_header", "no_network", "no_unbounded_inflate", "disposition", "attachment_count"}
    assert wanted <= keys
