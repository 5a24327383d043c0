"""Answers as the mail programs of the world write them: own words are shown, what is quoted is folded."""

from __future__ import annotations

import pytest

from postroom.core.message.quotes import split_html, split_text
from postroom.core.message.sanitize import sanitize
from tests.core.message.clients import APPLE, GMAIL, ORIGINAL, OTHERS, OUTLOOK, THUNDERBIRD

OWN = "Ninety each, from Tuesday on."
SIGNED = f"{OWN}\n\nBob"
ASKED = "What do the chairs cost?"


def named(**kinds: dict[str, str]) -> list[object]:
    return [pytest.param(words, id=f"{kind} {who}") for kind, by in kinds.items() for who, words in by.items()]


ATTRIBUTIONS = named(gmail=GMAIL, apple=APPLE, thunderbird=THUNDERBIRD, other=OTHERS)
NAMED_ATTRIBUTIONS = named(gmail=GMAIL, apple=APPLE)
HEADERS = [pytest.param("\n".join(lines), id=language) for language, lines in OUTLOOK.items()]


def wrapped(line: str) -> str:
    """A line as programs break it that wrap at 76 characters."""
    cut = line.rfind(" ", 0, 60)
    return f"{line[:cut]}\n{line[cut + 1 :]}" if cut > 20 else line


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("quote", [f"> {ASKED}\n>\n> Jane\n", f"\n> {ASKED}\n", f"\n>> We sell chairs.\n> {ASKED}\n"])
def test_above_a_quote(attribution: str, quote: str) -> None:
    split = split_text(f"{SIGNED}\n\n{attribution}\n{quote}")
    assert split.own == SIGNED
    assert split.quoted.startswith(attribution)
    assert not split.inline


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_below_a_quote(attribution: str) -> None:
    split = split_text(f"{attribution}\n\n> {ASKED}\n> Jane\n\n{SIGNED}\n")
    assert split.own == SIGNED
    assert not split.inline


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_between_quotes_nothing_is_folded(attribution: str) -> None:
    text = f"{attribution}\n> {ASKED}\n\nNinety each.\n\n> And the table?\n\nTwo hundred."
    split = split_text(text)
    assert split.inline
    assert split.own == text


@pytest.mark.parametrize("attribution", NAMED_ATTRIBUTIONS)
def test_wrapped(attribution: str) -> None:
    assert split_text(f"{SIGNED}\n\n{wrapped(attribution)}\n\n> {ASKED}\n").own == SIGNED


@pytest.mark.parametrize("attribution", named(gmail=GMAIL, other=OTHERS))
def test_without_quote_signs(attribution: str) -> None:
    if "@" in attribution or any(character.isdigit() for character in attribution):
        assert split_text(f"{SIGNED}\n\n{attribution}\n\n{ASKED}\n\nJane\n").own == SIGNED


@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("divider", ["", "________________________________\n", "-----\n"])
def test_copied_headers(headers: str, divider: str) -> None:
    split = split_text(f"{SIGNED}\n\n{divider}{headers}\n\n{ASKED}\n")
    assert split.own == SIGNED
    assert ASKED in split.quoted


@pytest.mark.parametrize("headers", HEADERS)
def test_copied_headers_in_bold(headers: str) -> None:
    bold = "\n".join(f"*{line.partition(':')[0]}:*{line.partition(':')[2]}" for line in headers.split("\n"))
    assert split_text(f"{SIGNED}\n\n{bold}\n\n{ASKED}\n").own == SIGNED


@pytest.mark.parametrize("headers", HEADERS)
def test_copied_headers_each_a_paragraph(headers: str) -> None:
    assert split_text(f"{SIGNED}\n\n{headers.replace(chr(10), chr(10) * 2)}\n\n{ASKED}\n").own == SIGNED


@pytest.mark.parametrize("divider", ORIGINAL.values(), ids=ORIGINAL)
def test_dividers(divider: str) -> None:
    split = split_text(f"{SIGNED}\n\n{divider}\nFrom: Jane Doe <jane@example.com>\nDate: 3/3/25\n\n{ASKED}\n")
    assert split.own == SIGNED


def test_a_language_that_nobody_foresaw() -> None:
    headers = "Desde: Jane <jane@example.com>\nZzz: 3 Mar 2025 10:11\nYyy: Bob\nXxx: Chairs"
    assert split_text(f"{SIGNED}\n\n________________________________\n{headers}\n\n{ASKED}").own == SIGNED


@pytest.mark.parametrize(
    "line", [">>> Jane Doe <jane@example.com> 03/03/2025 10:11 AM >>>", "Jane Doe 03.03.2025 10:11 >>>"]
)
def test_groupwise(line: str) -> None:
    assert split_text(f"{SIGNED}\n\n{line}\n{ASKED}\n\nJane").own == SIGNED


POINTERS = [
    "Hi Jane, see my answers below.",
    "My comments in red.",
    "Meine Antworten unten in rot.",
    "Mes réponses ci-dessous.",
    "Mis respuestas abajo.",
    "Le risposte sotto, in blu.",
    "As respostas abaixo.",
    "Mijn antwoorden hieronder.",
    "Moje odpowiedzi poniżej.",
    "Odpovědi níže.",
    "Svar nedan.",
    "Svar nedenfor.",
    "Vastaukset alla.",
    "Válaszaim lent.",
    "Răspunsurile mai jos.",
    "Cevaplarım aşağıda.",
    "Мои ответы ниже.",
    "Οι απαντήσεις παρακάτω.",
    "下記に回答いたします。",
    "回复如下。",
]


@pytest.mark.parametrize("pointer", POINTERS)
@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_where_the_writer_answers_within_a_quotation_without_signs_nothing_is_folded(
    pointer: str, language: str
) -> None:
    quoted = "\n".join(OUTLOOK[language]) + f"\n\n{ASKED}\nNinety each.\n"
    split = split_text(f"{pointer}\n\nBob\n\n{quoted}")
    assert split.inline
    assert "Ninety each." in split.own
    html = sanitize(
        f"<div>{pointer}</div><hr><div id='divRplyFwdMsg'>{'<br>'.join(escaped(quoted).splitlines())}</div>"
    )
    assert "pr-quote" not in split_html(html)[0]


def test_what_only_speaks_of_below_is_no_answer_within() -> None:
    headers = "\n".join(OUTLOOK["en"])
    assert split_text(f"The price is below ninety.\n\n{headers}\n\n{ASKED}").own == "The price is below ninety."


# The same in HTML, by the markup of each program and by words alone.

LINE = '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
QUOTED_LEFT = 'class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204)"'
ATTRIBUTED_PAGES = {
    "gmail": '<div dir="ltr">{own}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr"'
    f' class="gmail_attr">{{wrote}}<br></div><blockquote {QUOTED_LEFT}><div>{{asked}}</div></blockquote></div>',
    "apple": '<html><body>{own}<br><div><br><blockquote type="cite"><div>{wrote}</div><br><div>{asked}</div>'
    "</blockquote></div></body></html>",
    "thunderbird": '<p>{own}</p><div class="moz-cite-prefix">{wrote}<br></div><blockquote type="cite"><p>{asked}</p>'
    "</blockquote>",
    "thunderbird below": '<div class="moz-cite-prefix">{wrote}<br></div><blockquote type="cite"><p>{asked}</p>'
    "</blockquote><p>{own}</p>",
    "yahoo": '<div class="yahoo-style-wrap"><div dir="ltr">{own}</div><div><br></div></div>'
    '<div id="ydp1yahoo_quoted_1" class="yahoo_quoted"><div>'
    "<div>{wrote}</div><div><br></div><div>{asked}</div></div></div>",
    "proton": '<div>{own}</div><div class="protonmail_quote">{wrote}<br><br><blockquote class="protonmail_quote"'
    ' type="cite">{asked}</blockquote></div>',
    "roundcube": '<p>{own}</p><p id="reply-intro">{wrote}</p><blockquote type="cite" style="padding: 0 0.4em">{asked}'
    "</blockquote>",
    "words alone": "<div>{own}</div><div><br></div><div>{wrote}</div><div><br></div><div>{asked}</div>",
    "paragraphs": "<p>{own}</p><p>{wrote}</p><blockquote><p>{asked}</p></blockquote>",
}
HEADED_PAGES = {
    "outlook desktop": '<div class="WordSection1"><p class="MsoNormal">{own}</p><p class="MsoNormal">&nbsp;</p><div>'
    + LINE
    + '<p class="MsoNormal">{headers}</p></div></div><p class="MsoNormal">{asked}</p></div>',
    "outlook web": '<div class="elementToProof">{own}</div><div id="appendonsend"></div><hr style="display:'
    'inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font>{headers}</font></div>'
    "<div>{asked}</div>",
    "new outlook": '<div>{own}</div><div id="mail-editor-reference-message-container"><div>{headers}</div>'
    "<div>{asked}</div></div>",
    "outlook mobile": '<div dir="ltr">{own}</div><div id="ms-outlook-mobile-signature">'
    'Get <a href="https://aka.ms/x">Outlook'
    ' for iOS</a></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg">{headers}</div>{asked}',
    "words alone": "<p>{own}</p><p>{headers}</p><p>{asked}</p>",
    "rows": "<div>{own}</div><hr><div>{headers}</div><div>{asked}</div>",
}


def escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


def page(skeleton: str, **parts: str) -> str:
    return sanitize(skeleton.format(own=OWN, asked=ASKED, **parts))


@pytest.mark.parametrize("attribution", NAMED_ATTRIBUTIONS)
@pytest.mark.parametrize("skeleton", ATTRIBUTED_PAGES.values(), ids=ATTRIBUTED_PAGES)
def test_pages_with_an_attribution(skeleton: str, attribution: str) -> None:
    html, split = split_html(page(skeleton, wrote=escaped(attribution)))
    assert split.own == OWN
    assert ASKED in split.quoted
    assert "pr-quote" in html


@pytest.mark.parametrize("language", OUTLOOK)
@pytest.mark.parametrize("skeleton", HEADED_PAGES.values(), ids=HEADED_PAGES)
def test_pages_with_copied_headers(skeleton: str, language: str) -> None:
    lines = [escaped(line) for line in OUTLOOK[language]]
    headers = "<br>".join(f"<b>{key}:</b>{value}" for key, _, value in (line.partition(":") for line in lines))
    split = split_html(page(skeleton, headers=headers))[1]
    assert split.own == OWN
    assert ASKED in split.quoted
