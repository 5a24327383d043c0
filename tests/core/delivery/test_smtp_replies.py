"""What an answer of a server means for a copy, its enhanced code and its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.delivery.smtp_replies import LONGEST_WORDS, Result, clean_words, enhanced_code, result_of
from tests.growing import MOST_GROWTH, grows

ACCEPTED, DEFERRED, REFUSED = Result.ACCEPTED, Result.DEFERRED, Result.REFUSED
OURS = ["connect", "greeting", "tls", "login"]
MAIL = ["mail", "rcpt", "data", "body", "final", "dot", ""]


@pytest.mark.parametrize(
    ("code", "phase", "result"),
    [
        # --- of the mail
        (250, "mail", ACCEPTED),
        (250, "rcpt", ACCEPTED),
        (251, "rcpt", ACCEPTED),  # not local, will forward
        (252, "rcpt", ACCEPTED),  # can't verify, will try
        (354, "data", ACCEPTED),
        (250, "body", ACCEPTED),
        (421, "mail", DEFERRED),
        (450, "rcpt", DEFERRED),  # greylisting
        (451, "body", DEFERRED),
        (452, "rcpt", DEFERRED),  # too many recipients: those left over come again
        (500, "mail", REFUSED),
        (550, "rcpt", REFUSED),
        (552, "body", REFUSED),
        (554, "body", REFUSED),
        (555, "mail", REFUSED),
        # --- of us or the server: no reason to give a copy up
        (554, "greeting", DEFERRED),
        (521, "connect", DEFERRED),
        (535, "login", DEFERRED),
        (534, "login", DEFERRED),
        (501, "tls", DEFERRED),
        (220, "greeting", ACCEPTED),
        (235, "login", ACCEPTED),
        # --- what means nothing here
        (354, "body", DEFERRED),
        (354, "rcpt", DEFERRED),
        (334, "mail", DEFERRED),
        (150, "mail", DEFERRED),
        (600, "rcpt", DEFERRED),
        (0, "rcpt", DEFERRED),
        (-550, "rcpt", DEFERRED),
        (5500, "rcpt", DEFERRED),
    ],
)
def test_result(code: int, phase: str, result: Result) -> None:
    assert result_of(code, phase) is result


@given(st.integers(-1000, 10_000), st.sampled_from([*OURS, *MAIL]) | st.text(max_size=5))
def test_only_5xx_of_the_mail_itself_gives_a_copy_up(code: int, phase: str) -> None:
    result = result_of(code, phase)
    assert (result is REFUSED) is (code // 100 == 5 and phase not in OURS)
    assert (result is ACCEPTED) is (code // 100 == 2 or (code, phase) == (354, "data"))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("5.1.1 <x@y.example>: no such user", "5.1.1"),
        ("550 5.1.1 no such user", "5.1.1"),
        ("550-5.1.1 no such user", "5.1.1"),
        ("4.7.1: come again", "4.7.1"),
        ("2.0.0 Ok", "2.0.0"),
        ("451 4.7.650 The mail server [192.0.2.1] has been limited", "4.7.650"),
        ("(5.2.2) mailbox full", "5.2.2"),
        ("5.999.999", "5.999.999"),
        ("first 4.2.2 then 5.1.1", "4.2.2"),
        ("", ""),
        ("no such user", ""),
        ("3.1.1 no class", ""),
        ("5.1 too short", ""),
        ("5.1.1000 too long", ""),
        ("15.1.1", ""),
        ("1.5.1.1 is a version", ""),
        ("5.1.1.1 is an address", ""),
        ("host 192.5.1.1 is blocked", ""),
        ("5.1.1-beta", ""),
        ("Postfix5.1.1", ""),
        ("٥.1.1", ""),
    ],
)
def test_enhanced_code(words: str, code: str) -> None:
    assert enhanced_code(words) == code


@given(st.sampled_from("245"), st.integers(0, 999), st.integers(0, 999), st.text(st.characters(), max_size=20))
def test_a_code_is_found_at_the_beginning(kind: str, subject: int, detail: int, more: str) -> None:
    assert enhanced_code(f"{kind}.{subject}.{detail} {more}") == f"{kind}.{subject}.{detail}"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("5.1.1 no such user", "5.1.1 no such user"),
        ("two\r\nlines", "two lines"),
        ("  much \t space\n\n", "much space"),
        ("a\x1b[31mred\x07", "a[31mred"),
        ("a\x00b\x85c", "abc"),
        ("", ""),
        ("ä" * LONGEST_WORDS, "ä" * LONGEST_WORDS),
        ("ä" * (LONGEST_WORDS + 1), "ä" * (LONGEST_WORDS - 1) + "…"),
        ("x" * (LONGEST_WORDS - 2) + " y z", "x" * (LONGEST_WORDS - 2) + "…"),
    ],
)
def test_clean_words(words: str, line: str) -> None:
    assert clean_words(words) == line


@given(st.text(st.characters()) | st.text(st.sampled_from("a \r\n\t\x00\x1b\x7f\x9b\u2028"), max_size=3000))
def test_words_are_one_short_line_without_controls(words: str) -> None:
    line = clean_words(words)
    assert len(line) <= LONGEST_WORDS
    assert len(line.splitlines()) <= 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line)
    assert clean_words(line) == line


@pytest.mark.parametrize("piece", ["5.1.", "5.1.1.", "\x00", " ", "5.1.1-", "\r\n"])
def test_a_flood_of_words_takes_time_in_proportion(piece: str) -> None:
    words = piece * 10**6
    assert enhanced_code(words) == ""
    assert len(clean_words(words)) <= LONGEST_WORDS
    assert grows(enhanced_code, words) < MOST_GROWTH
    assert grows(clean_words, words) < MOST_GROWTH
