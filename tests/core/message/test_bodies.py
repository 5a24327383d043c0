from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.attachments import LONGEST_NAME, safe_name
from postroom.core.message.mail import Mail
from postroom.core.message.parse import parse
from postroom.core.message.parts import MOST_LEVELS, MOST_PARTS
from tests.core.message.build import mail, multipart

TEXT = b"Content-Type: text/plain\n\nhello"
HTML = b"Content-Type: text/html\n\n<p>hello</p>"
PDF = b'Content-Type: application/pdf; name="a.pdf"\nContent-Transfer-Encoding: base64\n\nMTIz'
IMAGE = b'Content-Type: image/png\nContent-Disposition: inline; filename="i.png"\nContent-ID: <i@x>\n\nPNG'


def read(content: bytes) -> Mail:
    return parse(mail(content))


def test_alternatives_give_text_and_html() -> None:
    got = read(multipart(b"alternative", TEXT, HTML))
    assert (got.text, got.html, got.attachments) == ("hello", "<p>hello</p>", ())


def test_related_images_are_placed_by_their_content_id() -> None:
    page = b'Content-Type: text/html\n\n<img src="cid:i@x">'
    got = read(multipart(b"related", page, IMAGE, IMAGE.replace(b"i@x", b"j@x").replace(b"inline", b"attachment")))
    assert [(file.content_id, file.inline) for file in got.attachments] == [("i@x", True), ("j@x", False)]


def test_nested_parts_are_found_in_order() -> None:
    inner = multipart(b"alternative", TEXT, HTML, boundary=b"inner")
    got = read(multipart(b"mixed", inner, PDF))
    assert (got.text, got.html) == ("hello", "<p>hello</p>")
    assert [(file.name, file.data) for file in got.attachments] == [("a.pdf", b"123")]


def test_several_texts_are_one_body() -> None:
    got = read(multipart(b"mixed", TEXT, IMAGE, b"\nfooter"))
    assert got.text == "hello\n\nfooter"
    assert got.plain_part == "hello"


def test_a_named_text_is_a_file_and_a_lone_one_the_body() -> None:
    named = b'Content-Type: text/plain; name="log.txt"\nContent-Disposition: attachment\n\nlog'
    got = read(multipart(b"mixed", TEXT, named))
    assert (got.text, [file.name for file in got.attachments]) == ("hello", ["log.txt"])
    assert read(b"Content-Type: text/plain\nContent-Disposition: attachment\n\nalone").text == "alone"


def test_a_multipart_with_the_boundary_of_the_one_around_it() -> None:
    inner = multipart(b"alternative", TEXT, HTML)
    got = read(multipart(b"mixed", inner, PDF))
    assert (got.text, got.html, [file.name for file in got.attachments]) == ("hello", "<p>hello</p>", ["a.pdf"])
    assert any("same boundary" in words for words in got.defects)
    open_inner = b"Content-Type: multipart/alternative; boundary=xx\n\n--xx\n" + TEXT
    got = read(b"Content-Type: multipart/mixed; boundary=xx\n\n--xx\n" + open_inner + b"\n")
    assert got.text.strip() == "hello"


def test_nested_multiparts_with_one_boundary_take_no_time() -> None:
    content = b"\nbottom"
    for _ in range(200):
        content = b"Content-Type: multipart/mixed; boundary=xx\n\n--xx\n" + content
    got = read(content)
    assert "bottom" in got.text or any(b"bottom" in file.data for file in got.attachments)


def test_the_first_text_is_told_apart_from_what_only_looks_like_one() -> None:
    broken = b"Content-Type: multipart/mixed; boundary=none\n"
    got = read(multipart(b"mixed", broken, TEXT))
    assert got.plain_part == "hello"


def test_an_attached_mail_stays_whole() -> None:
    inner = b"Subject: inner\n\ninner body"
    got = read(multipart(b"mixed", TEXT, b"Content-Type: message/rfc822\n\n" + inner))
    assert got.attachments[0].data == inner.replace(b"\n", b"\r\n")
    assert got.attachments[0].name.endswith(".eml")
    assert not got.attachments[0].named


def test_parts_of_a_digest_are_mails() -> None:
    got = read(multipart(b"digest", b"\nSubject: one\n\n1", b"\nSubject: two\n\n2"))
    assert [file.content_type for file in got.attachments] == ["message/rfc822"] * 2


def test_levels_beyond_the_limit_are_one_attachment() -> None:
    content = b"\nbottom"
    for level in range(MOST_LEVELS + 20):
        content = multipart(b"mixed", content, boundary=b"b%d" % level)
    got = read(content)
    (rest,) = got.attachments
    assert rest.untouched
    assert b"bottom" in rest.data
    assert "not-taken-apart" in rest.name
    assert any("levels" in words for words in got.defects)


def test_parts_beyond_the_limit_are_one_attachment() -> None:
    got = read(multipart(b"mixed", *[b"Content-Type: image/png\n\n%d" % n for n in range(MOST_PARTS + 500)]))
    assert len(got.attachments) == MOST_PARTS + 1
    assert [file.untouched for file in got.attachments].count(True) == 1
    assert b"%d" % (MOST_PARTS + 499) in got.attachments[-1].data


def test_an_inner_part_ends_where_the_outer_one_does() -> None:
    open_inner = b"Content-Type: multipart/alternative; boundary=inner\n\n--inner\n" + TEXT
    got = read(multipart(b"mixed", open_inner, PDF))
    assert (got.text, [file.name for file in got.attachments]) == ("hello", ["a.pdf"])


def test_a_boundary_that_begins_like_another_is_not_it() -> None:
    inner = multipart(b"alternative", TEXT, HTML, boundary=b"xx-1")
    got = read(multipart(b"mixed", inner, PDF))
    assert (got.text, got.html, len(got.attachments)) == ("hello", "<p>hello</p>", 1)


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (b"Content-Type: text/plain; charset=utf-8", "ü".encode(), "ü"),
        (b"Content-Type: text/plain", "ü".encode(), "ü"),
        (b"Content-Type: text/plain; charset=us-ascii", "ü".encode(), "ü"),
        (b"Content-Type: text/plain; charset=iso-8859-1", b"\xfc \x80", "ü €"),
        (b"Content-Type: text/plain; charset=utf-8", b"f\xfcr", "für"),
        (b"Content-Type: text/plain; charset=windows-31j", "日本".encode("cp932"), "日本"),
        (b"Content-Type: text/plain; charset=iso-8859-8-i", "שלום".encode("iso8859_8"), "שלום"),
        (b"Content-Type: text/plain; charset=windows-874", "ไทย".encode("cp874"), "ไทย"),
        (b"Content-Type: text/plain; charset=gb2312", "鑫".encode("gbk"), "鑫"),
        (b"Content-Type: text/plain; charset=ks_c_5601-1987", "한글".encode("cp949"), "한글"),
        (b"Content-Type: text/plain; charset=iso-2022-jp", b"\x1b$B-j\x1b(B", "㈱"),
        (b"Content-Type: text/plain; charset=zlib", b"plain", "plain"),
        (b"Content-Type: text/plain; charset=unicode_escape", b"\\u0041", "\\u0041"),
        (b"Content-Type: text", b"plain", "plain"),
        (b"Content-Transfer-Encoding: quoted-printable", b"=C3=BC=\n =\nx =ZZ", "ü x =ZZ"),
        (b"Content-Transfer-Encoding: BASE64", b"aGVs\nbG8=", "hello"),
        (b"Content-Transfer-Encoding: base64", b"aGVsbG8=\naGVsbG8=", "hellohello"),
        (b"Content-Transfer-Encoding: base64", b"aGVsbG8=\n____\nfooter of a list", "hello"),
        (b"Content-Transfer-Encoding: x-uuencode", b"begin 644 a\n#86)C\n`\nend", "abc"),
    ],
)
def test_text_is_decoded(head: bytes, body: bytes, expected: str) -> None:
    assert parse(head + b"\n\n" + body).text == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b'attachment; filename="a.pdf"', "a.pdf"),
        (b"attachment; filename=my report.pdf", "my report.pdf"),
        (b'attachment; filename="=?utf-8?q?=C3=BC.pdf?="', "ü.pdf"),
        (b"attachment; filename*=utf-8''%C3%BC.pdf", "ü.pdf"),
        (b"attachment; filename*=iso-8859-1'de'%FC.pdf", "ü.pdf"),
        (b"attachment; filename*0=a; filename*2=c.exe; filename*1=b", "abc.exe"),
        (b"attachment; filename*0*=utf-8''%C3; filename*1*=%BC.pdf", "ü.pdf"),
        (b'attachment; filename="a;b.pdf"', "a;b.pdf"),
        (b'attachment; filename="a\\"b.pdf"', 'a"b.pdf'),
        (b'attachment; filename="../../etc/passwd"', "passwd"),
        (b'attachment; filename="C:\\\\temp\\\\a.pdf"', "a.pdf"),
        (rb'attachment; filename="C:\temp\a.pdf"', "C:tempa.pdf"),
        (rb'attachment; filename="a\(1\).pdf"', "a(1).pdf"),
        (b'attachment; filename="01/02.pdf"', "01_02.pdf"),
        (b'attachment; filename=".htaccess"', "htaccess"),
        ('attachment; filename="a\u202efdp.exe"'.encode(), "afdp.exe"),
        (b'attachment; filename="a.txt"; filename="b.exe"', "a.txt"),
        (b'attachment; filename="open', "open"),
        (b"attachment", "part-1.pdf"),
        (b'attachment; filename="..."', "part-1.pdf"),
    ],
)
def test_names_are_read_and_made_safe(field: bytes, expected: str) -> None:
    got = read(b"Content-Type: application/pdf\nContent-Disposition: " + field + b"\n\n1")
    assert [file.name for file in got.attachments] == [expected]


@given(st.text(max_size=400))
def test_no_name_is_dangerous(name: str) -> None:
    safe = safe_name(name)
    assert not re.search("[\x00-\x1f\x7f-\x9f/\\\\\u202a-\u202e\u2066-\u2069]", safe)
    assert not safe.startswith(".")
    assert len(safe) <= LONGEST_NAME
    assert safe_name(safe) == safe


def test_archives_are_not_opened() -> None:
    bomb = base64.encodebytes(b"PK\x03\x04" + b"\0" * 1000)
    got = read(b"Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n" + bomb)
    assert len(got.attachments) == 1
    assert len(got.attachments[0].data) == 1004
