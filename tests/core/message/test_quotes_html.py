from __future__ import annotations

import re

import pytest

from postroom.core.message.html_lines import LONGEST_KEPT, read_page
from postroom.core.message.quotes import split_html
from postroom.core.message.sanitize import sanitize

CITED = "<blockquote type='cite'><div>What do they cost?</div></blockquote>"
WROTE = "On Mon, 3 Mar 2025 at 10:11, Jane &lt;jane@example.com&gt; wrote:"
OUTLOOK_HEADER = (
    "<p><b>From:</b> Jane &lt;jane@example.com&gt;<br><b>Sent:</b> Monday, March 3, 2025<br>"
    "<b>To:</b> Bob<br><b>Subject:</b> Chairs</p><p>What do they cost?</p>"
)
REPLIES = {
    "gmail": f"<div dir='ltr'>Ninety each.</div><br><div class='gmail_quote gmail_quote_container'>"
    "<div class='gmail_attr'"
    f" dir='ltr'>{WROTE}<br></div><blockquote class='gmail_quote' style='margin:0 0 0 .8ex;border-left:1px solid #ccc'>"
    "What do they cost?</blockquote></div>",
    "thunderbird": f"<p>Ninety each.</p><div class='moz-cite-prefix'>{WROTE}<br></div>{CITED}",
    "apple": f"<div>Ninety each.</div><br><div>{CITED.replace('What', WROTE + '<br>What')}</div>",
    "yahoo": f"<div>Ninety each.</div><div id='yahoo_quoted_123' class='yahoo_quoted'><div>{WROTE}</div>"
    "<div>What do they cost?</div></div>",
    "outlook desktop": "<div class='WordSection1'><p class='MsoNormal'>Ninety each.</p><div><div style='border:none;"
    f"border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>{OUTLOOK_HEADER}</div></div></div>",
    "outlook web": "<div>Ninety each.</div><div id='appendonsend'></div><hr style='display:inline-block;width:98%'>"
    f"<div id='divRplyFwdMsg' dir='ltr'>{OUTLOOK_HEADER}</div>",
    "outlook mobile": "<div>Ninety each.</div><div class='ms-outlook-mobile-reference-message'>"
    f"<hr>{OUTLOOK_HEADER}</div>",
    "hotmail": "<div>Ninety each.</div><hr id='stopSpelling'>Date: Mon, 3 Mar 2025<br>From: Jane<br>What do they cost?",
    "plain blockquote": f"<p>Ninety each.</p><p>{WROTE}</p><blockquote>What do they cost?</blockquote>",
    "no markup": f"<div>Ninety each.</div><div>{WROTE}</div><div>What do they cost?</div>",
    "divider": "<p>Ninety each.</p><p>-----Original Message-----</p><p>What do they cost?</p>",
    "bare words": f"Ninety each.<br>{WROTE}<br>What do they cost?",
    "cells": f"<table><tbody><tr><td>Ninety each.</td></tr><tr><td>{WROTE}</td></tr><tr><td>What do they cost?</td>"
    "</tr></tbody></table>",
}


def shown(html: str) -> str:
    """What is left when everything that carries the class is hidden, as the page does it."""
    out, hidden, depth = [], 0, 0
    for match in re.finditer(r"<(/?)(\w+)([^>]*)>|([^<]+)", html):
        closing, name, attributes, words = match.groups()
        if words is not None:
            out.append("" if hidden else words)
        elif name in ("br", "hr", "img"):
            out.append("" if hidden or "pr-quote" in attributes else f"[{name}]")
        elif closing:
            depth -= 1
            hidden = 0 if hidden == depth + 1 else hidden
        else:
            depth += 1
            hidden = hidden or (depth if "pr-quote" in attributes else 0)
    return " ".join("".join(out).replace("[br]", " ").split())


def without_marks(html: str) -> str:
    html = re.sub(r'<span class="pr-quote">([^<]*)</span>', r"\1", html)
    return html.replace(' class="pr-quote"', "").replace(" pr-quote", "")


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_the_quotation_of_each_program_is_told_apart(reply: str) -> None:
    html, split = split_html(sanitize(reply))
    assert split.own == "Ninety each."
    assert "What do they cost?" in split.quoted
    assert shown(html) == "Ninety each."


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_nothing_is_cut(reply: str) -> None:
    before = sanitize(reply)
    assert without_marks(split_html(before)[0]) == before


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_marking_twice_changes_nothing(reply: str) -> None:
    once = split_html(sanitize(reply))[0]
    assert split_html(once)[0] == once


def test_answers_between_quotes_keep_everything() -> None:
    html = sanitize(f"<p>{WROTE}</p>{CITED}<p>Ninety each.</p>{CITED}<p>Two hundred.</p>")
    marked, split = split_html(html)
    assert split.inline
    assert marked == html
    assert split.quoted == ""


def test_words_that_gmail_moved_to_the_right_are_own() -> None:
    html = sanitize(
        "<div>Ninety each.</div><blockquote class='gmail_quote' style='margin:0 0 0 40px;border:none;padding:0px'>"
        "and two hundred for the table</blockquote><div>Bob</div>"
    )
    assert split_html(html)[0] == html


def test_a_blockquote_of_the_writer_stays() -> None:
    html = sanitize("<p>My grandmother said:</p><blockquote>Never on a Friday.</blockquote><p>She was right.</p>")
    marked, split = split_html(html)
    assert marked == html
    assert "Friday" in split.own


def test_what_was_added_behind_the_letter_is_no_answer() -> None:
    letter = "<div><p>Ninety each.</p><blockquote>What do they cost?</blockquote></div>"
    split = split_html(sanitize(f"{letter}<p>Example Ltd, chairs since 1900</p>"))[1]
    assert split.own == "Ninety each.\n\nExample Ltd, chairs since 1900"
    assert split.quoted == "What do they cost?"


@pytest.mark.parametrize(
    "html",
    [
        "<div><p>Look:</p><blockquote>What do they cost?</blockquote><p>Ninety each.</p></div><p>Example Ltd</p>",
        "<div><blockquote>What do they cost?</blockquote></div><p>Ninety each.</p>",
        "<p>Look:</p><blockquote>What do they cost?</blockquote><p>Ninety each.</p>",
    ],
)
def test_a_quote_within_or_above_the_words_is_answered(html: str) -> None:
    assert split_html(sanitize(html))[1].quoted == ""


def test_a_forwarded_mail_is_there_to_be_read() -> None:
    html = sanitize(
        "<div>FYI</div><div class='gmail_quote'><div class='gmail_attr'>---------- Forwarded message ---------<br>"
        "From: Jane &lt;jane@example.com&gt;<br>Date: Mon, 3 Mar 2025<br>Subject: Chairs<br>To: Bob<br></div>"
        "<br>What do they cost?</div>"
    )
    marked, split = split_html(html)
    assert marked == html
    assert "What do they cost?" in split.own


def test_pictures_in_the_quotation_are_folded_and_own_ones_are_not() -> None:
    html = sanitize(f"<div>Look:<img src='cid:own'></div><div>{WROTE}</div><img src='cid:quoted'><div>Cost?</div>")
    marked = split_html(html)[0]
    assert re.search(r"<img(?=[^>]*cid:quoted)[^>]*pr-quote", marked)
    assert not re.search(r"<img(?=[^>]*cid:own)[^>]*pr-quote", marked)


def test_lines_of_preformatted_text_are_told_apart() -> None:
    html = sanitize(f"<pre>Ninety each.\n\n{WROTE}\n&gt; What do they cost?\n</pre>")
    marked, split = split_html(html)
    assert split.own == "Ninety each."
    assert shown(marked) == "Ninety each."


def test_a_mail_without_quotation_is_left_as_it_is() -> None:
    html = sanitize("<p>Ninety <b>each</b>.</p><p>Bob</p>")
    marked, split = split_html(html)
    assert marked == html
    assert split.own == "Ninety each.\n\nBob"


def test_cells_keep_their_words_apart() -> None:
    assert split_html(sanitize("<table><tr><td>chairs</td><td>90</td></tr></table>"))[1].own == "chairs 90"


@pytest.mark.parametrize(
    "html", ["", "<", "<div", "</div>", '<a "', "<p>a</i></p>", "a < b > c", "<pre>\n", "<br><br>"]
)
def test_whatever_is_no_html_is_read_all_the_same(html: str) -> None:
    assert without_marks(split_html(html)[0]) == html


@pytest.mark.parametrize("name", ["gmail_quote", "words"])
def test_a_tag_says_the_same_however_long_it_is(name: str) -> None:
    short, long = (f'<p>Ninety.</p><div class="{name}{" x" * more}">old</div><p>Bob</p>' for more in (0, LONGEST_KEPT))
    assert split_html(short)[1] == split_html(long)[1]
    assert read_page(short).marks == read_page(long).marks
