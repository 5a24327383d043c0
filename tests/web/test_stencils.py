"""Rows from a stencil are those that their template gives, whatever a row holds."""

from __future__ import annotations

import pytest
from django.template import loader
from django.utils import translation
from django.utils.safestring import SafeString
from hypothesis import given
from hypothesis import strategies as st

from postroom.web.stencils import MARK, written

CARD = "web/records/card.html"
WORDS = st.text(st.characters(exclude_categories=("Cs", "Co")) | st.sampled_from("%()s<>&\"'{}"), max_size=20)
NAMES = ("id", "url", "title", "who", "number", "owner", "at")


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, WORDS)), st.booleans(), st.booleans())
def test_a_row_is_the_template_s(values: dict[str, str], held: bool, owned: bool) -> None:
    plain = loader.render_to_string(CARD, {**values, "held": held, "owned": owned})
    assert written(CARD, [(values, {"held": held, "owned": owned})]) == plain


def test_values_are_escaped_unless_they_are_safe() -> None:
    text = written(CARD, [({"title": "<b>", "at": SafeString("<time>")}, {})])
    assert "&lt;b&gt;" in text
    assert "<time>" in text


def test_a_value_that_looks_like_a_mark_stays_what_it_is() -> None:
    assert f"{MARK}who{MARK}</a>" in written(CARD, [({"title": f"{MARK}who{MARK}", "who": "Nadia"}, {})])


@pytest.mark.parametrize("language", ["en", "de"])
def test_rows_come_one_after_the_other_in_the_language_in_force(language: str) -> None:
    with translation.override(language):
        rows = [({"title": "a"}, {}), ({"title": "b"}, {"held": True})]
        assert written(CARD, rows) == "".join(written(CARD, [row]) for row in rows)
        assert written(CARD, []) == ""
