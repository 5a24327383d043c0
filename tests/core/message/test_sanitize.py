from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.sanitize import sanitize, text_of
from tests.growing import MOST_GROWTH, grows


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" java\nscript:alert(1)">x</a>',
        '<a href="data:text/html,alert(1)">x</a>',
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<math><mtext><script>alert(1)</script></mtext></math>",
        '<iframe src="https://alert"></iframe>',
        "<form action=https://alert><input name=password></form>",
        "<style>body{background:url(alert)}</style>",
        '<meta http-equiv=refresh content="0;url=https://alert">',
        "<base href=https://alert>",
        "<!--[if mso]>alert<![endif]-->",
        "<object data=alert></object><embed src=alert>",
        '<p style="position:fixed;behavior:url(alert)">x</p>',
        '<img src="javascript:alert(1)">',
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_nothing_that_acts_passes(html: str) -> None:
    clean = sanitize(html)
    assert "alert" not in clean
    assert not any(tag in clean for tag in ("<form", "<input", "<style", "<meta", "<base", "position"))


@pytest.mark.parametrize(
    "html",
    [
        '<div class="gmail_quote">x</div>',
        '<div class="yahoo_quoted">x</div>',
        '<div class="moz-cite-prefix">x</div>',
        '<div class="OutlookMessageHeader">x</div>',
        '<div id="divRplyFwdMsg">x</div>',
        '<div id="appendonsend"></div>',
        '<hr id="stopSpelling">',
        '<blockquote type="cite">x</blockquote>',
        '<p style="color:red">x</p>',
        '<img src="cid:a@b" alt="a">',
        '<img src="https://example.com/a.png">',
        '<table border="0" cellpadding="2"><tbody><tr><td colspan="2" bgcolor="#fff">x</td></tr></tbody></table>',
    ],
)
def test_what_mail_is_made_of_stays(html: str) -> None:
    assert sanitize(html) == html


def test_links_open_apart_and_tell_nothing() -> None:
    clean = sanitize('<a href="https://example.com/">x</a>')
    assert 'target="_blank"' in clean
    assert "noopener noreferrer nofollow" in clean


@given(st.text(st.sampled_from("<>/\"'=!- abpdivscriptonerror:&;x\n"), max_size=120))
def test_cleaning_twice_changes_nothing(html: str) -> None:
    once = sanitize(html)
    assert sanitize(once) == once
    assert "<script" not in once


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("one<br>two", "one\ntwo"),
        ("<div>one<br></div><div>two</div>", "one\ntwo"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("a <b>bold</b>\n  word", "a bold word"),
        ("<td>a</td><td>b</td>", "a b"),
        ("<pre>a\nb</pre>", "a\nb"),
        ("&lt;tag&gt; &amp; &uuml;&nbsp;x", "<tag> & ü x"),
        ("<style>p{}</style><title>t</title><p>x<script>y</script></p>", "x"),
        ("<!-- a --><p>x<!-- </p> -->y</p>", "xy"),
        ('<p title="a>b">x</p>', "x"),
        ("1 < 2", "1 < 2"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
    ],
)
def test_text_is_what_a_reader_sees(html: str, expected: str) -> None:
    assert text_of(html) == expected


@given(st.text(max_size=300))
def test_text_of_anything_is_text(html: str) -> None:
    assert "\0" not in text_of(html)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000,
        "<b><p>" * 50_000,
        "<div><!-- </div> -->" * 40_000,
        '<div a="</div>">' * 40_000,
        '<a "' * 200_000,
        "<!-- " * 200_000,
        "<script>" * 100_000,
        "&" * 1_000_000,
        "<table><td>" * 30_000,
        "<p>x</p>\n" * 200_000,
    ],
    ids=lambda html: html[:12],
)
def test_hostile_html_takes_time_in_proportion(html: str) -> None:
    assert grows(sanitize, html) < MOST_GROWTH
    assert grows(text_of, html) < MOST_GROWTH


def test_html_that_is_too_deep_is_shown_as_its_text() -> None:
    assert sanitize("<div>" * 5000 + "words &lt;") == "<pre>words &lt;</pre>"
