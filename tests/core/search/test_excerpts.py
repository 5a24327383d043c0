"""Excerpts show what was found, and nothing that the text does not say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.search.excerpts import LENGTH, Piece, excerpt
from postroom.core.search.words import question


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        ("", "offer", ()),
        ("No such word.", "offer", (Piece("No such word."),)),
        ("Our Offer\n\nstands.", "offer", (Piece("Our "), Piece("Offer", True), Piece(" stands."))),
        ("offers of offerings", "offer", (Piece("offers", True), Piece(" of "), Piece("offerings", True))),
        ("offers of offer", "offer ", (Piece("offers of "), Piece("offer", True))),
        ("at a@b.example", "a@b.ex", (Piece("at "), Piece("a", True), Piece("@"), Piece("b", True), Piece("."),
                                      Piece("example", True))),
        ("<b>Å</b>", "å ", (Piece("<b>"), Piece("Å", True), Piece("</b>"))),
    ],
)  # fmt: skip
def test_excerpts(text: str, typed: str, shown: tuple[Piece, ...]) -> None:
    assert excerpt(text, question(typed)) == shown


def test_a_long_text_is_shown_around_the_first_word() -> None:
    text = f"{'lorem ipsum ' * 60}the needle stands here {'dolor sit ' * 60}"
    shown = excerpt(text, question("needle"))
    assert (shown[0], shown[-1]) == (Piece("… "), Piece(" …"))
    assert Piece("needle", True) in shown
    assert len("".join(piece.text for piece in shown)) <= LENGTH + 4


@given(st.text(max_size=600), st.text(max_size=20))
def test_excerpts_are_total(text: str, typed: str) -> None:
    shown = "".join(piece.text for piece in excerpt(text, question(typed)))
    assert shown.removeprefix("… ").removesuffix(" …") in " ".join(text.split()) or "…" in text
