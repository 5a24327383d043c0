from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.quotes import Split, split_html, split_text
from postroom.core.message.sanitize import sanitize
from tests.growing import MOST_GROWTH, grows

LINES = st.sampled_from(
    [
        "",
        " ",
        "Ninety each.",
        "yes",
        "> What do they cost?",
        ">> We sell chairs.",
        ">",
        "> wrote:",
        "On Mon, 3 Mar 2025 at 10:11, Jane <jane@example.com> wrote:",
        "On Mon, 3 Mar 2025 at 10:11, Jane",
        "<jane@example.com> wrote:",
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "From: Jane <jane@example.com>",
        "Sent: Monday",
        "Subject: Chairs",
        "________________",
        "-- ",
        "Sent from my iPhone",
        "a" * 500,
    ]
)
TEXTS = st.one_of(st.lists(LINES, max_size=25).map("\n".join), st.text(max_size=300))
ELEMENTS = st.sampled_from(
    [
        "<div class='gmail_quote'>",
        "<blockquote type='cite'>",
        *("<blockquote>", "<div>", "<p>", "<b>", "<pre>", "<table><tr><td>", "<br>", "<hr>", "<img src='cid:a'>"),
        *("</div>", "</blockquote>", "</p>", "</b>", "</pre>", "</table>"),
        "<div id='appendonsend'></div>",
        "words ",
        "&lt;b&gt; &amp; more",
        "> quoted\n",
        "On Monday 10:11 Jane wrote:",
    ]
)
PAGES = st.lists(ELEMENTS, max_size=25).map("".join)


def words(text: str) -> Counter[str]:
    return Counter(text.split())


@given(TEXTS)
def test_no_word_is_lost(text: str) -> None:
    split = split_text(text)
    assert words(split.own) + words(split.quoted) == words(text)


@given(TEXTS)
def test_something_is_left_to_read(text: str) -> None:
    assert bool(split_text(text).own) == bool(text.strip())


@given(st.lists(LINES.filter(lambda line: "Forwarded" not in line), max_size=25).map("\n".join))
def test_where_answers_stand_between_quotes_no_quote_is_folded(text: str) -> None:
    split = split_text(text)
    if split.inline and "-----Original" not in text and "From:" not in text and "wrote:" not in text:
        assert not re.search(r"^>", split.quoted, re.MULTILINE)


@given(PAGES)
def test_no_word_of_a_page_is_lost(page: str) -> None:
    clean = sanitize(page)
    marked, split = split_html(clean)
    assert bool(split.own) == bool((split.own + split.quoted).strip())
    assert "".join(sorted("".join((split.own + split.quoted).split()))) == "".join(
        sorted("".join(shown(clean).split()))
    )
    assert re.sub(r"<[^>]*>", "", marked) == re.sub(r"<[^>]*>", "", clean)


@given(PAGES)
def test_marking_a_page_twice_changes_nothing(page: str) -> None:
    once = split_html(sanitize(page))[0]
    assert split_html(once)[0] == once


@given(PAGES)
def test_a_sender_cannot_set_our_marks(page: str) -> None:
    marked = split_html(sanitize(page))[0]
    assert not re.search(r'class="[^"]*pr-quote', sanitize(marked))


def shown(clean: str) -> str:
    import html

    return html.unescape(re.sub(r"<[^>]*>", " ", clean))


HOSTILE = {
    "colons": ":\n",
    "verbs": "wrote:\n",
    "openers": "On\n",
    "headers": "From: a@b\n",
    "quotes": ">\n",
    "alternating": "> a\nb\n",
    "closers": ">:\n",
    "dashes": "--\n",
    "dates": "1:11 ",
    "addresses": "<a@b> 12:00 x\nwrote:\n",
    "broken lines": "> " + "x" * 80 + "\ny\n",
    "signs": "a@<>:-_",
    "blank": " \n",
}
HOSTILE_PAGES = {
    "open": "<div>",
    "broken": '<a "',
    "quotes": '<blockquote type="cite">a</blockquote>b',
    "breaks": "a<br>",
    "one line": "<b>a</b>",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_crafted_text_costs_as_much_a_byte_when_it_is_long(piece: str) -> None:
    assert grows(split_text, piece * (400_000 // len(piece))) < MOST_GROWTH


@pytest.mark.parametrize("piece", HOSTILE_PAGES.values(), ids=HOSTILE_PAGES)
def test_crafted_html_costs_as_much_a_byte_when_it_is_long(piece: str) -> None:
    assert grows(split_html, piece * (400_000 // len(piece))) < MOST_GROWTH


def test_a_ruler_is_no_word_of_ones_own() -> None:
    assert split_html("<hr>&gt; quoted") == ("<hr>&gt; quoted", Split("> quoted", "", inline=False))
