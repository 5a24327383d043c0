"""What misleads in a From: tables of mails, those among them that almost mislead, and that any bytes have an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication.spoofs import MEANINGS, NOBODY, Acquaintance, Mark, marks, read_marks
from postroom.core.message.parse import parse

OURS = Acquaintance(
    domains=frozenset({"northwind.example", "post.northwind.example"}),
    familiar=frozenset({"northwind-group.example"}),
    people=frozenset({"Ana Keller", "Bo", "Jörg van der Berg"}),
)
COLLEAGUE = Acquaintance(OURS.domains, OURS.familiar, OURS.people, is_member=True)


def mail(author: str, subject: str = "Invoice", more: str = "") -> bytes:
    text = f"From: {author}\r\n{more}To: sales@northwind.example\r\nSubject: {subject}\r\n\r\nHello\r\n"
    return text.encode()


def kept(raw: bytes, known: Acquaintance = OURS) -> list[str]:
    return [mark.kept for mark in marks(parse(raw), known)]


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (mail("Hanna <hanna@customer.example>"), []),
        (mail("hanna@customer.example"), []),
        (mail("a@x.example", more="From: b@y.example\r\n"), ["two-froms:2"]),
        (mail("a@x.example, b@y.example"), ["several-authors:a@x.example and b@y.example"]),
        (mail("a@x.example, A <a@x.example>"), []),
        (mail("a@x.example, b@y.example, c@z.example"), ["several-authors:a@x.example and b@y.example and more"]),
        (mail('"ceo@northwind.example" <x@evil.example>'), ["address-as-name:ceo@northwind.example"]),
        (mail('"Ceo (ceo@northwind.example)" <x@evil.example>'), ["address-as-name:ceo@northwind.example"]),
        (mail('"ceo＠northwind.example" <x@evil.example>'), ["address-as-name:ceo@northwind.example"]),
        (mail('"x@evil.example" <x@evil.example>'), []),
        (mail('"X@EVIL.example" <x@evil.example>'), []),
        (mail('"info@mail.evil.example" <x@evil.example>'), []),  # of the same house
        (mail('"a@b" <x@evil.example>'), []),
        (mail("Ana Keller <ana@freemail.example>"), ["member-name:Ana Keller"]),
        (mail('"KELLER, Ana" <ana@freemail.example>'), ["member-name:Ana Keller"]),
        (mail('"Ana Keller (CEO)" <ana@freemail.example>'), ["member-name:Ana Keller"]),
        (mail("Аna Kеller <ana@freemail.example>"), ["member-name:Ana Keller"]),  # with Cyrillic letters
        (mail("Joerg van der Berg <j@x.example>"), []),
        (mail("Jorg van der Berg <j@x.example>"), ["member-name:Jörg van der Berg"]),
        (mail("Anna Keller <anna@freemail.example>"), []),
        (mail("Ana <ana@freemail.example>"), []),
        (mail("Bo <bo@freemail.example>"), []),  # one word is anybody's name
        (mail("Ana Keller <crm@post.northwind.example>"), []),  # at home
        (mail("Ana Keller <ana@crm.northwind.example>"), []),
        (mail("Ana <ana@n0rthwind.example>"), ["look-alike:northwind.example"]),
        (mail("Ana <ana@northwind-grup.example>"), ["look-alike:northwind-group.example"]),
        (mail("Ana <ana@southwind.example>"), []),
        (
            mail("Ana <ana@xn--nrthwind-nbh.example>"),
            [
                "look-alike:northwind.example",
                "disguised-letters:nоrthwind.example (xn--nrthwind-nbh.example)",
            ],
        ),
        (mail("M <m@xn--mller-kva.example>"), []),
        (mail("Ana <ana@x.example>", "Rechnung \u202egpj.exe"), ["turned-text:subject"]),
        (mail("\u202eanA <ana@x.example>"), ["turned-text:name"]),
        (mail("Ana <ana@x.example>", "\u2067שלום\u2069 hello"), []),  # closed, as programs write it
        (mail("Ana <ana@x.example>", "\u2067שלום hello"), ["turned-text:subject"]),
        (mail("Ana <ana@x.example>", "שלום\u200f!"), []),
        (mail("Ana <ana@x.example>", "Inv\u200boice"), ["hidden-characters:subject"]),
        (mail("P\u00adayPal <ana@x.example>"), ["hidden-characters:name"]),
        (mail("Ana <ana@x.example>", "\u200bInvoice \U0001f469\u200d\U0001f4bb"), []),  # at an edge, and in an emoji
        (mail("Ana <ana@x.example>", "می\u200cخواهم"), []),  # as Persian is written
        (mail("", ""), []),
        (b"\r\n", []),
    ],
)
def test_what_misleads(raw: bytes, found: list[str]) -> None:
    assert kept(raw) == found


def test_where_anybody_has_an_address_is_none_of_ours() -> None:
    private = Acquaintance(familiar=frozenset({"gmail.com", "hotmail.com"}))
    for domain in ("ymail.com", "gmail.com", "gmial.com", "hotmai1.com"):
        assert kept(mail(f"Ana <ana@{domain}>"), private) == []
    ours = Acquaintance(domains=frozenset({"outlock.com"}))
    assert kept(mail("Ana <ana@outlook.com>"), ours) == []
    assert kept(mail("Ana <ana@out1ock.com>"), ours) == ["look-alike:outlock.com"]


def test_a_member_bears_their_own_name() -> None:
    raw = mail("Ana Keller <ana@freemail.example>")
    assert kept(raw, COLLEAGUE) == []
    assert kept(raw, NOBODY) == []


def test_every_kind_has_words() -> None:
    for key, (text, advice) in MEANINGS.items():
        mark = Mark(key, "thing {x} %s")
        assert text.count("{thing}") <= 1
        assert mark.text.endswith((".", "thing {x} %s."))
        assert advice.endswith(".")
        assert read_marks([mark.kept]) == (mark,)


def test_what_rows_keep_is_read_as_it_was() -> None:
    found = marks(parse(mail('"ceo@northwind.example" <x@n0rthwind.example>')), OURS)
    assert len(found) == 2
    assert read_marks([mark.kept for mark in found]) == found
    assert read_marks(["unheard-of:x", 7, None, "look-alike:a:b"]) == (Mark("look-alike", "a:b"),)


@given(st.binary(max_size=400), st.text(max_size=60), st.text(max_size=60))
def test_any_mail_has_an_answer(raw: bytes, name: str, subject: str) -> None:
    whole = f'From: "{name}" <x@{name}>\r\nSubject: {subject}\r\n'.encode("utf-8", "replace") + raw
    for found in (marks(parse(raw), OURS), marks(parse(whole), OURS)):
        assert all(mark.key in MEANINGS and mark.text for mark in found)
        assert all(len(mark.kept) <= 255 and mark.thing.isprintable() for mark in found)


@pytest.mark.parametrize(
    "name",
    [
        "a@" * 20_000,
        "a." * 20_000,
        "\u202a" * 20_000,
        "a\u200b" * 20_000,
        "Ana " * 20_000,
        "xn--" * 20_000,
        "@b." * 9_000,
    ],
)
def test_long_names_are_looked_at_only_so_far(name: str) -> None:
    """As far as `LONGEST_READ`: a name that goes on and on says the same as its beginning."""
    long = marks(parse(mail(f'"{name}" <x@evil.example>')), OURS)
    assert {mark.key for mark in long} <= set(MEANINGS)
    assert all(len(mark.kept) <= 255 for mark in long)
