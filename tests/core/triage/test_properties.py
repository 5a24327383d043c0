"""The kind of a mail does not hang on what means nothing, and a sign that a machine gives is never overheard."""

from __future__ import annotations

import random

from hypothesis import assume, given
from hypothesis import strategies as st

from postroom.core.message.parse import parse
from postroom.core.triage.classify import classify
from postroom.core.triage.kinds import Automatic, Kind
from tests.support.invariants import of_triage

FIELDS = st.lists(
    st.sampled_from(
        [
            "From: Jane <jane@example.com>", "From: Mail Delivery System <mailer-daemon@mx.example>",
            "To: bob@ours.example",
            "Subject: Chairs", "Subject: Undelivered Mail Returned to Sender", "Subject: Automatic reply: Chairs",
            "Subject: out of office", "Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated",
            "Auto-Submitted: no",
            "X-Autoreply: yes", "Precedence: bulk", "Precedence: list", "List-Id: <x.example>", "Return-Path: <>",
            "X-Failed-Recipients: anna@example.net", "In-Reply-To: <first.1@ours.example>", "X-Loop: bob@ours.example",
            "X-Auto-Response-Suppress: All", "Content-Type: multipart/report; report-type=delivery-status; boundary=x",
            "Content-Type: multipart/report; report-type=feedback-report; boundary=x",
            "Content-Type: message/delivery-status",
        ]
    ),
    max_size=8,
    unique=True,
)  # fmt: skip
BODIES = st.lists(
    st.sampled_from(
        [
            "We need chairs.", "This is the mail system at host mx.example.",
            "<anna@example.net>: 550 5.1.1 User unknown",
            "--x", "--x--", "Content-Type: message/delivery-status", "", "Final-Recipient: rfc822; anna@example.net",
            "Action: failed", "Action: delivered", "Status: 5.1.1", "Status: 4.9999.x",
            "Content-Type: message/feedback-report",
            "Original-Rcpt-To: anna@example.net", "Message-ID: <first.1@ours.example>",
            "Diagnostic-Code: smtp; 550 \x1b\x85 gone",
        ]
    )
    | st.text(max_size=40),
    max_size=14,
).map("\r\n".join)  # fmt: skip


def raw(fields: list[str], body: str) -> bytes:
    return "\r\n".join([*fields, "", body]).encode("utf-8", "replace")


@given(FIELDS, BODIES)
def test_whatever_the_kind_it_holds_what_a_kind_must(fields: list[str], body: str) -> None:
    assert not of_triage(classify(parse(raw(fields, body))))


@given(FIELDS, BODIES, st.integers(0, 2**32))
def test_the_order_and_the_case_of_fields_mean_nothing(fields: list[str], body: str, seed: int) -> None:
    names = [field.partition(":")[0] for field in fields]
    assume(len(set(names)) == len(names))
    shuffled = random.Random(seed).sample(fields, len(fields))
    shouted = [name.upper() + colon + value for name, colon, value in (field.partition(":") for field in shuffled)]
    assert classify(parse(raw(fields, body))) == classify(parse(raw(shouted, body)))


@given(FIELDS, BODIES)
def test_a_field_that_nobody_knows_means_nothing(fields: list[str], body: str) -> None:
    assume(fields)
    assert classify(parse(raw(fields, body))) == classify(parse(raw([*fields, "X-Nobody-Knows: 1"], body)))


@given(FIELDS, BODIES)
def test_a_machine_that_says_so_is_never_a_person(fields: list[str], body: str) -> None:
    others = [field for field in fields if not field.startswith("Auto-Submitted")]
    triage = classify(parse(raw([*others, "Auto-Submitted: auto-replied"], body)))
    assert triage.automatic is Automatic.AUTO
    assert triage.kind is not Kind.MESSAGE
