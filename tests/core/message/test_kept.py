"""What came in a mail can be kept and shown on a line: found by changing mails at random, held here by name."""

from __future__ import annotations

import pytest

from postroom.core.encoded_words import decode_words
from postroom.core.headers import header_line
from postroom.core.message.parse import parse
from postroom.core.triage.refusals import one_line
from tests.core.message.build import mail


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\u2028b", "a b"),
        ("a\u2029 b", "a b"),
        ("=?utf-8?b?YeKAqGI=?=", "a b"),
        ("=?utf-7?q?+2AA-a?=", "\ufffda"),
        ("a\x85\x1bb", "ab"),
    ],
)
def test_a_subject_is_one_line_and_can_be_answered(value: str, shown: str) -> None:
    assert decode_words(value) == shown
    assert header_line("Subject", f"Re: {decode_words(value)}")


@pytest.mark.parametrize(
    ("field", "content_type"),
    [
        (b"Content-Type: text/\x1bplain", "text/plain"),
        (b"Content-Type: multi\x01part/mixed", "application/octet-stream"),
        (b"Content-Type: multipart/\x01mixed; boundary=x", "multipart/mixed"),
        (b"Content-Type: text", "text/plain"),
        (b"Subject: x", "text/plain"),
    ],
)
def test_a_type_is_words_that_can_be_printed(field: bytes, content_type: str) -> None:
    assert parse(mail(field + b"\n\nbody")).content_type == content_type


def test_a_type_of_report_and_an_id_of_a_part_are_printed_too() -> None:
    read = parse(mail(b'Content-Type: multipart/report; report-type="delivery\x1b-status"; boundary=x\n\n--x\n'
                      b"Content-Type: image/png\nContent-ID: <a\x01b@c>\n\nx\n--x--\n"))  # fmt: skip
    assert read.report_type == "delivery-status"
    assert [one.content_id for one in read.attachments] == ["ab@c"]


def test_what_a_server_said_is_one_line() -> None:
    assert one_line("550 \x1b[31mno\x00 such\x85 user\r\n here") == "550 [31mno such user here"


def test_base64_is_not_read_twice_where_a_sign_of_its_end_is_none() -> None:
    head = b"Content-Type: application/x\nContent-Transfer-Encoding: base64\n\n"
    broken = b"QUJD" * 10 + b"QU=JD" + b"REVG" * 10 + b"\n"
    [file] = parse(mail(head + broken)).attachments
    assert len(file.data) <= len(broken) * 3 // 4
    assert file.data.count(b"DEF") == 10
    [joined] = parse(mail(head + b"QUI=\nREVG\n")).attachments
    assert joined.data == b"ABDEF"
