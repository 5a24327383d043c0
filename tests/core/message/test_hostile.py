"""Crafted mail costs time in proportion to its size."""

from __future__ import annotations

import pytest

from postroom.core.message.parse import parse
from tests.growing import MOST_GROWTH, grows

HEAD = b"From: a@b.c\r\nSubject: x\r\n"
MIXED = b"Content-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\n"
BODY = b"\r\n\r\nbody"

CASES = {
    "headers": b"".join(b"X-%d: a\r\n" % n for n in range(100_000)) + BODY,
    "same headers": b"To: a@b.c\r\n" * 50_000 + BODY,
    "one long header": HEAD + b"X: " + b"a" * 1_000_000 + BODY,
    "folds": HEAD + b"X: " + b"a\r\n " * 1_500_000 + BODY,
    "broken header lines": b"From: a@b.c\r\n" + b"bad\r\nX: y\r\n" * 100_000,
    "depth": HEAD + b"".join(MIXED % (b"b%d" % n, b"b%d" % n) for n in range(10_000)),
    "the same boundary in depth": HEAD + (MIXED % (b"b", b"b")) * 10_000,
    "boundaries": HEAD + MIXED % (b"b", b"b") + b"--b\r\n\r\n" * 100_000,
    "nearly boundaries": HEAD + MIXED % (b"x", b"x") + b"\r\n--xy" * 1_000_000,
    "addresses": HEAD + b"To: " + b",".join(b"n%d <a%d@b.c>" % (n, n) for n in range(30_000)) + BODY,
    "groups": HEAD + b"To: " + b"g:;" * 100_000 + BODY,
    "foreign domains": HEAD + b"To: " + b",".join("a@é%d.é.example".encode() % n for n in range(10_000)) + BODY,
    "encoded words": HEAD + b"Subject: " + b"=?utf-8?q?a?= " * 30_000 + BODY,
    "open encoded words": HEAD + b"Subject: \xe9" + b"=?a?q?" * 80_000 + BODY,
    "parameters": HEAD + b"Content-Type: text/plain; " + b'a="' * 150_000 + BODY,
    "sections": HEAD + b"Content-Type: text/plain; " + b"a*0*=" * 90_000 + BODY,
    "references": HEAD + b"References: " + b"<a" * 200_000 + BODY,
    "date": HEAD + b"Date: " + b"1 " * 200_000 + BODY,
    "quoted-printable": HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"= \r\n" * 500_000,
    "base64 in pieces": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QQ==\r\n" * 500_000,
    "base64 junk": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"!Q!" * 500_000,
    "8-bit junk": HEAD + b"\r\n" + bytes(range(128, 256)) * 10_000,
    "utf-8 junk": HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + bytes(range(128, 256)) * 10_000,
    "long lines": HEAD + b"\r\n" + (b"a" * 50_000 + b"\r\n") * 20,
    "cids": HEAD + MIXED % (b"x", b"x") + b"Content-Type: text/html\r\n\r\n" + b"cid:" * 250_000,
}


@pytest.mark.parametrize("raw", CASES.values(), ids=CASES.keys())
def test_a_crafted_mail_is_read_in_time_in_proportion(raw: bytes) -> None:
    read = parse(raw)
    assert grows(parse, raw) < MOST_GROWTH
    assert read.size == len(raw)
    assert len(read.attachments) <= 1001
    assert len(read.headers.fields) <= 2000
