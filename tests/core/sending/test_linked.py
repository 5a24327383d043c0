"""The list of links in the bodies of a copy."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.sending.linked import Linked, language_of, with_links_html, with_links_text

URL = "https://post.acme.example/d/abc"
ONE = Linked("offer.pdf", 3_500_000, URL, date(2026, 12, 21))


def test_in_a_text() -> None:
    assert with_links_text("Hello.\n", [ONE]) == (
        f"Hello.\n\nFiles to download:\n\noffer.pdf (3.3 MB, until 2026-12-21)\n{URL}\n"
    )


def test_above_a_signature() -> None:
    text = with_links_text("Hello.\n\n-- \nAmara\n", [ONE])
    assert text.index(URL) < text.index("\n-- \nAmara\n")


def test_in_an_html_document_at_its_end() -> None:
    html = with_links_html("<html><body><p>Hello.</p></body></html>", [ONE])
    assert html.startswith("<html><body><p>Hello.</p><div")
    assert html.endswith("</div></body></html>")
    assert f'<a href="{URL}">offer.pdf</a>' in html


def test_nothing_to_name_changes_nothing() -> None:
    assert with_links_text("Hello.", []) == "Hello."
    assert with_links_html("<p>", []) == "<p>"
    assert with_links_html("", [ONE]) == "", "the text stands alone"


def test_a_name_can_not_write_lines_or_tags_of_its_own() -> None:
    bad = Linked("a.pdf\n\nPay here: https://bad.example\n<script>", 10, URL)
    assert "\nPay here" not in with_links_text("Hi", [bad])
    assert "<script>" not in with_links_html("<p>Hi</p>", [bad])


@pytest.mark.parametrize(
    ("html", "language"),
    [('<!DOCTYPE html><html lang="de"><head>', "de"), ("<p>", "en"), ('<html class="x" lang="pt-BR">', "pt-BR")],
)
def test_the_language_of_the_letter(html: str, language: str) -> None:
    assert language_of(html) == language


def test_in_that_language_or_in_english() -> None:
    assert "Dateien zum Herunterladen" in with_links_text("", [ONE], "de-AT")
    assert "bis 2026-12-21" in with_links_html("<p>", [ONE], "de")
    assert "Files to download" in with_links_text("", [ONE], "tlh")


@given(st.text(), st.text(), st.text())
def test_every_link_stands_in_both_and_what_was_written_stays(text: str, html: str, name: str) -> None:
    link = Linked(name, 5, URL)
    assert URL in with_links_text(text, [link])
    assert (URL in with_links_html(html, [link])) == bool(html)
    for line in text.split("\n"):
        assert line.strip() in with_links_text(text, [link])
