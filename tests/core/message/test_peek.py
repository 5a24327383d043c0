"""The ids that a door reads before it answers: what the parser reads later, for little time and memory."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.parse import parse
from postroom.core.message.peek import HEADER_LIMIT, Ids, peek
from tests.core.message.build import mail
from tests.growing import MOST_GROWTH, grows


@pytest.mark.parametrize(
    ("raw", "ids"),
    [
        (b"", Ids()),
        (b"Message-ID: <a@b>\r\n\r\nReferences: <c@d>\r\n", Ids("a@b")),
        (b"message-id:<a@b>\nREFERENCES : <c@d>\n <e@f>\n\nbody", Ids("a@b", ("c@d", "e@f"))),
        (b"In-Reply-To: <a@b>\r\nReferences:\r\n\t<c@d>\r\n", Ids("", ("a@b", "c@d"))),
        (b"X-Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\nMessage-ID: <e@f>\r\n\r\n", Ids("c@d")),
    ],
)
def test_ids_are_read(raw: bytes, ids: Ids) -> None:
    assert peek(raw) == ids


@given(
    st.lists(st.sampled_from([b"<a@b>", b"<c@d>", b"\n ", b"\n\t", b" ", b"words", b"<e f@g>"]), max_size=6).map(
        b"".join
    )
)
def test_a_door_reads_what_the_parser_reads(value: bytes) -> None:
    raw = mail(b"In-Reply-To:" + value + b"\nReferences: " + value + b"\n\nbody\n")
    read = parse(raw)
    assert peek(raw) == Ids(read.message_id, (*read.in_reply_to, *read.references))


@pytest.mark.parametrize("piece", [b"a", b"\r\n ", b"<a@b> ", b"\r\nMessage-ID: <a@b>"])
def test_a_crafted_header_costs_a_door_time_and_memory_in_proportion(piece: bytes) -> None:
    raw = b"References: " + piece * (HEADER_LIMIT // len(piece))
    assert grows(peek, raw) < MOST_GROWTH
    tracemalloc.start()
    peek(raw)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * len(raw)
