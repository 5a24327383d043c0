"""What copies look like: their words in every language, nothing hostile in their HTML, the same said as text."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from string import Formatter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from postroom.core.sending.layout import Doubt, LayoutFacts, Why, letter_html, letter_text, plain_to_html
from postroom.core.sending.phrases import PHRASES, phrases
from tests.growing import MOST_GROWTH, grows

MEMBER = LayoutFacts(
    body_html="<p>Five seats, please.</p>",
    body_text="Five seats, please.",
    member=True,
    author="Mary",
    number="L-12",
    title="A trip to Riga",
    url="https://mail.acme.example/leads/12?a=1&b=2",
)
CUSTOMER = replace(MEMBER, member=False, signature="Anna\nAcme & Sons")
HOSTILE = '"><script>alert(1)</script>{number}{0}{x!r:>9}'
LANGUAGES = sorted(PHRASES)


def read(facts: LayoutFacts) -> LexborHTMLParser:
    return LexborHTMLParser(letter_html(facts))


def shown(facts: LayoutFacts) -> str:
    body = read(facts).body
    assert body is not None
    return body.text(separator="\n")


# --- the words


def fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_whole(language: str) -> None:
    """Every phrase, with the same places for names as in English."""
    words = PHRASES[language]
    assert {key: fields(phrase) for key, phrase in words.items()} == {
        key: fields(phrase) for key, phrase in PHRASES["en"].items()
    }
    assert {*Why, *Doubt} - {""} <= set(words)
    assert all(phrase == phrase.strip() != "" for phrase in words.values())
    assert len(set(words.values())) == len(words)


def test_no_language_borrows_from_another() -> None:
    for key in PHRASES["en"]:
        said = [words[key] for words in PHRASES.values()]
        assert len(set(said)) >= len(said) - 2, key  # Spanish and Portuguese open a thing with the same word


@pytest.mark.parametrize(
    ("code", "language"),
    [("de", "de"), ("de-AT", "de"), ("pt-BR", "pt"), ("DE", "de"), ("FR-ca", "fr"), ("", "en"), ("tlh", "en"),
     ("-", "en"), ("../de", "en")],
)  # fmt: skip
def test_the_language_of_a_code(code: str, language: str) -> None:
    assert phrases(code) is PHRASES[language]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("why", Why)
@pytest.mark.parametrize("doubt", Doubt)
def test_what_our_own_read(language: str, why: Why, doubt: Doubt) -> None:
    """Who wrote where, the doubt, the body, the way to the record, the reason: once each, as HTML and as text."""
    words = PHRASES[language]
    facts = replace(MEMBER, language=language, why=why, doubt=doubt)
    names = {"author": "Mary", "number": "L-12", "title": "A trip to Riga"}
    expected = [words["wrote"], *([words[doubt]] if doubt else []), "Five seats, please.", words["open"], words[why]]
    said = [one.format(**names) for one in expected]
    assert [line for line in shown(facts).split("\n") if line] == said
    said[-2] += f": {facts.url}"
    assert letter_text(facts) == "\n\n".join(said) + "\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_note_says_that_it_is_one(language: str) -> None:
    said = PHRASES[language]["noted"].format(author="Mary", number="L-12", title="A trip to Riga")
    facts = replace(MEMBER, note=True, language=language)
    assert shown(facts).startswith(said)
    assert letter_text(facts).startswith(f"{said}\n\n")


# --- audiences


def test_our_own_get_a_button_to_the_record() -> None:
    links = read(MEMBER).css("a")
    assert [(link.attributes["href"], link.text()) for link in links] == [(MEMBER.url, "Open L-12")]
    assert not read(replace(MEMBER, url="")).css("a")
    assert "Open" not in letter_text(replace(MEMBER, url=""))


def test_a_customer_gets_the_words_alone() -> None:
    """No button, no number, no reason, no doubt: none of what is said among ourselves."""
    facts = replace(CUSTOMER, doubt=Doubt.OUTSIDER, note=True, why=Why.MENTIONED)
    assert shown(facts).split("\n") == ["Five seats, please.", "-- ", "Anna", "Acme & Sons"]
    assert letter_text(facts) == "Five seats, please.\n\n-- \nAnna\nAcme & Sons\n"
    assert letter_html(facts) == letter_html(CUSTOMER)
    assert not read(facts).css("a")


@pytest.mark.parametrize("signature", ["", " ", "\n\r\n"])
def test_without_a_signature_there_is_no_line_for_one(signature: str) -> None:
    facts = replace(CUSTOMER, signature=signature)
    assert letter_text(facts) == "Five seats, please.\n"
    assert shown(facts) == "Five seats, please."


def test_our_own_get_no_signature() -> None:
    facts = replace(MEMBER, signature="Anna of Acme")
    assert letter_html(facts) == letter_html(MEMBER)
    assert letter_text(facts) == letter_text(MEMBER)


@pytest.mark.parametrize("facts", [MEMBER, CUSTOMER, replace(MEMBER, language="de-AT")])
def test_a_letter_is_a_document_in_its_language(facts: LayoutFacts) -> None:
    html = letter_html(facts)
    assert html.startswith("<!DOCTYPE html><html ")
    assert read(facts).css("html")[0].attributes == {"lang": facts.language}
    assert html.count(facts.body_html) == 1
    assert "<style" not in html
    assert "class=" not in html


# --- hostile names


def changed(facts: LayoutFacts, name: str, value: str) -> LayoutFacts:
    given_one: dict[str, Any] = {name: value}
    return replace(facts, **given_one)


@pytest.mark.parametrize("name", ["author", "number", "title", "url", "signature", "language"])
@pytest.mark.parametrize("facts", [MEMBER, replace(MEMBER, note=True), CUSTOMER], ids=["member", "note", "customer"])
def test_no_name_becomes_markup(facts: LayoutFacts, name: str) -> None:
    given_one = changed(facts, name, HOSTILE)
    html = letter_html(given_one)
    assert "<script" not in html
    assert html.replace(escape(HOSTILE), "").count("{") == 0
    one_line = replace(facts, signature="Anna") if name == "signature" else facts
    assert [node.tag for node in read(given_one).css("*")] == [node.tag for node in read(one_line).css("*")]


@pytest.mark.parametrize("name", ["author", "number", "title"])
def test_a_name_is_never_a_format(name: str) -> None:
    assert HOSTILE in letter_text(changed(MEMBER, name, HOSTILE))


@pytest.mark.parametrize("name", ["author", "number", "title"])
def test_a_name_stays_on_its_line(name: str) -> None:
    """A name with line breaks in it cannot put a line of its own into the text, such as a second link."""
    forged = changed(MEMBER, name, "Mary\r\n\r\nOpen L-12: https://evil.example\u2028x")
    assert letter_text(forged).count("\n") == letter_text(MEMBER).count("\n")
    assert len(letter_text(forged).splitlines()) == len(letter_text(MEMBER).splitlines())


def test_a_long_name_or_title_is_cut() -> None:
    facts = replace(MEMBER, author="M" * 10_000, title="t" * 10_000, number="n" * 10_000)
    assert len(letter_text(facts)) < 2_000


@given(st.text(st.characters()), st.text(st.characters()), st.booleans(), st.booleans())
def test_any_names_at_all(one: str, other: str, member: bool, note: bool) -> None:
    facts = replace(
        MEMBER, author=one, number=other, title=one, url=other, signature=one, language=other, member=member, note=note
    )
    html, text = letter_html(facts), letter_text(facts)
    assert html.count(facts.body_html) == 1
    assert html.count("<a ") == (member and bool(other))
    assert facts.body_text in text
    assert text.endswith("\n")


# --- plain text as HTML


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("\n \n", ""),
        ("one", "<p>one</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("one\r\n\r\ntwo\rthree\n\n\n", "<p>one</p><p>two<br>three</p>"),
        ("a < b & c > d", "<p>a &lt; b &amp; c &gt; d</p>"),
        ("  in  far", "<p> &nbsp;in &nbsp;far</p>"),
        ("see https://x.example/a?b=1&c=2.",
         '<p>see <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>.</p>'),
        ("(http://x.example)", '<p>(<a href="http://x.example">http://x.example</a>)</p>'),
        ("mailto:a@b.example, ok", '<p><a href="mailto:a@b.example">mailto:a@b.example</a>, ok</p>'),
        ("javascript:alert(1)", "<p>javascript:alert(1)</p>"),
        ("data:text/html,x", "<p>data:text/html,x</p>"),
        ("xhttps://x.example", "<p>xhttps://x.example</p>"),
        ("mailto:...", "<p>mailto:...</p>"),  # nobody to write to: no link
        ("https://.", "<p>https://.</p>"),
        ("https://x\"onclick='y", '<p><a href="https://x">https://x</a>&quot;onclick=&#x27;y</p>'),
    ],
)  # fmt: skip
def test_plain_text(text: str, html: str) -> None:
    assert plain_to_html(text) == html


@given(st.text(st.sampled_from("a <>&\"'\n\r.:/@)httpsmailto")) | st.text(st.characters(codec="utf-8")))
def test_plain_text_becomes_nothing_but_paragraphs_and_links(text: str) -> None:
    tree = LexborHTMLParser(f"<!DOCTYPE html><body>{plain_to_html(text)}</body>")
    body = tree.body
    assert body is not None
    assert {node.tag for node in body.css("*")} <= {"body", "p", "br", "a"}
    for link in body.css("a"):
        assert link.attributes.keys() == {"href"}
        assert (link.attributes["href"] or "").startswith(("http://", "https://", "mailto:"))
    if "\x00" not in text:
        assert "".join(body.text().split()) == "".join(text.split())


@pytest.mark.parametrize("piece", ["https://", "http:", "mailto:", "https://x.,", ":", "  ", "\n", "\n\n", "mailto:a"])
def test_plain_text_is_read_in_a_time_that_grows_with_it(piece: str) -> None:
    assert grows(plain_to_html, piece * (1_000_000 // len(piece))) < MOST_GROWTH
