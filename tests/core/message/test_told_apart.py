"""Of a mail in text and HTML the words are told apart where that is surest, and what people see agrees with it."""

from __future__ import annotations

from postroom.core.addresses import Address
from postroom.core.message.draft import Draft
from postroom.core.message.render import render
from postroom.core.message.understood import Understood, understand

OWN = "We take forty-two of them, as long as the price of last week still holds for us."
WRAPPED = "We take forty-two of them, as long as\nthe price of last week still holds for us."
SAID = "On Sun, 1 Jun 2025 at 10:00, Sales <sales@acme.example> wrote:"
TEXT = f"{WRAPPED}\n\n{SAID}\n\n> Ninety each.\n"
GMAIL = (
    f'<div>{OWN}</div><div class="gmail_quote"><div class="gmail_attr">{SAID.replace("<", "&lt;")}</div>'
    '<blockquote class="gmail_quote" style="border-left:1px solid">Ninety each.</blockquote></div>'
)


def understood(text: str, html: str) -> Understood:
    author, answers = Address("hanna@customer.example"), ("origin@acme.example",)
    return understand(render(Draft(author, subject="Re: Vans", text=text, html=html, in_reply_to=answers)))


def test_the_markup_of_a_program_tells_of_the_words_that_people_see() -> None:
    got = understood(TEXT, GMAIL)
    assert got.split.own == OWN
    assert got.split.quoted.split() == f"{SAID} Ninety each.".split()
    assert "pr-quote" in got.html
    assert got.mail.text.strip() == TEXT.strip()


def test_a_text_that_only_says_that_there_is_html_is_not_taken_for_its_words() -> None:
    assert understood("Your program does not show HTML.", GMAIL).split.own == OWN


def test_without_such_markup_the_text_tells_and_the_html_is_folded_as_well() -> None:
    got = understood(TEXT, f"<p>{OWN}</p><p>{SAID.replace('<', '&lt;').replace('>', ' ')}</p><p>Ninety each.</p>")
    assert got.split.own == WRAPPED
    assert got.split.quoted.startswith(SAID)


def test_markup_that_turns_out_to_quote_nothing_leaves_it_to_the_text() -> None:
    got = understood(TEXT, f'<p>{OWN}</p><p title="a quote of ninety">Ninety each.</p>')
    assert got.split.own == WRAPPED


def test_a_text_of_blanks_is_none() -> None:
    assert understood(" \n\n", GMAIL).split.own == OWN
