from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postroom.core.errors import InvalidHeader
from postroom.core.headers import HARD_LINE, Headers, header_line, structured_line
from postroom.core.message.parse import parse


def only(value: bytes) -> str:
    return Headers((("Subject", value),)).first("subject")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"plain", "plain"),
        (b"folded\r\n\tover\r\n lines", "folded over lines"),
        (b"=?utf-8?q?J=C3=B6rg_M?=", "Jörg M"),
        (b"=?UTF-8?B?SsO2cmc=?= and =?iso-8859-1?Q?=E9?=", "Jörg and é"),
        (b"=?utf-8?b?w6Q=?=\r\n =?utf-8?b?w7Y=?=", "äö"),
        (b"=?utf-8?b?ww==?= =?utf-8?b?pA==?=", "ä"),
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A4?=", "ä"),
        (b"=?utf-8?B?SsO2cmc?=", "Jörg"),
        (b"=?utf-8*en?q?hi?=", "hi"),
        (b"a=?utf-8?q?b?=c", "abc"),
        (b"=?utf-8?q?two words?=", "two words"),
        (b"=?utf-8?q?open", "=?utf-8?q?open"),
        (b"=?x-foo?q?hi?=", "hi"),
        (b"=?iso-8859-1?q?Fr\xf6sche?=", "Frösche"),
        ("Zürich".encode(), "Zürich"),
        ("Zürich".encode("latin-1"), "Zürich"),
        (b"=?utf-8?q?a=0D=0ABcc:_x=00?=", "a Bcc: x"),
        (b"=?iso-2022-jp?B?GyRCLWIbKEI=?=", "№"),
    ],
)
def test_values_are_decoded(value: bytes, expected: str) -> None:
    assert only(value) == expected


def test_fields_are_found_by_name_in_order() -> None:
    headers = Headers((("Received", b"1"), ("To", b"a@example.com"), ("RECEIVED", b"2")))
    assert list(headers.all("received")) == ["1", "2"]
    assert headers.raw("To") == (b"a@example.com",)
    assert "to" in headers
    assert "cc" not in headers
    assert headers.first("cc") == ""


@given(st.binary(max_size=300))
def test_no_value_has_control_characters(value: bytes) -> None:
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in only(value))


@given(st.text(max_size=300))
@example("x" * 3000)
@example("ä" * 1000)
@example(" lead and trail ")
@example("=?utf-8?q?not_a_word?=")
def test_a_field_is_one_field_and_reads_back(value: str) -> None:
    try:
        line = header_line("Subject", value)
    except InvalidHeader:
        assert any(not char.isprintable() for char in value)
        return
    mail = parse(line + b"\r\nbody")
    assert [name for name, _ in mail.headers.fields] == ["Subject"]
    assert mail.text == "body"
    assert all(len(one) <= HARD_LINE for one in line.split(b"\r\n"))
    if value.isprintable():
        assert mail.subject == value or mail.subject == value.strip()


@given(st.text(max_size=100), st.text(max_size=100))
def test_no_input_injects_a_field(name: str, value: str) -> None:
    for write in (header_line, structured_line):
        try:
            line = write(name, value)
        except InvalidHeader:
            continue
        mail = parse(b"A: 1\r\n" + line + b"B: 2\r\n\r\n")
        assert [field for field, _ in mail.headers.fields] == ["A", name, "B"]


@pytest.mark.parametrize("value", ["a\r\nBcc: x", "a\nb", "a\rb", "a\0b", "a\x0bb", "a\u2028b", "a\x85b", "\ud800"])
def test_what_breaks_out_is_refused(value: str) -> None:
    with pytest.raises(InvalidHeader):
        header_line("Subject", value)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\n", "ä", "a" * 80])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidHeader):
        header_line(name, "x")
