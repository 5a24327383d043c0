from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.quote_lines import Purpose
from postroom.core.message.quotes import Split, split_html, split_text
from postroom.core.message.quotes_text import fold
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
        "Kind regards,",
        "Bob",
        "Tel. +44 20 1234 5678",
        "This e-mail is confidential and for its addressee. If you have it in error, delete it. Copying is prohibited.",
        "Message-ID: <1@example.com>",
        ">>> Jane 3/3/2025 10:11 >>>",
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


@given(TEXTS, st.sampled_from(Purpose))
def test_what_ends_a_mail_is_part_of_what_is_folded(text: str, purpose: Purpose) -> None:
    split = split_text(text, purpose)
    assert words(split.own) + words(split.quoted) == words(text)
    assert words(split.quoted) >= words(split.signature) + words(split.disclaimer)


@given(TEXTS)
def test_where_nothing_is_folded_nothing_is_when_it_is_split_again(text: str) -> None:
    split = split_text(text)
    if not split.quoted:
        assert split_text(split.own).own == split.own


@given(TEXTS, st.sampled_from(Purpose))
def test_what_is_passed_on_is_never_folded(text: str, purpose: Purpose) -> None:
    passed_on = f"Who takes this?\n\n---------- Forwarded message ---------\nFrom: a@example.com\n\n{text}"
    assert split_text(passed_on, purpose).own == passed_on.strip()


@given(TEXTS)
def test_something_is_left_to_read(text: str) -> None:
    assert bool(split_text(text).own) == bool(text.strip())


@given(st.lists(LINES.filter(lambda line: "Forwarded" not in line and ">>>" not in line), max_size=25).map("\n".join))
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


MOST_LOOKS = 6  # times that a line is looked at: to mark it, to begin an attribution, to end the own words
MOST_LOOKS_AT_ALL = 2001 * 60  # of lines above and below those that might announce a quotation, of which so many count
HOSTILE = {
    "forwards": "Forwarded message:\n\n\n",
    "dividers": "____\n\n",
    "marked forwards": "a\n> Forwarded message:\n",
    "cards": "Kind regards,\nBob\n+44 20 1234 5678\n",
    "delimiters": "-- \n",
    "disclaimers": "This e-mail is confidential, its addressee may read it, delete it if you have it in error\n\n",
    "wrapped": "This e-mail is confidential, its addressee may read it, delete it\n",
    "devices": "Sent from my iPhone\n",
    "groupwise": ">>> Jane 10:11 >>\n",
    "names": "Jane Doe <a@b>\n10:11 wrote:\n",
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


class Counted(str):
    """A line that counts how often it is looked at."""

    __slots__ = ()
    looks = 0

    def strip(self, *characters: str | None) -> str:
        """As a string does it."""
        Counted.looks += 1
        return super().strip(*characters)


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("purpose", Purpose)
def test_a_line_is_looked_at_a_bounded_number_of_times(piece: str, purpose: Purpose) -> None:
    lines = [Counted(line) for line in (piece * (400_000 // len(piece))).split("\n")]
    Counted.looks = 0
    fold(lines, purpose=purpose)
    assert Counted.looks < MOST_LOOKS * len(lines) + MOST_LOOKS_AT_ALL


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_crafted_text_costs_as_much_a_byte_when_it_is_long(piece: str) -> None:
    assert grows(split_text, piece * (400_000 // len(piece))) < MOST_GROWTH


@pytest.mark.parametrize("piece", HOSTILE_PAGES.values(), ids=HOSTILE_PAGES)
def test_crafted_html_costs_as_much_a_byte_when_it_is_long(piece: str) -> None:
    assert grows(split_html, piece * (400_000 // len(piece))) < MOST_GROWTH


def test_a_ruler_is_no_word_of_ones_own() -> None:
    assert split_html("<hr>&gt; quoted") == ("<hr>&gt; quoted", Split("> quoted", "", inline=False))
