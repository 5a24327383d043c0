"""Bytes as replies: the same however they are cut, and never more than the limits, whatever comes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.outbound.transports.smtp.replies import LONGEST_LINE, MOST_BYTES, NotSmtp, Replies, Reply

LINES = st.sampled_from([b"a", b"", b"2.1.0 Ok", "grün".encode("latin-1"), b"\0", b"250 250", b"x" * 500])
ENDS = st.sampled_from([b"\r\n", b"\n"])
CODES = st.integers(200, 599)


@st.composite
def replies(draw: st.DrawFn) -> tuple[Reply, bytes]:
    """A reply and how it may be written."""
    code, lines = draw(CODES), draw(st.lists(LINES, min_size=1, max_size=5))
    signs = [b"-"] * (len(lines) - 1) + [b" "]
    written = [b"%d%b%b%b" % (code, sign, line, draw(ENDS)) for sign, line in zip(signs, lines, strict=True)]
    return Reply(code, b"\n".join(lines)), b"".join(written)


def _fed(pieces: list[bytes]) -> tuple[list[Reply], bool]:
    parser, found = Replies(), list[Reply]()
    for piece in pieces:
        parser.feed(piece, found)
    return found, parser.is_between


@given(st.lists(replies(), max_size=6), st.lists(st.integers(0, 4000), max_size=12))
def test_the_same_however_they_are_cut(spoken: list[tuple[Reply, bytes]], cuts: list[int]) -> None:
    data = b"".join(written for _, written in spoken)
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(places)]
    assert _fed(pieces) == ([reply for reply, _ in spoken], True)


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_whatever_comes_is_a_reply_or_none(pieces: list[bytes]) -> None:
    parser, found, said = Replies(), list[Reply](), ""
    try:
        for piece in pieces:
            parser.feed(piece, found)
    except NotSmtp as error:
        said = str(error)
    assert len(said) < 300
    assert said.isprintable()
    assert all(reply.text.encode("utf-8", "surrogateescape") == reply.said for reply in found)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"x" * (LONGEST_LINE + 1), "has no end"),
        (b"250 " + b"x" * LONGEST_LINE, "has no end"),
        (b"250-x\r\n" * 201, "has no end"),
        (b"250-" + b"x" * 4000 + b"\r\n", ""),
        ((b"250-" + b"x" * 4000 + b"\r\n") * (MOST_BYTES // 4000 + 1), "has no end"),
        (b"250-a\r\n251 b\r\n", "250 and 251 in one answer"),
        (b"\xb2\xb3\xb9 a\r\n", "not SMTP"),
        (b"25 a\r\n", "not SMTP"),
        (b"\r\n", "not SMTP"),
        (b" 250 a\r\n", "not SMTP"),
        (b"250_a\r\n", "not SMTP"),
    ],
)
def test_limits_and_shapes(said: bytes, words: str) -> None:
    parser, found = Replies(), list[Reply]()
    if not words:
        parser.feed(said, found)
        assert not parser.is_between
        return
    with pytest.raises(NotSmtp, match=words):
        parser.feed(said, found)
    assert not found


def test_what_came_before_the_nonsense_counts() -> None:
    parser, found = Replies(), list[Reply]()
    with pytest.raises(NotSmtp):
        parser.feed(b"250 a\r\nwhat?\r\n", found)
    assert found == [Reply(250, b"a")]
