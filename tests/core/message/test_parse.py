from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.addresses import Address
from postroom.core.message.parse import parse
from tests.core.message.build import mail, multipart

TEXT = b"Content-Type: text/plain\n\nhello"
HTML = b"Content-Type: text/html\n\n<p>hello</p>"
SHAPED = st.lists(
    st.sampled_from(
        [b"From: a@b.c\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n", b"--x--\r\n", b"\r\n", b"\n",
         b"Content-Transfer-Encoding: base64\r\n", b"Content-Type: text/html; charset=utf-7\r\n", b" folded\r\n",
         b"Content-Disposition: attachment; filename*0*=''%E4; filename=\"a\r\n", b"=?utf-8?b?", b"+2AA-", b"\0",
         b"Subject: =?x?q?=00?=\r\n", b"Date: 32 Foo 99999 25:61\r\n", b'To: "<(@,;:\r\n', b"no colon\r\n", b"=E4="]
    )
    | st.binary(max_size=20),
    max_size=30,
).map(b"".join)  # fmt: skip


@given(st.binary(max_size=600) | SHAPED)
def test_any_bytes_are_read(raw: bytes) -> None:
    read = parse(raw)
    assert read.size == len(raw)
    for text in (read.subject, read.text, read.html, *(file.name for file in read.attachments), *read.defects):
        text.encode("utf-8")
        assert "\0" not in text
    for file in read.attachments:
        assert file.name
    assert pickle.loads(pickle.dumps(read)) == read


def test_an_ordinary_mail_is_read_whole() -> None:
    read = parse(mail(
        b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nTo: Sales <sales@acme.example>, bob@example.com\nCc: c@example.com\n"
        b"Reply-To: r@example.com\nSender: s@example.com\nIn-Reply-To: <a@b>\nReferences: <x@y>\n <a@b>\n\nHello\nyou\n"
    ))  # fmt: skip
    assert read.subject == "Grüße"
    assert read.author == Address("jane@example.com", "Jane")
    assert read.to == (Address("sales@acme.example", "Sales"), Address("bob@example.com"))
    assert read.cc == (Address("c@example.com"),)
    assert read.reply_to == (Address("r@example.com"),)
    assert read.sender == Address("s@example.com")
    assert read.in_reply_to == ("a@b",)
    assert read.references == ("x@y", "a@b")
    assert read.date == datetime(2023, 1, 2, 9, 0, tzinfo=UTC)
    assert read.message_id == "1@example.com"
    assert read.text == "Hello\nyou\n"
    assert read.defects == ()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"Subject: x\n\nbody", "No From header"),
        (b"From: nobody\n\nbody", "No address in the From header"),
        (b"From: a@b.c\nFrom: d@e.f\n\nbody", "2 From headers"),
        (b"From: a@b.c, d@e.f\n\nbody", "2 addresses in From"),
        (b"From: a@b.c\n\nbody", "No Message-ID header"),
        (b"From: a@b.c\n\nbody", "No Date header"),
        (b"Date: yesterday\n\nbody", "The Date is unreadable"),
        (b"Content-Type: text/plain; charset=x-foo\n\nb\xc3\xb6", "Part 1: Unknown charset 'x-foo', read as utf-8"),
        (b"Content-Type: multipart/mixed; boundary=q\n\nbody", "A multipart without its boundary, read as text"),
        (b"Content-Type: multipart/mixed; boundary=q\n\n--q\n\nx", "A multipart without its closing boundary"),
        (b"Content-Transfer-Encoding: base64\n\nQ", "Part 1: base64 broken, read as far as possible"),
        (b"Content-Transfer-Encoding: odd\n\nQ", "Part 1: unknown transfer encoding 'odd', left as is"),
        (b"From: a@b.c\nthis is no field\nTo: d@e.f\n\nbody", "A line in the header is no field"),
        (b"From: a@b.c\nbody at once, and no more fields", "No empty line between header and body"),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, words: str) -> None:
    assert words in parse(raw).defects


def test_a_body_after_a_broken_header_is_not_lost() -> None:
    assert parse(b"From: a@b.c\nbody at once").text == "body at once"
    assert parse(b"just text").text == "just text"
    assert parse(b"\nheaderless").text == "headerless"
    assert parse(b"From a@b.c Mon Jan  2\nSubject: mbox\n\nx").subject == "mbox"


def test_copies_that_came_by_different_ways_have_one_key() -> None:
    one = mail(b"Subject: x\n\nhello\n")
    assert parse(b"Received: by mx\r\n" + one).content_key == parse(b"Delivered-To: a\r\n" + one + b"\r\n").content_key


@pytest.mark.parametrize(
    "other",
    [mail(b"Subject: y\n\nhello\n"), mail(b"Subject: x\n\nhullo\n"), mail(b"Subject: x\n\nhello\n", head=b"A: b\n"),
     mail(b"Subject: x\n" + multipart(b"mixed", TEXT, b"Content-Type: image/png\n\n1"))],
)  # fmt: skip
def test_different_mails_have_different_keys(other: bytes) -> None:
    assert parse(mail(b"Subject: x\n\nhello\n")).content_key != parse(other).content_key


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"Mon, 2 Jan 2023 10:00:00 +0100", datetime(2023, 1, 2, 9, tzinfo=UTC)),
        (b"2 Jan 2023 10:00 -0330 (NST)", datetime(2023, 1, 2, 13, 30, tzinfo=UTC)),
        (b"Mon, 2 Jan 2023 10:00:60 GMT", datetime(2023, 1, 2, 10, 0, 59, tzinfo=UTC)),
        (b"Mon, 2 Jan 23 10:00:00 EST", datetime(2023, 1, 2, 15, tzinfo=UTC)),
        (b"2023-01-02T10:00:00+01:00", datetime(2023, 1, 2, 9, tzinfo=UTC)),
        (b"Mon, 2 Jan 2023 10:00:00", datetime(2023, 1, 2, 10, tzinfo=UTC)),
        (b"Mon, 31 Feb 2023 10:00:00 +0000", None),
        (b"1 Jan 0001 00:00:00 +2300", None),
        (b"9 " * 1000, None),
    ],
)
def test_dates_become_utc(value: bytes, expected: datetime | None) -> None:
    assert parse(b"Date: " + value + b"\r\n\r\n").date == expected
