"""DMARC by tables and properties (RFC 9989)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication.dmarc import DmarcResult, evaluate_dmarc, walk, walk_names
from postroom.core.authentication.dmarc_record import dmarc_records, parse_dmarc
from postroom.core.authentication.questions import Answer, Question, drive
from tests.core.authentication.tables import UNKNOWN, Zone, table

REJECT = "v=DMARC1; p=reject"
NP: Zone = {"_dmarc.acme.example TXT": "v=DMARC1; p=none; np=reject"}


def dmarc(zone: Zone, author: str = "acme.example", spf: str = "", dkim: tuple[str, ...] = ()) -> DmarcResult:
    return drive(evaluate_dmarc(author, spf, dkim), table(zone))


def test_a_walk_takes_eight_names_at_most() -> None:
    assert walk_names("a.b.example") == ["a.b.example", "b.example", "example"]
    long = walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com")
    assert long[:2] == ["a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com"]
    assert (len(long), long[-1]) == (8, "com")


@pytest.mark.parametrize(
    ("zone", "organizational"),
    [
        ({}, "a.mail.acme.example"),
        ({"_dmarc.mail.acme.example TXT": REJECT, "_dmarc.acme.example TXT": REJECT}, "acme.example"),
        ({"_dmarc.mail.acme.example TXT": f"{REJECT}; psd=n", "_dmarc.acme.example TXT": REJECT}, "mail.acme.example"),
        ({"_dmarc.example TXT": f"{REJECT}; psd=y"}, "acme.example"),
        ({"_dmarc.a.mail.acme.example TXT": f"{REJECT}; psd=y"}, "a.mail.acme.example"),
        ({"_dmarc.acme.example TXT": [REJECT, REJECT], "_dmarc.mail.acme.example TXT": REJECT}, "mail.acme.example"),
    ],
)
def test_where_an_organisation_begins(zone: Zone, organizational: str) -> None:
    assert drive(walk("a.mail.acme.example"), table(zone)).organizational == organizational


@pytest.mark.parametrize(
    ("zone", "author", "policy", "found_at"),
    [
        ({"_dmarc.acme.example TXT": REJECT}, "acme.example", "reject", "acme.example"),
        ({"_dmarc.acme.example TXT": REJECT}, "mail.acme.example", "reject", "acme.example"),
        ({"_dmarc.acme.example TXT": f"{REJECT}; sp=none"}, "mail.acme.example", "none", "acme.example"),
        ({"_dmarc.acme.example TXT": f"{REJECT}; sp=none"}, "acme.example", "reject", "acme.example"),
        (NP, "x.acme.example", "reject", "acme.example"),
        ({**NP, "x.acme.example MX": "a.example"}, "x.acme.example", "none", "acme.example"),
        ({**NP, "x.acme.example A": UNKNOWN}, "x.acme.example", "none", "acme.example"),
        ({"_dmarc.acme.example TXT": f"{REJECT}; t=y"}, "acme.example", "quarantine", "acme.example"),
        ({"_dmarc.acme.example TXT": "v=DMARC1; p=quarantine; t=y"}, "acme.example", "none", "acme.example"),
        ({"_dmarc.example TXT": f"{REJECT}; psd=y; sp=quarantine"}, "acme.example", "quarantine", "example"),
        ({"_dmarc.acme.example TXT": "v=DMARC1; p=maybe; rua=mailto:a@b"}, "acme.example", "none", "acme.example"),
        ({"_dmarc.acme.example TXT": f"{REJECT}; sp=x; rua=mailto:a@b"}, "acme.example", "none", "acme.example"),
        ({"_dmarc.acme.example TXT": [REJECT, "other"]}, "acme.example", "reject", "acme.example"),
    ],
)  # fmt: skip
def test_which_policy_applies(zone: Zone, author: str, policy: str, found_at: str) -> None:
    result = dmarc(zone, author)
    assert (result.result, result.policy, result.found_at) == ("fail", policy, found_at), result.trace


@pytest.mark.parametrize(
    "record",
    [
        "v=DMARC1",
        "v=DMARC1; p=maybe",
        "v=dmarc1; p=reject",
        "p=reject; v=DMARC1",
        "v=DMARC12; p=reject",
        "v=DMARC1; p=none; sp=x",
    ],
)
def test_records_that_are_passed_over(record: str) -> None:
    assert dmarc({"_dmarc.acme.example TXT": record}).result == "none"


@pytest.mark.parametrize(
    ("tags", "spf", "dkim", "expected"),
    [
        ("", "acme.example", "", "pass"),
        ("", "bounce.acme.example", "", "pass"),
        ("", "", "mail.acme.example", "pass"),
        ("", "ACME.example.", "", "pass"),
        ("", "other.example", "notacme.example", "fail"),
        ("; aspf=s", "bounce.acme.example", "", "fail"),
        ("; aspf=s", "bounce.acme.example", "bounce.acme.example", "pass"),
        ("; adkim=S", "", "mail.acme.example", "fail"),
        ("; adkim=s; aspf=s", "acme.example", "", "pass"),
        ("", "own.acme.example", "", "fail"),
    ],
)
def test_alignment(tags: str, spf: str, dkim: str, expected: str) -> None:
    zone = {"_dmarc.acme.example TXT": REJECT + tags, "_dmarc.own.acme.example TXT": "v=DMARC1; p=none; psd=n"}
    result = dmarc(zone, spf=spf, dkim=(dkim,) if dkim else ())
    assert result.result == expected, result.trace


@pytest.mark.parametrize("silent", ["_dmarc.mail.acme.example", "_dmarc.acme.example", "_dmarc.example"])
def test_what_could_not_be_asked_is_never_no_policy(silent: str) -> None:
    result = dmarc({f"{silent} TXT": UNKNOWN}, "mail.acme.example")
    assert result.result == "temperror"
    assert any("could not be asked for" in step["text"] for step in result.trace)


def test_a_silence_above_does_not_hide_the_domains_own_policy() -> None:
    zone: Zone = {"_dmarc.acme.example TXT": REJECT, "_dmarc.example TXT": UNKNOWN}
    assert dmarc(zone).result == "fail"
    assert dmarc(zone, spf="acme.example").result == "pass"
    assert dmarc(zone, spf="mail.acme.example").result == "temperror"


def test_foreign_domains_cost_no_question() -> None:
    asked: list[Question] = []
    drive(
        evaluate_dmarc("acme.example", "a.b.c.d.evil.example", ["x.evil.example"] * 50),
        table({"_dmarc.acme.example TXT": REJECT}, asked),
    )
    assert [question.name for question in asked] == ["_dmarc.acme.example", "_dmarc.example"]


def test_tags() -> None:
    record = parse_dmarc(
        b"v=DMARC1 ;p = Reject; P=none; p=none; adkim=s;; psd=Y;t=y; "
        b"rua=mailto:a@b.example!10m, nonsense,https://x.example/; pct=0;x"
    )
    assert (record.p, record.strict_dkim, record.strict_spf, record.psd, record.testing) == (
        "reject",
        True,
        False,
        "y",
        True,
    )
    assert record.rua == ("mailto:a@b.example!10m", "https://x.example/")


NAMES = st.lists(st.sampled_from(["a", "b", "mail", "é", "x" * 64, ""]), max_size=14).map(".".join)
TEXTS = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(
        ["p=reject", "p=x", "sp=none", "np=reject", "psd=y", "psd=n", "t=y", "aspf=s", "rua=mailto:a@b", "=", "x"]
    ))
    .map(lambda tags: "; ".join(["v=DMARC1", *tags]).encode()),
)  # fmt: skip
ANSWERS = st.one_of(
    st.sampled_from([UNKNOWN, Answer("no data"), Answer("no domain")]),
    st.lists(TEXTS, min_size=1, max_size=2).map(lambda texts: Answer("found", texts=tuple(texts))),
)


@given(NAMES, NAMES, st.lists(NAMES, max_size=3), st.data())
def test_every_evaluation_ends_in_a_result_within_its_limits(
    author: str, spf: str, dkim: list[str], data: st.DataObject
) -> None:
    asked: list[Question] = []

    def answer(question: Question) -> Answer:
        asked.append(question)
        return data.draw(ANSWERS)

    result = drive(evaluate_dmarc(author, spf, dkim), answer)
    assert result.result in {"none", "pass", "fail", "temperror"}
    assert (result.result in {"pass", "fail"}) <= (result.policy in {"none", "quarantine", "reject"})
    assert len(asked) <= 8 * (2 + len(dkim)) + 1


@given(TEXTS)
def test_records_are_read_without_a_raise(text: bytes) -> None:
    assert all(parse_dmarc(one) == parse_dmarc(one) for one in dmarc_records([text]))
    parse_dmarc(text)
