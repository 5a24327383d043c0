"""Quick looks that spare a mail the long ones: none may say no where the long one says yes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message import disclaimers, html_lines, quote_markers
from postroom.core.triage import foreign_bounce
from tests.core.message.test_endings import DISCLAIMERS
from tests.support.require import require

# Each disclaimer matches the first or the second, each request not to print the third.
LISTS = (disclaimers._MAIL, disclaimers._THIS_MAIL, disclaimers._NOT_TO_PRINT)
VERBS = st.sampled_from(["wrote", "has written", "je napisal/a", "napisał(a)", "написал(-а)", "님이 작성", "写道"])


def alternatives(stems: re.Pattern[str]) -> Iterator[str]:
    """What a list of stems is made of, each as a pattern of its own."""
    depth, one = 0, ""
    for character in stems.pattern.removeprefix(r"(?<!\w)(?:"):
        if depth == 0 and character in "|)":
            yield one
            one = ""
            continue
        depth += (character == "(") - (character == ")")
        one += character
    yield one


def paragraphs() -> Iterator[str]:
    """What is looked at in the corpora of replies and of traffic: each line, and each paragraph."""
    for folder in ("replies", "traffic"):
        for path in filter(Path.is_file, (require("corpora") / folder).rglob("*")):
            for paragraph in path.read_bytes()[:6_000].decode("utf-8", "replace").split("\n\n"):
                yield from paragraph.splitlines()
                yield " ".join(paragraph.split())


@given(st.from_regex(foreign_bounce._SENDER))
def test_no_mail_system_is_overlooked(sender: bytes) -> None:
    assert foreign_bounce._may_be_of_system(sender.lower())


@given(st.text(st.sampled_from("a \t\r\n\f\u00a0\u2003"), max_size=4))
def test_no_odd_space_is_overlooked(words: str) -> None:
    assert html_lines._has_odd_space(words) is bool(html_lines._SPACE.search(words))


@given(st.tuples(*[st.from_regex(one, fullmatch=True) for stems in LISTS for one in alternatives(stems) if one]))
def test_no_word_for_mail_or_environment_is_overlooked(words: tuple[str, ...]) -> None:
    assert len(words) > 60
    for one in words:
        assert disclaimers.may_hold_disclaimer(f"words {one.upper()} words"), one
        assert disclaimers.may_hold_disclaimer(f"{one} — слова"), one


def test_no_disclaimer_of_the_corpus_is_overlooked() -> None:
    found = [one for one in {*paragraphs(), *DISCLAIMERS.values()} if disclaimers.is_disclaimer(one)]
    assert len(found) > len(DISCLAIMERS) // 2
    assert all(map(disclaimers.may_hold_disclaimer, found))


def test_a_disclaimer_at_the_far_end_of_a_paragraph_is_not_overlooked() -> None:
    assert disclaimers.may_hold_disclaimer("words " * (disclaimers.LONGEST // 6) + "this message")


@given(st.text(max_size=30), VERBS, st.text(max_size=30))
def test_the_verb_of_an_attribution_is_found_wherever_it_stands(before: str, verb: str, behind: str) -> None:
    line = f"{before} {verb}{behind}"
    assert quote_markers._has_verb(line) == (quote_markers._VERB.search(line) is not None)
