"""A whole mail of any make is understood: nothing raises or gets lost, and what comes out can be kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from postroom.core.message.peek import peek
from postroom.core.message.quotes import split_html, split_text
from postroom.core.message.sanitize import sanitize
from postroom.core.message.understood import understand, understand_all
from tests.core.message.build import HEAD, multipart
from tests.support import invariants

NAMES = st.sampled_from(["Subject", "From", "To", "Cc", "Reply-To", "Date", "Message-ID", "References", "Return-Path",
                         "Auto-Submitted", "Content-Type", "Content-ID", "X-Loop", "List-Id", "X"])  # fmt: skip
VALUES = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")),
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"=?utf-8?q?a=0D=0Ab?= =?utf-8?b?w6Q=?=",
            b'"a\\" <b@c.example>" <d@e.example>, g: f@g.example;',
            b"<a@b.example>\r\n <c@d.example>",
            b"auto-replied; owner=a",
            b"multipart/mixed; boundary=xx",
            b"text/html; charset=utf-16; name*0*=''%00a; name*1=b",
            b"Mon, 2 Jan 2023 10:00:00 +9999",
        ]
    ),
)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=8).map(
    lambda pairs: b"".join(name.encode() + b": " + value + b"\r\n" for name, value in pairs)
)
LINES = st.sampled_from(
    [
        "Ninety each.", "> What do they cost?", ">> We sell chairs.", "", "-- ", "Jane", "Sent from my phone",
        "On Mon, 3 Mar 2025 at 10:11, Jane <jane@example.com> wrote:", "-----Original Message-----", "From: Jane",
        "Sent: Monday", "To: Bob", "Subject: Chairs", "---------- Forwarded message ---------",
        "550 5.1.1 <a@b.example>: gone",
        "はい。", "2025年3月3日 Jane <jane@example.com>:", "\u00a0", "\u2028", "a\u0085b", "\x1b$B",
        "\ufeff", "x" * 300,
    ]
)  # fmt: skip
TEXTS = st.lists(LINES | st.text(max_size=30), max_size=15).map("\n".join)
ELEMENTS = st.sampled_from(
    [
        "<div>", "</div>", "<p>", "</p>", "<blockquote type=cite>", "</blockquote>", "<pre>", "</pre>", "<br>",
        "<hr>", "a",
        "<div class='gmail_quote'>", "<table><tr><td>", "</table>", "<script>x</script>", "<svg onload=x>",
        "<style><!--",
        "<img src=x onerror=y>", "<a href='java&#10;script:x'>", "<form action=x><input>", "<!-- ", "-->",
        "&lt;b&gt;", "&#0;",
        "<math><mtext><table><mglyph><style>", "<p title='", '<noscript><p title="</noscript><img src=x onerror=y>">',
        "<b class='pr-quote'>", "> quoted\n", "On Monday 10:11 Jane wrote:", "<![CDATA[", "<?php", "\0", "\ud800",
    ]
)  # fmt: skip
PAGES = st.lists(ELEMENTS | st.text(max_size=20), max_size=20).map("".join)


def encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


PLAIN = TEXTS.map(lambda text: b"Content-Type: text/plain; charset=utf-8\n\n" + encoded(text) + b"\n")
HTML = PAGES.map(lambda page: b"Content-Type: text/html; charset=utf-8\n\n" + encoded(page) + b"\n")
FILES = st.tuples(st.text(max_size=20), st.binary(max_size=30)).map(
    lambda pair: (
        b"Content-Type: application/x\nContent-Disposition: attachment; filename="
        + encoded(pair[0])
        + b"\n\n"
        + pair[1]
    )
)
LEAVES = PLAIN | HTML | FILES
KINDS = st.sampled_from([b"mixed", b"alternative", b"related", b"report", b"digest"])
BOUNDARIES = st.sampled_from([b"aa", b"bb", b"cc"])


def several(parts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    made = st.tuples(KINDS, st.lists(parts, max_size=3), BOUNDARIES)
    return made.map(lambda one: multipart(one[0], *one[1], boundary=one[2]))


PARTS = st.recursive(LEAVES, several, max_leaves=6)
MAILS = st.tuples(FIELDS, PARTS).map(
    lambda pair: pair[0] + HEAD + pair[1].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
)
ANY = MAILS | st.binary(max_size=500) | st.tuples(MAILS, st.integers(0, 2000)).map(lambda pair: pair[0][: pair[1]])


@given(ANY)
def test_whatever_comes_is_understood(raw: bytes) -> None:
    assert not invariants.of_understood(raw, understand(raw))


@given(ANY)
def test_the_same_bytes_are_understood_the_same(raw: bytes) -> None:
    assert understand(raw) == understand(raw)
    assert understand(raw).mail.content_key == understand(raw).mail.content_key
    assert peek(raw) == peek(raw)


@given(st.lists(ANY, max_size=4))
def test_mails_are_understood_together_as_they_are_alone(raws: list[bytes]) -> None:
    assert understand_all(raws) == [understand(raw) for raw in raws]


@given(PARTS)
def test_line_ends_make_no_difference(parts: bytes) -> None:
    """Nobody's words depend on which machine the mail passed."""
    with_lf = (HEAD.replace(b"\r\n", b"\n") + parts).replace(b"\r\n", b"\n").replace(b"\r", b"")
    here, there = understand(with_lf), understand(with_lf.replace(b"\n", b"\r\n"))
    assert here.split == there.split
    assert (here.mail.subject, here.mail.text, here.triage) == (there.mail.subject, there.mail.text, there.triage)


@given(TEXTS | st.text(max_size=400))
def test_no_word_of_any_text_is_lost(text: str) -> None:
    assert not invariants.of_split(text, split_text(text))


@given(PAGES | st.text(max_size=400))
def test_nothing_in_any_page_runs_or_leads_elsewhere(page: str) -> None:
    clean = sanitize(encoded(page).decode())
    shown, split = split_html(clean)
    assert not invariants.of_html(shown, clean)
    assert bool(split.own) == bool((split.own + split.quoted).strip())
    assert sanitize(clean) == clean
