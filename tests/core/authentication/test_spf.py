"""SPF by tables and properties; the corpora have the long list of cases."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication.questions import Answer, Question, askable, drive
from postroom.core.authentication.spf import MOST_LOOKUPS, MOST_NAMES, Result, SpfResult, evaluate_spf
from postroom.core.authentication.spf_macros import as_domain, expand, valid_domain_spec
from postroom.core.authentication.spf_record import parse_spf, spf_records
from tests.core.authentication.tables import UNKNOWN, Zone, table

RESULTS = set(get_args(Result))
VALUES = {"s": "jo.doe+x@acme.example", "l": "jo.doe+x", "o": "acme.example", "d": "acme.example", "i": "192.0.2.3",
          "h": "mx.acme.example", "p": "mx.acme.example", "v": "in-addr"}  # fmt: skip


def spf(zone: Zone, ip: str = "192.0.2.3", sender: str = "jo@acme.example", helo: str = "mx.acme.example") -> SpfResult:
    return drive(evaluate_spf(ip, sender, helo), table(zone))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 ip4:192.0.2.0/31 -all", "fail"),
        ("v=spf1 ip6:2001:db8::/32 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1", "neutral"),
        ("v=spf1 -IP4:192.0.2.3 +ALL", "fail"),
        ("v=spf1 a -all", "pass"),
        ("v=spf1 a/30 -all", "pass"),
        ("v=spf1 a:other.example/24 -all", "pass"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 ptr -all", "pass"),
        ("v=spf1 ptr:other.example -all", "fail"),
        ("v=spf1 include:yes.example -all", "pass"),
        ("v=spf1 include:no.example ~all", "softfail"),
        ("v=spf1 include:nobody.example -all", "permerror"),
        ("v=spf1 include:silent.example -all", "temperror"),
        ("v=spf1 redirect=yes.example", "pass"),
        ("v=spf1 redirect=no.example", "fail"),
        ("v=spf1 redirect=nobody.example", "permerror"),
        ("v=spf1 +all redirect=no.example", "pass"),
        ("v=spf1 exists:%{ir}.list.example -all", "pass"),
        ("v=spf1 exists:%{i}.list.example -all", "fail"),
        ("v=spf1 a:silent.example -all", "temperror"),
        ("v=spf1 ip4:192.0.2.3 a:silent.example -all", "pass"),
        ("v=spf1 a:n1.example a:n2.example ip4:192.0.2.3", "pass"),
        ("v=spf1 a:n1.example a:n2.example a:n3.example ip4:192.0.2.3", "permerror"),
        ("v=spf1 " + "a:far.example " * 10 + "ip4:192.0.2.3", "pass"),
        ("v=spf1 " + "a:far.example " * 11 + "ip4:192.0.2.3", "permerror"),
        ("v=spf1 include:loop.example", "permerror"),
        ("v=spf1 mx:many.example +all", "permerror"),
        ("v=spf1 bogus +all", "permerror"),
        ("v=spf1 ip4:192.0.2.300 +all", "permerror"),
        ("v=spf1 ip4:2001:db8::1 +all", "permerror"),
        ("v=spf1 ip6:192.0.2.3 +all", "permerror"),
        ("v=spf1 ip4:192.0.2.3 redirect=a.example redirect=a.example", "permerror"),
        ("v=spf1 unknown=%{x} +all", "permerror"),
        ("v=spf1 unknown=word +all", "pass"),
    ],
)
def test_terms(record: str, expected: str) -> None:
    zone: Zone = {
        "acme.example TXT": ["google-site-verification=x", record],
        "acme.example A": "192.0.2.1",
        "acme.example MX": ["mx1.acme.example", "mx2.acme.example"],
        "mx1.acme.example A": "198.51.100.1",
        "mx2.acme.example A": "192.0.2.3",
        "other.example A": ["198.51.100.9", "192.0.2.77"],
        "far.example A": "198.51.100.10",
        "3.2.0.192.in-addr.arpa PTR": ["liar.example", "mx2.acme.example"],
        "yes.example TXT": "v=spf1 ip4:192.0.2.3 -all",
        "no.example TXT": "v=spf1 -all",
        "loop.example TXT": "v=spf1 include:loop.example",
        "silent.example TXT": UNKNOWN,
        "silent.example A": UNKNOWN,
        "3.2.0.192.list.example A": "127.0.0.2",
        "many.example MX": [f"mx{number}.many.example" for number in range(MOST_NAMES + 1)],
    }
    if "a/30" in record:
        zone = {**zone, "acme.example A": "192.0.2.2"}
    if record == "v=spf1 a -all":
        zone = {**zone, "acme.example A": ["198.51.100.1", "192.0.2.3"]}
    result = spf(zone)
    assert result.result == expected, result.trace
    assert result.record in {record, ""}
    assert result.trace


@pytest.mark.parametrize(
    ("zone", "sender", "expected"),
    [
        ({}, "jo@acme.example", "none"),
        ({"acme.example TXT": None}, "jo@acme.example", "none"),
        ({"acme.example TXT": "v=spf10 +all"}, "jo@acme.example", "none"),
        ({"acme.example TXT": UNKNOWN}, "jo@acme.example", "temperror"),
        ({"acme.example TXT": ["v=spf1 +all", "v=spf1 -all"]}, "jo@acme.example", "permerror"),
        ({"acme.example TXT": "v=spf1 +all"}, "jo@Acme.Example.", "pass"),
        ({"mx.acme.example TXT": "v=spf1 +all"}, "", "pass"),
        ({"com TXT": "v=spf1 +all"}, "jo@com", "none"),
        ({}, "jo@[192.0.2.3]", "none"),
        ({}, f"jo@{'x' * 64}.example", "none"),
        ({}, "jo@a..example", "none"),
    ],
)
def test_which_record(zone: Zone, sender: str, expected: str) -> None:
    assert spf(zone, sender=sender).result == expected


def test_what_could_not_be_asked_is_said_and_not_called_no_record() -> None:
    result = spf({"acme.example TXT": UNKNOWN})
    assert "could not be asked for (the resolver was silent)" in result.trace[-1]["text"]


def test_an_unreadable_address_has_no_result() -> None:
    assert spf({"acme.example TXT": "v=spf1 +all"}, ip="here").result == "none"


@pytest.mark.parametrize("ip", ["::ffff:192.0.2.3", "192.0.2.3"])
def test_a_mapped_address_is_an_ipv4_address(ip: str) -> None:
    assert spf({"acme.example TXT": "v=spf1 ip4:192.0.2.3 -all"}, ip=ip).result == "pass"


def test_a_domain_explains_its_fail_in_its_own_words() -> None:
    zone = {
        "acme.example TXT": "v=spf1 exp=why.acme.example -all",
        "why.acme.example TXT": "%{i} may not send for %{d}",
    }
    assert spf(zone).explanation == "192.0.2.3 may not send for acme.example"
    assert spf({**zone, "why.acme.example TXT": UNKNOWN}).explanation == ""
    assert spf({**zone, "why.acme.example TXT": "100 % wrong"}).explanation == ""
    assert spf({**zone, "why.acme.example TXT": "%{s}" * 16_000}).explanation == "", "it would be a megabyte"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%{s}", "jo.doe+x@acme.example"),
        ("%{d2}", "acme.example"),
        ("%{d1}", "example"),
        ("%{dr}", "example.acme"),
        ("%{l-}", "jo.doe+x"),
        ("%{l+r}", "%{l+r}"),
        ("%{lr+}", "x.jo.doe"),
        ("%{l1r+}", "jo.doe"),
        ("%{S}", "jo.doe%2Bx%40acme.example"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.acme.example"),
        ("a%%b%_c%-d", "a%b c%20d"),
    ],
)
def test_macros(text: str, expected: str) -> None:
    assert expand(text, VALUES) == expected


@pytest.mark.parametrize(
    "text", ["a.example", "a.example.", "%{d}", "x.%{d}", "%{ir}.%{v}.arpa", "a_b.c-d.example", "a%%"]
)
def test_domain_specs(text: str) -> None:
    assert valid_domain_spec(text)


@pytest.mark.parametrize(
    "text", ["", "a", "a.1", "a.-b", "a.b-", "%{x}", "%{c}", "%{d}x", "a b.c", "%", "%a.b", "é.example", "%{d0}"]
)
def test_no_domain_specs(text: str) -> None:
    assert not valid_domain_spec(text)


RECORDS = st.one_of(
    st.binary(max_size=80),
    st.lists(
        st.sampled_from(
            ["a", "mx", "ptr", "-all", "?all", "ip4:192.0.2.3", "ip6:::1/0", "include:a.b", "include:%{d}", "%", "",
             "redirect=a.b", "exists:%{p}.a.b", "exp=a.b", "a:%{l}.a.b/24//64", "x=%{s}", "mx:%{h}", "bogus",
             "a:%{ir}.%{v}.arpa"]
        ),
        max_size=25,
    ).map(lambda terms: " ".join(["v=spf1", *terms]).encode()),
)  # fmt: skip
ANSWERS = st.one_of(
    st.sampled_from([UNKNOWN, Answer("no data"), Answer("no domain")]),
    st.lists(RECORDS, min_size=1, max_size=3).map(lambda texts: Answer("found", texts=tuple(texts))),
    st.lists(st.sampled_from(["192.0.2.3", "::1", "a.b", "", "x" * 300, "é.b"]), min_size=1, max_size=12).map(
        lambda values: Answer("found", tuple(values))
    ),
)
WORDS = st.one_of(st.text(max_size=40), st.sampled_from(["jo@a.b", "@a.b", "a.b", "", "x.y@a.b.c"]))


@given(st.sampled_from(["192.0.2.3", "2001:db8::1", "::ffff:1.2.3.4", "fe80::1%eth0", "?"]), WORDS, WORDS, st.data())
def test_every_evaluation_ends_in_a_result_within_its_limits(
    ip: str, sender: str, helo: str, data: st.DataObject
) -> None:
    asked: list[Question] = []
    known: dict[Question, Answer] = {}

    def answer(question: Question) -> Answer:
        asked.append(question)
        assert askable(question.name)
        return known.setdefault(question, data.draw(ANSWERS) if question not in known else known[question])

    result = drive(evaluate_spf(ip, sender, helo), answer)
    assert result.result in RESULTS
    assert all(step["text"] for step in result.trace)
    # each counted term asks for one name and at most ten more; %{p} once for a name and ten more; the record; exp
    assert len(asked) <= (MOST_LOOKUPS + 3) * (2 + MOST_NAMES)


@given(RECORDS)
def test_records_are_read_without_a_raise(record: bytes) -> None:
    for one in spf_records([record]):
        parsed = parse_spf(one)
        assert not (parsed.error and parsed.directives)
        assert parse_spf(one) == parsed


@given(st.text(alphabet="ab.", max_size=600))
def test_a_long_name_is_cut_from_the_left(text: str) -> None:
    name = as_domain(text)
    assert text.removesuffix(".").endswith(name)
    assert len(name) <= 253 or "." not in name


@pytest.mark.parametrize(
    "text", ["a:" + "%{d}" * 400 + "!", "a:" + "." * 900, "a/" + "1" * 900, "%{" * 400, "ip4:" + "1." * 450]
)
def test_hostile_terms_cost_little(text: str) -> None:
    record = b"v=spf1 " + b" ".join([text.encode()] * 60)
    assert parse_spf(record + b" -all").text.startswith("v=spf1")


def test_a_record_of_thousands_of_terms_is_not_read() -> None:
    record = "v=spf1 " + "ip4:192.0.2.9 " * 600 + "+all"
    assert spf({"acme.example TXT": record}).result == "permerror"
    assert spf({"acme.example TXT": record.replace("ip4:192.0.2.9 " * 300, "", 1)}).result == "pass"
