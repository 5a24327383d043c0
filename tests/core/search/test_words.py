"""Words of texts and of questions meet, whatever stands in either."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from postroom.core.search.words import JOINT, LONGEST_WORD, MOST_WORDS, Question, fold, question, words

TEXTS = st.text(max_size=300) | st.text("aä@.-/ 1²\0\ud800İßſ会", max_size=40)


def meets(kept: str, asked: Question) -> bool:
    line = f"{kept} "
    begun = not asked.begins or f" {asked.begins}" in line
    return begun and all(f" {word} " in line for word in asked.words)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("", Question()),
        ("offer", Question(begins="offer")),
        ("Offer ", Question(("offer",))),
        ("an offer", Question(("an",), "offer")),
        ("offer o", Question(("offer",))),
        ("o", Question()),
        ("o ", Question(("o",))),
        ("a@b.example", Question((f"a{JOINT}b",), f"b{JOINT}example")),
        ("INV-2024/17 ", Question((f"inv{JOINT}2024", f"2024{JOINT}17"))),
        ('"offer*" OR (NEAR', Question(("offer", "or"), "near")),
        ("🎉 -- \0 ' \\", Question()),
        ("offer offer offer ", Question(("offer",))),
        ("資", Question(("資",))),
        ("会議資料", Question((f"会{JOINT}議", f"議{JOINT}資", f"資{JOINT}料"))),
    ],
)
def test_what_is_asked_for(typed: str, asked: Question) -> None:
    assert question(typed) == asked


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Grüße aus Ångström", "grusse"),
        ("Grüße aus Ångström", "ANGSTROM"),
        ("cafe\u0301", "café"),
        ("Zażółć gęślą jaźń, Łódź", "lodz"),
        ("write to <hanna.sjoberg@norrgard.example>!", "sjoberg@norrgard"),
        ("write to <hanna.sjoberg@norrgard.example>!", "hanna.sjoberg@norrgard.example"),
        ("your invoice INV-2024/17.", "INV-2024/17"),
        ("your invoice INV-2024/17.", "inv-20"),
        ("your invoice INV-2024/17.", "2024"),
        ("<CAF+xyz=1@mail.example>", "CAF+xyz=1@mail.example"),
        ("明日の会議資料です", "会議"),
        ("한국어 메일", "한국"),
        ("don’t", "don't"),
    ],
)
def test_what_meets(text: str, typed: str) -> None:
    assert meets(words([text]), question(typed))


@pytest.mark.parametrize(
    ("text", "typed"),
    [("inv 2024 17", "INV-2024/17"), ("offering", "offer "), ("roffer", "offer"), ("ab", "ba"), ("資議", "議資")],
)
def test_what_does_not(text: str, typed: str) -> None:
    assert not meets(words([text]), question(typed))


@given(TEXTS)
def test_any_text_meets_itself_as_far_as_a_question_goes(text: str) -> None:
    assert meets(words([text]), question(text))
    assert meets(words([text]), question(f"{text} "))


@given(TEXTS)
@example("\u0e01\u0e31\u0e19")  # with a vowel sign
@example("\u0e3f\u0e80")  # a currency, and what is no character
def test_words_are_safe_to_keep_and_to_ask_for(text: str) -> None:
    asked = question(text)
    said = [*words([text]).split(), *asked.words, asked.begins]
    assert all(letter.isalnum() or letter == JOINT for word in said for letter in word)
    assert all(len(word) <= 2 * LONGEST_WORD + 1 for word in said)
    assert len(asked.words) <= MOST_WORDS
    "".join(said).encode()


@given(st.text(max_size=60))
def test_case_and_form_do_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
