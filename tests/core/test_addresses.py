from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.addresses import Address, format_address, local_mailboxes, normalise, parse_addresses, valid
from postroom.core.errors import InvalidAddress
from tests.growing import MOST_GROWTH, grows

A = Address


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("root", (A("root"),)),
        ("Cron Daemon <root>", (A("root", "Cron Daemon"),)),
        ('"Cron Daemon" <Root>, backup', (A("root", "Cron Daemon"), A("backup"))),
        ("=?utf-8?q?M=C3=BCller?= <jm>", (A("jm", "Müller"),)),
        ("Jane Doe", ()),
        ("undisclosed-recipients:;", ()),
        ("<>", ()),
        ("a b <c d>", ()),
        ("", ()),
    ],
)
def test_mailboxes_without_a_domain(header: str, expected: tuple[Address, ...]) -> None:
    assert local_mailboxes(header) == expected


@pytest.mark.parametrize("header", ['"ceo@acme.example" <x>', '"ceo@acme.example" <x>, "cfo@acme.example" <y>'])
def test_a_name_does_not_pose_as_an_address_where_a_mailbox_stands_behind_it(header: str) -> None:
    assert parse_addresses(header) == ()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ()),
        ("jane@example.com", (A("jane@example.com"),)),
        ("Jane Doe <Jane@Example.COM>", (A("jane@example.com", "Jane Doe"),)),
        ('"Doe, Jane" <jane@example.com>, bob@example.com', (A("jane@example.com", "Doe, Jane"), A("bob@example.com"))),
        ('"Jane \\"JD\\" Doe" <jane@example.com>', (A("jane@example.com", 'Jane "JD" Doe'),)),
        ("jane@example.com (Jane Doe)", (A("jane@example.com", "Jane Doe"),)),
        ("jane(x (nested) )@(y)example.com", (A("jane@example.com", "x (nested)  y"),)),
        ("Team: jane@example.com, Bob <bob@example.com>;", (A("jane@example.com"), A("bob@example.com", "Bob"))),
        ("undisclosed-recipients:;", ()),
        ("jane@example.com; bob@example.com", (A("jane@example.com"), A("bob@example.com"))),
        ("Jane jane@example.com", (A("jane@example.com", "Jane"),)),
        ("jane @ example.com", (A("jane@example.com"),)),
        ("<@relay.example:jane@example.com>", (A("jane@example.com"),)),
        ("'jane@example.com' <jane@example.com>", (A("jane@example.com", "jane@example.com"),)),
        ("<jane@example.com>", (A("jane@example.com"),)),
        ("Jane <mailto:jane@example.com>", (A("jane@example.com", "Jane"),)),
        ("Jane <>", ()),
        ("Just A Name", ()),
        ("@", ()),
        ("@example.com", ()),
        ('"a b"@example.com', (A('"a b"@example.com'),)),
        ('"ab"@example.com', (A("ab@example.com"),)),
        ("jane@[192.0.2.1]", (A("jane@[192.0.2.1]"),)),
        ("=?utf-8?q?J=C3=B6rg?= <j@example.com>", (A("j@example.com", "Jörg"),)),
        ('"=?utf-8?q?J=C3=B6rg?=" <j@example.com>', (A("j@example.com", "Jörg"),)),
        ("=?utf-8?q?Doe=2C_J?= <j@example.com>", (A("j@example.com", "Doe, J"),)),
        ("=?utf-8?q?Jane_=3Cjane=40example.com=3E?=", (A("jane@example.com", "Jane"),)),
        ("Jörg <j@exämple.com>", (A("j@xn--exmple-cua.com", "Jörg"),)),
        ("Jane <jane@example.com", (A("jane@example.com", "Jane"),)),
        ('Jane "Doe <jane@example.com>', (A("jane@example.com", "Jane Doe"),)),
        ("jane@example.com,,, bob@example.com,", (A("jane@example.com"), A("bob@example.com"))),
    ],
)
def test_mailboxes_are_read_as_people_write_them(header: str, expected: tuple[Address, ...]) -> None:
    assert parse_addresses(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        '"ceo@good.example" <x@evil.example>',
        "ceo@good.example <x@evil.example>",
        "=?utf-8?q?ceo=40good.example?= <x@evil.example>",
        "=?utf-8?q?=22ceo=40good.example=22_=3Cceo=40good.example=3E?= <x@evil.example>",
        "(ceo@good.example) x@evil.example",
        "<ceo@good.example> <x@evil.example>",
        "=?utf-8?q?ceo=40good.example=00?= <x@evil.example>",
        "=?utf-8?q?ceo=40good.example?=@evil.example",
    ],
)
def test_an_address_in_the_display_name_never_wins(header: str) -> None:
    assert {address.domain for address in parse_addresses(header)} == {"evil.example"}


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("Jane.Doe@Example.COM", "jane.doe@example.com"),
        ("Jörg@Example.com", "Jörg@example.com"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@XN--BCHER-KVA.example", "a@xn--bcher-kva.example"),
        ("a@example.com.", "a@example.com"),
        ("  a@example.com ", "a@example.com"),
        ("a@localhost", "a@localhost"),
        ("a b@example.com", ""),
        ("a@b@example.com", ""),
        ("a\n@example.com", ""),
        ("a@exa mple.com", ""),
        ("<a@example.com>", ""),
        ("a", ""),
        ("a@", ""),
        ("", ""),
        ("a@" + "b" * 2000, ""),
    ],
)
def test_an_address_has_one_form(email: str, expected: str) -> None:
    assert normalise(email) == expected


@given(st.text(max_size=60) | st.from_regex(r"[^\s@]{1,20}@[^\s@]{1,20}", fullmatch=True))
def test_normalising_twice_changes_nothing(email: str) -> None:
    once = normalise(email)
    assert normalise(once) == once
    assert not set(once) & set("\r\n\0<>")


@given(st.text(max_size=200))
def test_any_text_gives_only_normalised_addresses(header: str) -> None:
    for address in parse_addresses(header):
        assert normalise(address.email) == address.email
        assert address.name.isprintable() or not any(ord(char) < 32 or ord(char) == 127 for char in address.name)


@pytest.mark.parametrize(
    ("email", "fits"),
    [
        ("a@example.com", True),
        ("a" * 64 + "@example.com", True),
        ("a" * 65 + "@example.com", False),
        ("a@" + "b" * 64 + ".com", False),
        ("a..b@example.com", False),
        ('"a..b"@example.com', False),
        ("a@b..c", False),
        ("a@[192.0.2.1]", True),
        ("nobody", False),
    ],
)
def test_only_what_smtp_can_carry_is_valid(email: str, *, fits: bool) -> None:
    assert valid(email) is fits


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=40)


@given(NAMES, st.sampled_from(["a@example.com", "o'brien+tag@xn--bcher-kva.example", '"a b"@example.com']))
def test_what_is_written_is_read_again(name: str, email: str) -> None:
    written = format_address(Address(email, name))
    read = parse_addresses(written + ", z@example.com")
    assert [one.email for one in read] == [email, "z@example.com"]
    assert " ".join(read[0].name.split()) == " ".join(name.split()) or name.strip()[:1] in "\"'"


def test_what_is_no_address_is_not_written() -> None:
    with pytest.raises(InvalidAddress):
        format_address(Address("not an address", "x"))


@pytest.mark.parametrize(
    "piece", ['"', '\\"', "(", ")", "()", "<", "<>", "[", "a@", "a @ ", "a ", "g:;", ",", " ", "=?"]
)
def test_floods_take_time_in_proportion(piece: str) -> None:
    assert grows(parse_addresses, piece * (200_000 // len(piece))) < MOST_GROWTH


def test_a_flood_of_words_hides_no_address_and_takes_little_memory() -> None:
    field = "(" * 400_000 + " Jane <jane@example.com>"
    tracemalloc.start()
    [found] = parse_addresses(field)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.email == "jane@example.com"
    assert most < 10 * len(field)
