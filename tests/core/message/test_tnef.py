"""Outlook's envelopes: what is in them comes out, and nothing in them does harm."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.tnef import MOST_ATTRIBUTES, MOST_FILES, MOST_LEVELS, SIGNATURE, Tnef, read_tnef
from tests.core.message import tnef_writer as writer
from tests.core.message.tnef_writer import BINARY, BOOLEAN, LONG, TEXT, UNICODE, envelope, file, message_list
from tests.growing import MOST_GROWTH, grows

PNG = b"\x89PNG\r\n\x1a\nrest"


def test_files_come_out_with_their_names() -> None:
    long = "Größenliste für März.pdf".encode("utf-16-le") + b"\0\0"
    read = read_tnef(envelope(file(b"GROSSE~1.PDF", b"%PDF-1", (UNICODE, 0x3707, long)), file(b"b.txt", b"b")))
    assert [(one.name, one.data) for one in read.files] == [("Größenliste für März.pdf", b"%PDF-1"), ("b.txt", b"b")]
    assert read.defects == ()


def test_what_is_known_of_a_file() -> None:
    more = (
        (TEXT, 0x370E, b"image/png\0"),
        (TEXT, 0x3712, b"<pic@x>\0"),
        (BOOLEAN, 0x7FFE, 1),
        (BINARY, 0x3701, PNG),
    )
    (one,) = read_tnef(envelope(file(b"a.png", b"", *more))).files
    assert (one.content_type, one.content_id, one.data) == ("image/png", "pic@x", PNG)


@pytest.mark.parametrize(
    ("codepage", "name"),
    [(1252, "Größe"), (1251, "Размер"), (932, "寸法"), (950, "尺寸"), (65001, "ölçü"), (28592, "Łódź")],
)
def test_names_are_in_the_code_page_of_the_envelope(codepage: int, name: str) -> None:
    codec = {65001: "utf-8", 28592: "iso8859_2"}.get(codepage, f"cp{codepage}")
    (one,) = read_tnef(envelope(file(name.encode(codec), b"x"), codepage=codepage)).files
    assert one.name == name


def test_words_of_the_message() -> None:
    html = "<p>Grüße</p>".encode()
    read = read_tnef(
        envelope(writer.subject(b"Offer"), writer.body(b"Gr\xfc\xdfe\r\nx"),
                 message_list((BINARY, 0x1013, html), (LONG, 0x3FDE, 65001), (BINARY, 0x1009, b"rtf")))
    )  # fmt: skip
    assert (read.subject, read.text, read.html, read.formatted) == ("Offer", "Grüße\nx", "<p>Grüße</p>", True)


def test_properties_with_names_of_their_own_are_passed_over() -> None:
    listed = (
        struct.pack("<I", 2) + writer.named(TEXT, "Keywords", b"red\0") + writer.properties((TEXT, 0x1000, b"hi\0"))[4:]
    )
    assert read_tnef(envelope(writer.attribute(writer.MESSAGE, 0x00069003, listed))).text == "hi"


def test_several_values_of_one_property_are_passed_over() -> None:
    several = struct.pack("<HHI", 0x1003, 0x0FFF, 3) + struct.pack("<III", 1, 2, 3)
    listed = struct.pack("<I", 2) + several + writer.properties((TEXT, 0x1000, b"hi\0"))[4:]
    assert read_tnef(envelope(writer.attribute(writer.MESSAGE, 0x00069003, listed))).text == "hi"


def test_an_embedded_message_gives_its_words_and_files() -> None:
    inner = envelope(writer.subject(b"Earlier"), writer.body(b"the words"), file(b"in.pdf", b"%PDF-"))
    read = read_tnef(envelope(writer.inner_message(b"Untitled", inner), file(b"out.pdf", b"%PDF-2")))
    assert [(one.name, one.data) for one in read.files] == [
        ("Earlier.txt", b"the words"),
        ("in.pdf", b"%PDF-"),
        ("out.pdf", b"%PDF-2"),
    ]


def _nested(levels: int) -> bytes:
    inner = envelope(writer.body(b"innermost"))
    for number in range(levels):
        inner = envelope(writer.inner_message(b"level %d" % number, inner))
    return inner


def test_levels_have_an_end_and_nothing_is_lost_there() -> None:
    assert [one.data for one in read_tnef(_nested(MOST_LEVELS - 1)).files] == [b"innermost"]
    read = read_tnef(_nested(MOST_LEVELS))
    assert any("within each other" in words for words in read.defects)
    (rest,) = read.files
    assert b"innermost" in rest.data


def test_files_have_an_end() -> None:
    read = read_tnef(envelope(*[file(b"%d" % number, b"x") for number in range(MOST_FILES + 5)]))
    assert len(read.files) == MOST_FILES
    assert any("more than" in words for words in read.defects)


def test_attributes_have_an_end() -> None:
    read = read_tnef(envelope(writer.attribute(1, 0x00069999, b"") * (MOST_ATTRIBUTES + 5), file(b"late", b"x")))
    assert read.files == ()
    assert any("more than" in words for words in read.defects)


@pytest.mark.parametrize("cut", range(len(SIGNATURE) + 2, len(envelope(file(b"a", b"x"), file(b"b", b"y"))), 5))
def test_a_broken_off_envelope_gives_what_was_whole(cut: int) -> None:
    whole = envelope(file(b"a", b"x"), file(b"b", b"y"))
    assert [one.name for one in read_tnef(whole[:cut]).files] in ([], ["a"], ["a", "b"])


def test_lengths_that_lie_are_no_harm() -> None:
    for length in (0xFFFFFFFF, 0x7FFFFFFF, 100_000):
        lying = struct.pack("<BII", 2, 0x0006800F, length) + b"x"
        read = read_tnef(envelope(file(b"a", b"x"), lying))
        assert [one.name for one in read.files] == ["a"]
        assert any("broken off" in words for words in read.defects)
    listed = struct.pack("<I", 0xFFFFFFFF) + struct.pack("<HHII", BINARY, 0x1013, 0xFFFFFFFF, 5)
    assert any("properties" in w for w in read_tnef(envelope(writer.attribute(1, 0x00069003, listed))).defects)


def test_what_is_no_envelope_says_so() -> None:
    assert read_tnef(b"PK\x03\x04").defects == ("not a TNEF envelope",)
    assert read_tnef(b"").is_empty


@pytest.mark.parametrize(
    "piece",
    [b"\x01", b"\x02" + bytes(10), writer.attribute(1, 0x00069003, writer.properties((TEXT, 0x1000, b"x"))),
     file(b"a", b"x"), writer.named(TEXT, "Keywords", b"red")],
)  # fmt: skip
def test_floods_take_time_in_proportion(piece: bytes) -> None:
    flood = piece * (400_000 // len(piece))
    assert grows(lambda data: read_tnef(SIGNATURE + b"\0\0" + data), flood) < MOST_GROWTH


@given(st.binary(max_size=400))
def test_any_bytes_give_a_value(data: bytes) -> None:
    assert isinstance(read_tnef(SIGNATURE + data), Tnef)
    assert isinstance(read_tnef(data), Tnef)


SAMPLE = envelope(
    writer.subject(b"Offer"),
    writer.body(b"words"),
    message_list((BINARY, 0x1013, b"<p>x</p>"), (LONG, 0x3FDE, 65001)),
    file(b"a.png", PNG, (UNICODE, 0x3707, "lång.png".encode("utf-16-le")), (TEXT, 0x3712, b"<c@x>")),
    writer.inner_message(b"inner", envelope(writer.body(b"inner words"), file(b"i.txt", b"i"))),
)


@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_never_make_more_than_there_was(changes: list[tuple[int, int]]) -> None:
    data = bytearray(SAMPLE)
    for place, value in changes:
        data[place] = value
    read = read_tnef(bytes(data))
    assert sum(len(one.data) for one in read.files) <= 4 * len(data)  # text grows when it is written as UTF-8
