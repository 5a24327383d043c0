from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message_ids import MOST_IDS, ids_in, mint
from tests.growing import MOST_GROWTH, grows


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ()),
        ("<a@b>", ("a@b",)),
        ("<a@b> <c@d>", ("a@b", "c@d")),
        ("<a@b><c@d>", ("a@b", "c@d")),
        ("<a@ b>\t<c @d>", ("a@b", "c@d")),
        ("<a@b> <a@b>", ("a@b",)),
        ('"Your mail of Monday" <a@b>', ("a@b",)),
        ("a@b", ("a@b",)),
        ("a@b, c@d", ("a@b", "c@d")),
        ("no-at-sign", ("no-at-sign",)),
        ("some words", ()),
        ("<>", ()),
        ("<no-at-sign>", ("no-at-sign",)),
    ],
)
def test_ids_are_found(value: str, expected: tuple[str, ...]) -> None:
    assert ids_in(value) == expected


@given(st.binary(min_size=15, max_size=20), st.text(max_size=60))
def test_a_minted_id_is_found_again(randomness: bytes, label: str) -> None:
    one = mint("Acme.example", randomness, label)
    assert ids_in(f"<{one}>") == (one,)
    assert one.endswith("@acme.example")


@given(st.binary(min_size=15, max_size=15), st.binary(min_size=15, max_size=15))
def test_other_randomness_gives_another_id(one: bytes, other: bytes) -> None:
    assert (mint("a.example", one) == mint("a.example", other)) is (one == other)


@pytest.mark.parametrize("piece", ["<", ">", "<a", "a", "a@", "<a@b> ", " ", '"'])
def test_floods_take_time_in_proportion(piece: str) -> None:
    text = piece * (500_000 // len(piece))
    assert len(ids_in(text)) <= MOST_IDS
    assert grows(ids_in, text) < MOST_GROWTH


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<a\0b@c.example>", ("ab@c.example",)),
        ("<a\x7f@c.example> <d\x85@e.example>", ("a@c.example", "d@e.example")),
        ("a\x01@c.example", ("a@c.example",)),
        ("<\x01>", ()),
        ("\x02", ()),
        ("<a\ud800@c.example>", ("a@c.example",)),
    ],
)
def test_what_no_database_keeps_is_taken_out_of_ids(value: str, ids: tuple[str, ...]) -> None:
    assert ids_in(value) == ids
