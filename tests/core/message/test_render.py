from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.addresses import Address
from postroom.core.errors import InvalidAddress, InvalidHeader
from postroom.core.message.draft import Draft, DraftFile
from postroom.core.message.parse import parse
from postroom.core.message.render import render

SALES = Address("sales@acme.example", "Sales")
PLAIN = Draft(author=SALES, to=(Address("bob@example.com"),), subject="Hi", text="Hello\n")

CHARACTERS = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\n"), max_size=300)
NAMES = st.text(st.sampled_from("abcü日.-_ 'x\"%;*"), min_size=1, max_size=90).map(lambda name: f"a{name.strip()}z")
FILES = st.builds(DraftFile, NAMES, st.just("application/pdf"), st.binary(max_size=200))
DRAFTS = st.builds(
    Draft,
    author=st.builds(Address, st.just("jane@example.com"), st.sampled_from(["", "Jane", 'Jörg, "X"', "a@b"])),
    to=st.lists(st.just(SALES) | st.just(Address("ü@exämple.com".replace("exä", "xn--exa")))).map(tuple),
    subject=st.text(CHARACTERS, max_size=200),
    text=LINES,
    html=st.just("") | LINES.map(lambda words: f"<p>{words}</p>"),
    attachments=st.lists(FILES, max_size=3).map(tuple),
    message_id=st.just("1@example.com"),
)  # fmt: skip


@given(DRAFTS)
def test_what_is_written_is_read_again(draft: Draft) -> None:
    raw = render(draft)
    read = parse(raw)
    assert read.subject in {draft.subject, draft.subject.strip()}
    assert read.author == draft.author
    assert read.to == draft.to
    assert read.text == (draft.text or "")
    assert read.html == draft.html
    assert [(file.name, file.data) for file in read.attachments] == [(f.name, f.data) for f in draft.attachments]
    assert read.message_id == draft.message_id
    assert render(draft) == raw


@given(DRAFTS)
def test_every_line_is_short_and_ends_in_crlf(draft: Draft) -> None:
    raw = render(draft)
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


def test_another_parser_agrees() -> None:
    image = DraftFile("i.png", "image/png", b"PNG", "i@x")
    html = '<img src="cid:i@x">'
    draft = replace(PLAIN, html=html, attachments=(image, DraftFile("ü.pdf", "application/pdf", b"1")), subject="Grüße")
    read = message_from_bytes(render(draft), policy=policy.default)
    assert read["Subject"] == "Grüße"
    assert read.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in read.walk() if not part.is_multipart()] == [
        "text/plain",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    assert [part.get_filename() for part in read.walk() if part.get_filename()] == ["i.png", "ü.pdf"]
    assert not read.defects


def test_the_date_is_written_in_utc() -> None:
    date = datetime(2023, 1, 2, 10, 0, tzinfo=timezone(timedelta(hours=2)))
    raw = render(replace(PLAIN, date=date))
    assert b"Date: Mon, 02 Jan 2023 08:00:00 +0000\r\n" in raw
    assert parse(raw).date == date.astimezone(UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "a\r\nBcc: x@example.com"},
        {"message_id": "a>\r\nBcc: x"},
        {"references": ("a b",)},
        {"headers": (("X-A", "a\nb"),)},
        {"headers": (("X A", "a"),)},
        {"headers": (("Subject", "twice"),)},
        {"date": datetime(2023, 1, 2)},  # noqa: DTZ001  the point is the missing zone
        {"html": "<p>", "attachments": (DraftFile("a", "image/png", b"", "a>\r\nb"),)},
        {"attachments": (DraftFile("a\r\nb\0.pdf", "text/plain; x\r\n", b"1"),)},
    ],
)
def test_what_would_break_out_is_refused_or_made_harmless(change: dict[str, Any]) -> None:
    try:
        raw = render(replace(PLAIN, **change))
    except InvalidHeader:
        return
    assert b"\r\nBcc" not in raw
    assert b"\r\nb" not in raw
    assert parse(raw).attachments[0].name == "a b.pdf"


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(InvalidAddress):
        render(replace(PLAIN, to=(Address("nobody"),)))


def test_a_name_cannot_bring_a_recipient_in() -> None:
    raw = render(replace(PLAIN, to=(Address("bob@example.com", 'x" <y@example.com>, "z\r\nBcc: q@example.com'),)))
    assert [address.email for address in parse(raw).to] == ["bob@example.com"]
    assert parse(raw).headers.raw("bcc") == ()


def test_file_names_with_control_characters_stay_one_parameter() -> None:
    read = parse(render(replace(PLAIN, attachments=(DraftFile("a\r\nb.pdf", "application/pdf", b"1"),))))
    assert [file.name for file in read.attachments] == ["a b.pdf"]
