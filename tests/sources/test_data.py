"""Reading a mail from the wire: where it ends, in whatever pieces it comes, and what is left behind it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.inbound.listener import data
from tests.growing import MOST_GROWTH, grows

ROOM = 10_000
PIECES = st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"\r\n.\r\n", b".\r\n", b"a", b"word", b"\0", b"\xff"])
STREAMS = st.lists(PIECES, max_size=30).map(b"".join)


def read(stream: bytes, cuts: list[int], limit: int = ROOM, room: int = ROOM) -> tuple[bytes | type[Exception], bytes]:
    """What is read of a stream that comes in pieces, and what is left for the next command."""

    async def run() -> tuple[bytes | type[Exception], bytes]:
        reader = asyncio.StreamReader()
        task = asyncio.ensure_future(data.read_data(reader, limit, lambda size: size <= room))
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            reader.feed_data(stream[start:end])
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        taken = task.done()
        reader.feed_eof()
        try:
            found: bytes | type[Exception] = await task
        except (data.TooLarge, data.NoRoom, asyncio.IncompleteReadError) as error:
            found = type(error)
        assert taken or found is asyncio.IncompleteReadError, "the end was there, and it waited for more"
        return found, await reader.read()

    return asyncio.run(run())


@given(stream=STREAMS, places=st.lists(st.integers(0, 100), max_size=6))
def test_the_end_is_found_in_any_pieces(stream: bytes, places: list[int]) -> None:
    cuts = sorted(min(place, len(stream)) for place in places)
    body, found, rest = (b"\r\n" + stream).partition(b"\r\n.\r\n")
    expected = (body + b"\r\n")[2:] if found else asyncio.IncompleteReadError
    assert read(stream, cuts) == (expected, rest if found else b"")


@given(stream=STREAMS, limit=st.integers(0, 40))
def test_above_the_limit_nothing_is_given_and_what_follows_is_left(stream: bytes, limit: int) -> None:
    body, _, rest = (b"\r\n" + stream + b"\r\n.\r\nNOOP\r\n").partition(b"\r\n.\r\n")
    found, left = read(stream + b"\r\n.\r\nNOOP\r\n", [len(stream) // 2], limit)
    assert left == rest
    assert (found is data.TooLarge) == (len(body) > limit)


def test_without_room_it_reads_on_and_gives_nothing() -> None:
    assert read(b"x" * 600 + b"\r\n.\r\nNOOP\r\n", [200, 400], room=300) == (data.NoRoom, b"NOOP\r\n")


@pytest.mark.parametrize(
    ("sent", "meant"),
    [(b"..x\r\n", b".x\r\n"), (b"a\r\n..\r\n", b"a\r\n.\r\n"), (b"a.\r\nb\r\n", b"a.\r\nb\r\n"), (b"", b"")],
)
def test_doubled_dots_are_taken_off(sent: bytes, meant: bytes) -> None:
    assert data.undot(sent) == meant


@given(st.lists(PIECES, max_size=20).map(b"".join))
def test_mended_breaks_are_whole(raw: bytes) -> None:
    mended = data.mend_breaks(raw)
    assert not data.has_bare_breaks(mended)
    assert mended.replace(b"\r\n", b"") == raw.replace(b"\r", b"").replace(b"\n", b"")
    if not data.has_bare_breaks(raw):
        assert mended == raw


def test_lines_up_to_64_kb_are_taken() -> None:
    assert not data.has_long_line(b"x\r\n" + b"y" * 65_535 + b"\r\n")
    assert data.has_long_line(b"x\r\n" + b"y" * 65_537 + b"\r\n")


@given(st.lists(st.integers(0, 3).map(lambda n: [0, 65_530, 65_536, 65_540][n]), max_size=5))
def test_the_longest_line_decides(lengths: list[int]) -> None:
    assert data.has_long_line(b"\n".join(b"x" * length for length in lengths)) == (max(lengths, default=0) > 65_536)


def test_lines_just_short_enough_are_not_read_over_and_over() -> None:
    raw = (b"x" * 60_000 + b"\r\n") * 500
    assert not data.has_long_line(raw)
    assert grows(data.has_long_line, raw) < MOST_GROWTH
