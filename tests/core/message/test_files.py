"""Attachments as people get them: envelopes opened, types told by content, risks named, invitations read."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message import files as opened_files
from postroom.core.message.calendar import MOST_BYTES
from postroom.core.message.files import MOST_ENVELOPES, Aside, Opened, open_files
from postroom.core.message.mail import Attachment, Mail
from postroom.core.message.parse import parse
from postroom.core.message.tnef import SIGNATURE
from postroom.core.message.understood import Understood, understand
from tests.core.message import tnef_writer as writer
from tests.core.message.build import mail, multipart
from tests.core.message.test_calendar import calendar
from tests.growing import MOST_GROWTH, grows

TEXT = b"Content-Type: text/plain\n\nhello"
PDF = b"%PDF-1.4 rest"
PNG = b"\x89PNG\r\n\x1a\nrest"


def part(data: bytes, name: str = "winmail.dat", kind: str = "application/ms-tnef", more: str = "") -> bytes:
    head = f'Content-Type: {kind}; name="{name}"\nContent-Transfer-Encoding: base64\n{more}\n'
    return head.encode() + base64.encodebytes(data).rstrip()


def of(*parts: bytes) -> Understood:
    return understand(mail(multipart(b"mixed", *parts)))


def shown(understood: Understood) -> list[tuple[str, str, str]]:
    return [(file.name, file.content_type, file.aside) for file in understood.files]


def test_an_envelope_is_opened_and_kept() -> None:
    inside = writer.envelope(writer.file(b"offer.pdf", PDF))
    got = of(TEXT, part(inside))
    assert shown(got) == [("winmail.dat", "application/ms-tnef", "envelope"), ("offer.pdf", "application/pdf", "")]
    assert [file.name for file in got.mail.attachments] == ["winmail.dat"], "the mail itself is as it came"


def test_an_envelope_under_a_wrong_label_is_opened_too() -> None:
    inside = writer.envelope(writer.file(b"offer.pdf", PDF))
    assert shown(of(TEXT, part(inside, "att1.bin", "application/octet-stream")))[1][0] == "offer.pdf"


def test_the_words_of_an_envelope_are_the_mails_where_it_has_none() -> None:
    inside = writer.envelope(
        writer.message_list(
            (writer.BINARY, 0x1013, b'<p>Good day</p><img src="cid:a@x">'), (writer.LONG, 0x3FDE, 65001)
        ),
        writer.file(b"a.png", PNG, (writer.TEXT, 0x3712, b"a@x\0")),
    )
    got = of(part(inside))
    assert "Good day" in got.html
    assert got.split.own.startswith("Good day")
    assert [(file.name, file.inline) for file in got.files] == [("winmail.dat", False), ("a.png", True)]


FOOT = b"Content-Type: text/plain\n\n_____\nvans mailing list"
PAGE = b"Content-Type: text/html\n\n<p>hello</p>"
RTF = (writer.BINARY, 0x1009, b"LZFu")


def with_html(html: bytes) -> bytes:
    return writer.envelope(writer.message_list((writer.BINARY, 0x1013, html), (writer.LONG, 0x3FDE, 65001)))


def test_the_words_of_an_envelope_join_those_around_it() -> None:
    got = of(FOOT, part(writer.envelope(writer.body(b"Good day\r\nHanna"))))
    assert got.mail.text == "Good day\nHanna\n\n_____\nvans mailing list"
    assert (got.mail.html, got.files[0].aside) == ("", Aside.ENVELOPE)
    assert "Good day" in got.split.own


def test_the_page_of_an_envelope_joins_the_text_around_it() -> None:
    got = of(FOOT, part(with_html(b"<p>Good <b>day</b></p>")))
    assert got.mail.text == "Good day\n\n_____\nvans mailing list"
    assert "Good <b>day</b>" in got.html
    assert "vans mailing list" in got.html
    page = of(PAGE, part(writer.envelope(writer.body(b"a < b\r\nHanna"))))
    assert "hello" in page.html
    assert "a &lt; b<br>Hanna" in page.html


def test_words_that_stand_in_the_mail_are_not_said_twice() -> None:
    text = b"Content-Type: text/plain\n\nGood day,\nwe  come\nHanna"
    got = of(text, part(writer.envelope(writer.body(b"Good day, we\r\ncome"))))
    assert (got.mail.text, got.files[0].aside) == ("Good day,\nwe  come\nHanna", Aside.ENVELOPE)
    assert of(PAGE, part(with_html(b"<div>hel<i>lo</i></div>"))).mail.html == "<p>hello</p>"
    more = of(TEXT, part(writer.envelope(writer.body(b"hello, dear all"))))
    assert more.mail.text == "hello, dear all"
    twice = part(writer.envelope(writer.body(b"Good day")))
    assert of(TEXT, twice, twice, part(writer.envelope(writer.body(b"Bye")))).mail.text == "Good day\n\nBye\n\nhello"


def test_a_text_made_of_the_page_in_an_envelope_says_the_same() -> None:
    text = b"Content-Type: text/plain\n\nSee our site<https://acme.example/a>[cid:a@x]\n now"
    got = of(text, part(with_html(b'<p>See <a href="https://acme.example/a">our site</a><img src="cid:a@x"> now</p>')))
    assert got.mail.text == "See our site<https://acme.example/a>[cid:a@x]\n now"
    link = of(TEXT, part(writer.envelope(writer.body(b"<https://acme.example/a>"))))
    assert "<https://acme.example/a>" in link.mail.text


def test_words_around_envelopes_take_time_in_proportion() -> None:
    def opened(words: bytes) -> Opened:
        inside = writer.envelope(writer.body(words), writer.message_list((writer.BINARY, 0x1013, words)))
        envelope = Attachment("winmail.dat", "application/ms-tnef", inside)
        return open_files(Mail(headers=parse(b"").headers, text=words.decode() + "x", attachments=(envelope,) * 9))

    for piece in (b"a", b"<http:", b"[cid:", b"ab ", b"<p>x"):
        assert grows(opened, piece * (400_000 // len(piece))) < MOST_GROWTH, piece


def test_a_picture_of_the_mail_stays_where_an_envelope_has_the_words() -> None:
    picture = b'Content-Type: text/html\n\n<img src="cid:a@x">'
    got = of(picture, part(writer.envelope(writer.body(b"Good day"))))
    assert "Good day" in got.mail.html
    assert "cid:a@x" in got.mail.html


@pytest.mark.parametrize(("text", "aside"), [(b"see winmail.dat", Aside.LISTED), (b"word " * 300, Aside.ENVELOPE)])
def test_formatted_words_stay_to_be_had_beside_a_short_note(text: bytes, aside: str) -> None:
    note = b"Content-Type: text/plain\n\n" + text
    assert of(note, part(writer.envelope(writer.message_list(RTF), writer.file(b"a.pdf", PDF)))).files[0].aside == aside
    known = of(note, part(writer.envelope(writer.body(b"Good day"), writer.message_list(RTF))))
    assert known.files[0].aside == Aside.ENVELOPE, "its words are shown"


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_words_are_lost(note: str, words: str) -> None:
    inside = writer.envelope(writer.body(words.encode("utf-8", "replace")), codepage=65001)
    envelope = Attachment("winmail.dat", "application/ms-tnef", inside)
    shown = open_files(Mail(headers=parse(b"").headers, text=note, attachments=(envelope,))).mail.text
    kept = words.encode("utf-8", "replace").decode().replace("\0", "")
    assert "".join(note.split()) in "".join(shown.split())
    assert "".join(kept.split()) in "".join(shown.split())


def test_what_a_file_of_an_envelope_claims_is_made_safe() -> None:
    claims = (writer.TEXT, 0x370E, b"image/png\r\nX-Evil: 1\0"), (writer.TEXT, 0x3712, b"<a\r\nb@x\x07>\0")
    long = (writer.TEXT, 0x370E, b"text/" + b"x" * 5000), (writer.TEXT, 0x3712, b"c" * 5000)
    charset = ((writer.TEXT, 0x370E, b"text/plain; charset=x\0"),)
    inside = writer.envelope(*[writer.file(b"a.xyz", b"??", *more) for more in (claims, long, charset)])
    first, second, third = of(TEXT, part(inside)).files[1:]
    assert (first.content_type, first.content_id) == ("application/octet-stream", "ab@x")
    assert (len(second.content_type), len(second.content_id)) == (200, 998)
    assert third.content_type == "text/plain"


def test_an_envelope_with_words_that_are_not_shown_stays_listed() -> None:
    got = of(part(writer.envelope(writer.message_list((writer.BINARY, 0x1009, b"LZFu")))))
    assert [file.aside for file in got.files] == [Aside.LISTED]
    assert any("formatted text" in words for words in got.mail.defects)


def test_a_broken_envelope_stays_listed_and_says_so() -> None:
    got = of(TEXT, part(writer.envelope(writer.file(b"a.pdf", PDF), writer.file(b"b.pdf", PDF))[:-20]))
    assert got.files[0].aside == Aside.LISTED
    assert "winmail.dat: broken off, read as far as possible" in got.mail.defects


def test_envelopes_have_an_end() -> None:
    inside = writer.envelope(writer.file(b"offer.pdf", PDF))
    got = of(*[part(inside)] * (MOST_ENVELOPES + 2))
    assert [file.aside for file in got.files].count(Aside.ENVELOPE) == MOST_ENVELOPES
    assert len(got.files) == 2 * MOST_ENVELOPES + 2


def test_names_in_an_envelope_are_made_safe() -> None:
    inside = writer.envelope(
        writer.file(b"..\\..\\evil.exe", b"x"), writer.file("re\u202efdp.exe".encode(), b"x"), codepage=65001
    )
    got = of(TEXT, part(inside)).files[1:]
    assert [(file.name, file.risk) for file in got] == [("evil.exe", "program"), ("refdp.exe", "disguised")]


INVITATION = calendar("SUMMARY:Handover\nDTSTART:20260302T090000Z")


def test_an_invitation_is_read_once_and_its_files_are_set_aside() -> None:
    inner = multipart(
        b"alternative", TEXT, b"Content-Type: text/calendar; method=REQUEST\n\n" + INVITATION, boundary=b"in"
    )
    got = understand(mail(multipart(b"mixed", inner, part(INVITATION, "invite.ics", "application/ics"))))
    assert got.invitation is not None
    assert got.invitation.title == "Handover"
    assert [(file.name, file.aside) for file in got.files] == [("part-2.ics", "calendar"), ("invite.ics", "calendar")]


def test_another_calendar_stays_a_file() -> None:
    other = calendar("SUMMARY:Other\nDTSTART:20270302T090000Z")
    got = of(TEXT, part(INVITATION, "a.ics", "text/calendar"), part(other, "b.ics", "text/calendar"))
    assert got.invitation is not None
    assert [(file.name, file.aside) for file in got.files] == [("a.ics", "calendar"), ("b.ics", "")]


def test_copies_are_told_apart_once_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    digest = opened_files._without_blanks

    def counted(data: bytes) -> bytes:
        looked_at.append(len(data))
        return digest(data)

    monkeypatch.setattr(opened_files, "_without_blanks", counted)
    big = Attachment("a.ics", "text/calendar", INVITATION + b" " * MOST_BYTES)
    small = Attachment("b.ics", "text/calendar", INVITATION.replace(b"\r\n", b"\n"))
    got = open_files(Mail(headers=parse(b"").headers, attachments=(big, *[small] * 100)))
    assert {file.aside for file in got.files} == {Aside.CALENDAR}
    assert sorted(looked_at) == [*[len(small.data)] * 100, len(big.data)]


def test_a_calendar_that_tells_nothing_stays_a_file() -> None:
    got = of(TEXT, part(b"BEGIN:VCALENDAR\nnothing\n", "a.ics", "text/calendar"))
    assert (got.invitation, got.files[0].aside) == (None, "")


def test_a_huge_calendar_is_read_as_far_as_it_may() -> None:
    got = of(TEXT, part(INVITATION + b"x" * (2 * MOST_BYTES), "a.ics", "text/calendar"))
    assert got.invitation is not None


@pytest.mark.parametrize(
    ("kind", "name", "data", "expected"),
    [
        ("application/octet-stream", "scan", PDF, "application/pdf"),
        ("application/octet-stream", "photo.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("image/png", "a.png", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("image/jpg", "a.jpg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("application/octet-stream", "a.docx", b"PK\x03\x04",
         "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("application/octet-stream", "a.zip", b"PK\x03\x04", "application/zip"),
        ("application/octet-stream", "a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/vnd.ms-excel"),
        ("application/octet-stream", "list.csv", b"a;b", "text/csv"),
        ("application/octet-stream", "odd", b"??", "application/octet-stream"),
        ("application/x-msdownload", "offer.pdf", PDF, "application/pdf"),
        ("application/pdf", "offer.pdf", b"MZ" + b"\x90" * 100, "application/x-msdownload"),
        ("application/pdf", "offer.pdf", b"\x7fELF\x02", "application/x-executable"),
        ("application/pdf", "offer.pdf", b"not really", "application/pdf"),
        ("text/csv", "a.csv", b"MZ;1\n", "text/csv"),
        ("application/vnd.custom", "a.pdf", PDF, "application/vnd.custom"),
        ("image/svg+xml", "a.svg", b"%PDF-", "image/svg+xml"),
        ("image/heic", "a.heic", b"\0\0\0\x18ftypheic", "image/heic"),
        ("application/octet-stream", "film", b"\0\0\0\x18ftypisom", "video/mp4"),
        ("audio/wav", "a.webp", b"RIFF0000WEBP", "audio/wav"),
        ("application/octet-stream", "a", b"RIFF0000WEBP", "image/webp"),
    ],
)  # fmt: skip
def test_types_by_content(kind: str, name: str, data: bytes, expected: str) -> None:
    (file,) = of(TEXT, part(data, name, kind)).files
    assert file.content_type == expected
    assert file.name == name


def test_a_made_up_name_follows_the_type() -> None:
    unnamed = b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n" + base64.b64encode(PDF)
    (file,) = of(TEXT, unnamed).files
    assert (file.name, file.content_type, file.risk) == ("part-2.pdf", "application/pdf", "")


MACROS = b"PK\x03\x04" + b"\0" * 30 + b"xl/vbaProject.bin"


@pytest.mark.parametrize(
    ("kind", "name", "data", "expected"),
    [
        ("application/pdf", "offer.pdf", PDF, ""),
        ("application/octet-stream", "offer.pdf.exe", b"x", "disguised"),
        ("application/octet-stream", f"offer.pdf{' ' * 30}.exe", b"x", "disguised"),
        ("application/pdf", "offer.pdf", b"MZ" + b"\x90" * 100, "disguised"),
        ("application/octet-stream", "setup.exe", b"x", "program"),
        ("text/html", "invoice.html", b"<p>", "page"),
        ("image/svg+xml", "logo.svg", b"<svg>", "page"),
        ("application/xml", "invoice.xml", b"<?xml version='1.0'?><Invoice/>", ""),
        ("application/xml", "x.xml", b"<html xmlns='http://www.w3.org/1999/xhtml'>", "page"),
        ("application/octet-stream", "a.iso", b"x", "disk"),
        ("application/octet-stream", "a.lnk", b"x", "shortcut"),
        ("application/octet-stream", "notes.one", b"x", "macros"),
        ("application/octet-stream", "prices.xlsm", b"PK\x03\x04", "macros"),
        ("application/octet-stream", "prices.xlsx", MACROS, "macros"),
        ("application/msword", "a.doc", b"\xd0\xcf\x11\xe0..._\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0", "macros"),
        ("application/msword", "a.doc", b"\xd0\xcf\x11\xe0", ""),
    ],
)  # fmt: skip
def test_risks(kind: str, name: str, data: bytes, expected: str) -> None:
    (file,) = of(TEXT, part(data, name, kind)).files
    assert file.risk == expected


def test_a_name_that_is_turned_round_is_marked() -> None:
    turned = b"Content-Type: application/octet-stream; name*=utf-8''offer%E2%80%AEfdp.scr\n\nx"
    (file,) = of(TEXT, turned).files
    assert (file.name, file.risk) == ("offerfdp.scr", "disguised")


def test_what_was_not_taken_apart_is_left_alone() -> None:
    rest = Attachment("not-taken-apart-1.eml", "application/octet-stream", PDF, untouched=True)
    opened = open_files(Mail(headers=parse(b"").headers, attachments=(rest,)))
    assert opened.files == (rest,)


def test_a_named_text_is_read_in_its_place_and_kept() -> None:
    named = b'Content-Type: text/plain; name="log.txt"\nContent-Disposition: inline\n\nline one'
    got = of(TEXT, named)
    assert got.mail.text == "hello\n\nline one"
    assert shown(got) == [("log.txt", "text/plain", "shown")]
    long = named + b"\nmore" * 20_000
    got = of(TEXT, long)
    assert got.mail.text == "hello"
    assert shown(got) == [("log.txt", "text/plain", "")]


@given(st.binary(max_size=200), st.sampled_from([b"BEGIN:VCALENDAR\n", SIGNATURE, b"PK\x03\x04", b"MZ", b""]))
def test_any_bytes_are_opened(data: bytes, head: bytes) -> None:
    file = Attachment("a", "application/octet-stream", head + data)
    opened = open_files(Mail(headers=parse(b"").headers, attachments=(file,)))
    assert isinstance(opened, Opened)
    assert opened.files[0].data == head + data, "the file itself is kept whatever it is"
