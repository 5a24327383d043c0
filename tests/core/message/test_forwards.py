"""Mail that is passed on: known by structure first, then by subject; shown whole; its author named."""

from __future__ import annotations

import pytest

from postroom.core.message.forwards import Claim, Forwarded, bare_subject, purpose_of, subject_claims
from postroom.core.message.parse import parse
from postroom.core.message.quote_lines import Purpose
from postroom.core.message.quotes import split_html, split_text
from postroom.core.message.sanitize import sanitize
from postroom.core.message.understood import understand
from tests.core.message.clients import APPLE, FORWARDED, GMAIL, OUTLOOK

ASKED = "What do the chairs cost?"
OWN = "Who takes this one?"
HEADERS = (
    "From: Jane Doe <jane@example.com>\nDate: Mon, 3 Mar 2025 at 10:11\nSubject: Chairs\nTo: Bob <bob@example.org>"
)

# What Outlook, and people, write in front of a subject that they pass on.
PREFIXES = {
    **dict.fromkeys(
        ("Fwd: ", "FW: ", "Fw: ", "fwd: ", "FWD:", "Fwd[2]: ", "FW(3): ", "[team] Fwd: ", "Fwd: Re: "), "en"
    ),
    **dict.fromkeys(("WG: ", "Wg: ", "Weitergeleitet: ", "WG: AW: "), "de"),
    **dict.fromkeys(("TR: ", "TR : "), "fr"),
    **dict.fromkeys(("RV: ", "Reenviado: "), "es"),
    **dict.fromkeys(("I: ", "Inoltro: "), "it"),
    **dict.fromkeys(("ENC: ", "Enc: ", "RV: "), "pt"),
    **dict.fromkeys(("Doorst: ", "DOORST:"), "nl"),
    "PD: ": "pl",
    "VB: ": "sv",
    "VS: ": "da",
    "VL: ": "fi",
    "Továbbítva: ": "hu",
    "Redir: ": "ro",
    "İLT: ": "tr",
    "Пересл: ": "ru",
    "ΠΡΘ: ": "el",
    "転送: ": "ja",
    "转发: ": "zh",
    "转发：": "zh",
    "轉寄: ": "zh-tw",
}
ANSWERS = [
    "Re: ",
    "RE: ",
    "AW: ",
    "Antw: ",
    "Sv: ",
    "Odp: ",
    "Vá: ",
    "Ynt: ",
    "ΑΠ: ",
    "回复：",
    "答复: ",
    "R: ",
    "Re[2]: ",
    "Re: Fwd: ",
]


def mail(subject: str, text: str = "", html: str = "", extra: str = "") -> bytes:
    kind = "html" if html else "plain"
    head = f"From: Bob Smith <bob@example.org>\r\nTo: sales@ours.example\r\nSubject: {subject}\r\n{extra}"
    return f"{head}Content-Type: text/{kind}; charset=utf-8\r\n\r\n{html or text}".encode()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_subject_of_a_forward(prefix: str) -> None:
    assert subject_claims(f"{prefix}Chairs") >= Claim.PERHAPS
    assert bare_subject(f"{prefix}Chairs") == "Chairs"


def test_the_subject_of_a_forward_by_pine() -> None:
    assert subject_claims("Chairs (fwd)") is Claim.FORWARD
    assert bare_subject("[list] Re: Chairs (fwd)") == "Chairs"


@pytest.mark.parametrize("prefix", ANSWERS)
def test_the_subject_of_an_answer(prefix: str) -> None:
    assert subject_claims(f"{prefix}Chairs") is Claim.REPLY
    assert purpose_of(parse(mail(f"{prefix}Chairs")), ASKED) is Purpose.ANSWER
    assert bare_subject(f"{prefix}Chairs") == "Chairs"


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "Chairs",
        "Forward planning",
        "Fwd",
        "i: have a question",
        "tr: chairs",
        "Internal: chairs",
        "1: FW",
        "Ref: 12",
    ],
)
def test_a_subject_that_says_nothing(subject: str) -> None:
    assert subject_claims(subject) is Claim.NOTHING
    assert bare_subject(subject) == subject
    assert purpose_of(parse(mail(subject)), ASKED) is Purpose.NEW
    assert purpose_of(parse(mail(subject, extra="In-Reply-To: <1@a>\r\n")), ASKED) is Purpose.UNKNOWN


def test_vs_is_a_forward_in_danish_and_an_answer_in_finnish() -> None:
    danish, finnish = ("\n".join(OUTLOOK[language]) for language in ("da", "fi"))
    assert understand(mail("VS: Chairs", f"{OWN}\n\n{danish}\n\n{ASKED}")).forwarded
    answer = understand(mail("VS: Chairs", f"{OWN}\n\n{finnish}\n\n{ASKED}"))
    assert answer.forwarded is None
    assert answer.split.own == OWN


@pytest.mark.parametrize("prefix", PREFIXES)
def test_what_outlook_passes_on_is_shown(prefix: str) -> None:
    language = PREFIXES[prefix]
    text = f"{OWN}\n\n________________________________\n" + "\n".join(OUTLOOK[language]) + f"\n\n{ASKED}"
    understood = understand(mail(f"{prefix}Chairs", text))
    assert understood.split.own == text
    assert understood.forwarded == Forwarded(
        name="Jane Doe",
        email="jane@example.com",
        subject="Chairs",
        date="3 March 2025 10:11",
        because="It holds a copy of another mail, passed on to be read",
    )


@pytest.mark.parametrize("language", OUTLOOK)
def test_what_outlook_passes_on_in_html_is_shown(language: str) -> None:
    headers = "<br>".join(line.replace("<", "&lt;") for line in OUTLOOK[language])
    html = f"<div>{OWN}</div><hr><div id='divRplyFwdMsg'>{headers}</div><div>{ASKED}</div>"
    understood = understand(mail("FW: Chairs", html=html))
    assert "pr-quote" not in understood.html
    assert ASKED in understood.split.own
    assert understood.forwarded
    assert (understood.forwarded.name, understood.forwarded.email) == ("Jane Doe", "jane@example.com")
    answered = understand(mail("Re: Chairs", html=html))
    assert answered.split.own == OWN
    assert answered.forwarded is None


@pytest.mark.parametrize("marker", FORWARDED.values(), ids=FORWARDED)
@pytest.mark.parametrize("subject", ["Chairs", "Fwd: Chairs"])
def test_what_stands_below_a_marker_is_shown(marker: str, subject: str) -> None:
    text = f"{OWN}\n\n{marker}\n\n{HEADERS}\n\n{ASKED}\n\nOn Sun, 2 Mar 2025 at 10:11, Al <al@example.com> wrote:\n> Hi"
    understood = understand(mail(subject, text))
    assert understood.split.own == text
    assert understood.forwarded
    assert understood.forwarded.email == "jane@example.com"
    assert understood.forwarded.name == "Jane Doe"


PAGES = {
    "gmail": "<div dir='ltr'>{own}<br><br><div class='gmail_quote'><div class='gmail_attr'>{marker}<br>{headers}"
    "<br></div><br><br>{asked}</div></div>",
    "apple": "{own}<br><div><br><blockquote type='cite'><div>{marker}</div><br><div>{headers}</div><br>"
    "<div>{asked}</div></blockquote></div>",
    "yahoo": "<div>{own}</div><div id='yahoo_quoted_1' class='yahoo_quoted'><div><div>{marker}</div>"
    "<div>{headers}</div><div>{asked}</div></div></div>",
    "thunderbird": "<p>{own}</p><div class='moz-forward-container'><br>{marker}<table><tbody><tr><td>{headers}</td>"
    "</tr></tbody></table><br>{asked}</div>",
    "bare": "<div>{own}</div><div>{marker}</div><div>{headers}</div><div>{asked}</div>",
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("marker", FORWARDED.values(), ids=FORWARDED)
def test_what_stands_below_a_marker_in_html_is_shown(page: str, marker: str) -> None:
    headers = HEADERS.replace("<", "&lt;").replace("\n", "<br>")
    escaped = marker.replace("<", "&lt;")
    understood = understand(mail("Chairs", html=page.format(own=OWN, marker=escaped, headers=headers, asked=ASKED)))
    assert ASKED in understood.split.own
    assert "pr-quote" not in understood.html
    assert understood.forwarded
    assert (understood.forwarded.name, understood.forwarded.email) == ("Jane Doe", "jane@example.com")
    assert understood.forwarded.subject == "Chairs"


@pytest.mark.parametrize("attribution", [*GMAIL.values(), *APPLE.values()])
@pytest.mark.parametrize("quote", [f"> {ASKED}", f"\n{ASKED}"])
def test_what_is_passed_on_below_an_attribution(attribution: str, quote: str) -> None:
    text = f"{OWN}\n\n{attribution}\n{quote}"
    understood = understand(mail("Fwd: Chairs", text))
    assert understood.split.own == text
    assert understood.forwarded
    assert (understood.forwarded.name, understood.forwarded.email) == ("Jane Doe", "jane@example.com")


def test_a_copied_message_id_tells_of_a_forward_where_the_subject_says_nothing() -> None:
    text = f"{OWN}\n\n----- Original Message -----\n{HEADERS}\nMessage-ID: <1234@ours.example>\n\n{ASKED}"
    understood = understand(mail("Chairs", text))
    assert ASKED in understood.split.own
    assert understood.forwarded
    assert understood.forwarded.message_id == "1234@ours.example"
    answered = understand(mail("Re: Chairs", text))
    assert answered.forwarded is None
    assert answered.split.own == OWN


@pytest.mark.parametrize("language", OUTLOOK)
def test_copied_headers_in_a_mail_that_answers_nothing_are_of_a_mail_passed_on(language: str) -> None:
    text = f"{OWN}\n\n________________________________\n" + "\n".join(OUTLOOK[language]) + f"\n\n{ASKED}"
    understood = understand(mail("Who takes this one?", text))
    assert understood.split.own == text
    assert understood.forwarded
    assert understood.forwarded.email == "jane@example.com"
    answered = understand(mail("Chairs", text, extra="In-Reply-To: <1@ours.example>\r\n"))
    assert answered.split.own == OWN
    assert answered.forwarded is None


def test_an_attribution_in_a_mail_that_answers_nothing_is_folded_all_the_same() -> None:
    assert understand(mail("Chairs", f"{OWN}\n\n{GMAIL['en']}\n> {ASKED}")).split.own == OWN


def test_a_value_ends_where_the_words_begin() -> None:
    text = f"{FORWARDED['gmail']}\nFrom: Jane <jane@example.com>\nSubject: Chairs\n> What do they cost?\n> Jane"
    understood = understand(mail("Fwd: Something", text))
    assert understood.forwarded
    assert understood.forwarded.subject == "Chairs"


def test_an_answer_to_a_forward_folds_it() -> None:
    quoted = "\n".join(f"> {line}" for line in f"FYI\n\n{FORWARDED['gmail']}\n{HEADERS}\n\n{ASKED}".split("\n"))
    understood = understand(mail("Re: Fwd: Chairs", f"{OWN}\n\n{GMAIL['en']}\n{quoted}"))
    assert understood.split.own == OWN
    assert understood.forwarded is None


def test_an_answer_to_a_forward_in_html_folds_it() -> None:
    html = sanitize(
        f"<div>{OWN}</div><div class='gmail_quote'><div class='gmail_attr'>On 3 Mar 2025 at 10:11 Jane "
        f"&lt;j@example.com&gt; wrote:</div><blockquote class='gmail_quote' style='border-left:1px'><div>FYI</div>"
        f"<div class='gmail_quote'>"
        f"<div>{FORWARDED['gmail']}</div><div>From: Al</div></div>{ASKED}</blockquote></div>"
    )
    assert split_html(html)[1].own == OWN


@pytest.mark.parametrize(
    ("line", "name", "email"),
    [
        ("From: Jane Doe <jane@example.com>", "Jane Doe", "jane@example.com"),
        ('From: "Doe, Jane" <Jane@Example.com>', "Doe, Jane", "jane@example.com"),
        ("From: Jane Doe [mailto:jane@example.com]", "Jane Doe", "jane@example.com"),
        ("*From:* Jane Doe <mailto:jane@example.com>", "Jane Doe", "jane@example.com"),
        ("From: Jane Doe\n <jane@example.com>", "Jane Doe", "jane@example.com"),
        ("From: jane@example.com", "", "jane@example.com"),
        ("From: jane@example.com <jane@example.com>", "", "jane@example.com"),
        ("From: Jane Doe", "Jane Doe", ""),
        ("From: Jane Doe (jane@example.com)", "Jane Doe", "jane@example.com"),
        ("From : Jane Doe <jane@example.com>", "Jane Doe", "jane@example.com"),
        ("From:\tJane Doe <jane@example.com>", "Jane Doe", "jane@example.com"),
    ],
)
def test_who_is_named(line: str, name: str, email: str) -> None:
    understood = understand(mail("Fwd: Chairs", f"{FORWARDED['gmail']}\n{line}\nDate: 3 Mar 2025\n\n{ASKED}"))
    assert understood.forwarded
    assert (understood.forwarded.name, understood.forwarded.email) == (name, email)
    assert (understood.forwarded.author is None) is (not email)


def attached(subject: str, inner: str, text: str = OWN) -> bytes:
    return (
        f"From: Bob <bob@example.org>\r\nSubject: {subject}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--b--\r\n"
    ).encode()


INNER = (
    "From: =?utf-8?q?J=C3=A4ne_Doe?= <jane@example.com>\r\nSubject: Chairs\r\nMessage-ID: <1@example.com>\r\n"
    f"Date: Mon, 3 Mar 2025 10:11:12 +0100\r\n\r\n{ASKED}"
)


@pytest.mark.parametrize("subject", ["Fwd: Chairs", "Chairs", "have a look"])
def test_a_mail_that_is_attached_whole(subject: str) -> None:
    assert understand(attached(subject, INNER)).forwarded == Forwarded(
        name="Jäne Doe",
        email="jane@example.com",
        subject="Chairs",
        date="Mon, 3 Mar 2025 10:11:12 +0100",
        message_id="1@example.com",
        because="It brings another mail along as a whole (message/rfc822)",
    )


def test_a_file_of_the_mail_that_is_copied_is_not_what_is_passed_on() -> None:
    text = f"{FORWARDED['gmail']}\nFrom: Al <al@example.com>\nSubject: Tables\n\nSee the mail."
    passed_on = understand(attached("Fwd: Tables", INNER, text)).forwarded
    assert passed_on
    assert passed_on.email == "al@example.com"


def test_several_attached_mails_have_no_one_author() -> None:
    two = f"{INNER}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n{INNER}"
    assert understand(attached("[chairs] Digest, Vol 3", two)).forwarded is None
    passed_on = understand(attached("Fwd: Chairs", two)).forwarded
    assert passed_on
    assert passed_on.author is None


def test_an_answer_that_attaches_a_mail_is_no_forward() -> None:
    assert understand(attached("Re: Chairs", INNER)).forwarded is None


def test_a_delivery_report_is_no_forward() -> None:
    raw = (
        b"From: MAILER-DAEMON@example.com\r\n"
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        b"--b\r\n\r\nFailed.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; a.example\r\n\r\n"
        b"Final-Recipient: rfc822; a@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\n\r\nFrom: Bob <bob@example.org>\r\nSubject: Fwd: x\r\n\r\nx\r\n--b--\r\n"
    )
    assert understand(raw).forwarded is None


def test_a_subject_alone_tells_of_a_forward_whose_author_nobody_names() -> None:
    understood = understand(mail("Fwd: Chairs", "See the file."))
    assert understood.forwarded == Forwarded(subject="Chairs", because="Its subject says that it is forwarded")
    assert understood.forwarded.author is None


def test_a_short_prefix_alone_tells_nothing() -> None:
    assert understand(mail("I: Chairs", "See the file.")).forwarded is None


def test_the_signature_of_whoever_passes_a_mail_on_is_folded() -> None:
    split = split_text(f"{OWN}\n\n-- \nBob\nChairs Ltd\n\n{FORWARDED['gmail']}\n{HEADERS}\n\n{ASKED}\n\n-- \nJane")
    assert split.signature == "-- \nBob\nChairs Ltd"
    assert split.own.startswith(OWN)
    assert split.own.endswith("-- \nJane")


def test_a_blank_text_beside_html_does_not_hide_it() -> None:
    raw = (
        b"From: a@example.com\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n \r\n\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\n<p>Cost?</p>\r\n--b--\r\n"
    )
    assert understand(raw).split.own == "Cost?"
