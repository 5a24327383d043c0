"""What a filter before us wrote: tables of lines as filters write them, and of where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication.results import read_statements
from postroom.core.authentication.signed import read_signed
from postroom.core.message.parse import parse
from postroom.core.triage.filtered import Answer, Said, gravest, said_before

OURS = "Received: from mx.us.example ([10.0.0.2])\r\n\tby post.us.example with ESMTP id 1;\r\n\tnow\r\n"
MX = "Received: from far.example ([192.0.2.1])\r\n\tby mx.us.example with ESMTP id 2; now\r\n"
FAR = "Received: from pc ([192.0.2.9]) by far.example with ESMTP id 3; now\r\n"
WITHIN = "Received: by mx.us.example with local id 4; now\r\n"
AGAIN = "Received: from localhost ([127.0.0.1]) by mx.us.example (Filter) with ESMTP id 5; now\r\n"
REST = "From: a@far.example\r\nSubject: hi\r\n\r\nHello\r\n"
FLAG = "X-Spam-Flag: YES\r\n"


def said(head: str, server: str = "mx.us.example", own: int = 1) -> str:
    raw = (head + REST).encode()
    found = said_before(parse(raw).headers, read_statements(read_signed(raw)), server, own)
    return found.words if found else ""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("X-Spam-Flag: YES", "mx.us.example marked it as spam."),
        ("x-spam-flag:yes", "mx.us.example marked it as spam."),
        ("X-Spam-Flag: NO", ""),
        ("X-Spam-Flag: ", ""),
        ("X-Spam-Flag: yesterday", ""),
        ("X-Spam: Yes", "mx.us.example marked it as spam."),
        (
            "X-Spam-Status: Yes, score=7.1 required=5.0 tests=BAYES_99,\r\n\tURIBL autolearn=no",
            "mx.us.example marked it as spam: 7.1 points, where 5.0 is enough.",
        ),
        ("X-Spam-Status: Yes, hits=7.1", "mx.us.example marked it as spam: 7.1 points."),
        ("X-Spam-Status: Yes", "mx.us.example marked it as spam."),
        ("X-Spam-Status: No, score=-1.9 required=5.0 tests=[ALL_TRUSTED=-1]", ""),
        (
            "X-Spamd-Result: default: True [16.14 / 15.00];\r\n\tBAYES_SPAM(5.10)[100.00%];",
            "mx.us.example marked it as spam: 16.14 points, where 15.00 is enough.",
        ),
        ("X-Spamd-Result: default: False [-0.10 / 15.00];\r\n\tMIME_GOOD(-0.10)[text/plain]", ""),
        ("X-Spamd-Result: true", ""),
        (
            "Authentication-Results: mx.us.example; spf=pass smtp.mailfrom=a@b.example; x-spam=yes",
            "mx.us.example says that it is spam (x-spam=yes).",
        ),
        ("Authentication-Results: mx.us.example; spf=fail smtp.mailfrom=a@b.example", ""),
        ("Authentication-Results: other.example; x-spam=yes", ""),
    ],
)
def test_lines_as_filters_write_them(line: str, words: str) -> None:
    assert said(OURS + line + "\r\n" + MX) == words


@pytest.mark.parametrize(
    ("head", "server", "is_believed"),
    [
        (OURS + FLAG + MX + FAR, "mx.us.example", True),
        (OURS + MX + FLAG + FAR, "mx.us.example", True),  # some filters write below the line of their own server
        (OURS + AGAIN + FLAG + MX + FAR, "mx.us.example", True),  # through the filter and in again
        (OURS + WITHIN + FLAG + MX, "mx.us.example", True),
        (OURS + MX + FAR + FLAG, "mx.us.example", False),  # it came with the mail
        (OURS + FAR + FLAG + MX, "mx.us.example", False),
        (FLAG + OURS + MX, "mx.us.example", True),
        (OURS + FLAG + MX + FAR, "", True),  # nobody gave it a name: whoever handed it over
        (OURS + MX + FLAG + FAR, "", True),
        (OURS + MX + FAR + FLAG, "", False),
        (OURS + FLAG, "", True),  # made on a machine of ours
        (OURS + MX + FLAG + FAR, "MX.us.example ", True),
    ],
)
def test_only_what_stands_above_what_others_wrote_is_believed(head: str, server: str, *, is_believed: bool) -> None:
    assert bool(said(head, server)) == is_believed


def test_a_door_that_writes_no_line_has_none_to_pass_over() -> None:
    assert said(MX + FLAG, own=0)
    assert not said(MX + FAR + FLAG, own=0)
    assert said(MX + FAR + FLAG, own=1, server="far.example")


def test_the_gravest_answer_counts() -> None:
    fine, wait, no = (Said("f", answer, f"{answer}.") for answer in Answer)
    assert gravest([]) is None
    assert gravest([fine]) is None
    assert gravest([fine, wait]) == wait
    assert gravest([wait, no, fine]) == no


@given(st.binary(max_size=600), st.sampled_from(["", "mx.us.example"]), st.integers(0, 3))
def test_any_mail_has_an_answer(raw: bytes, server: str, own: int) -> None:
    found = said_before(parse(raw).headers, read_statements(read_signed(raw)), server, own)
    assert found is None or (found.answer is Answer.HOLD and found.words.endswith("."))


@given(st.lists(st.sampled_from([OURS, MX, FAR, WITHIN, FLAG, "X-Spam-Status: No\r\n"]), max_size=8))
def test_what_stands_below_a_strangers_line_changes_nothing(lines: list[str]) -> None:
    head = OURS + "".join(lines)
    assert said(head + FAR + FLAG) == said(head + FAR)
