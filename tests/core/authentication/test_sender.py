"""What DNS tells of a sender: each verdict of each method, the words, and what is worth publishing."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication.questions import Answer, Question, drive
from postroom.core.authentication.sender import Check, Sender, check_sender
from tests.core.authentication.tables import UNKNOWN, Zone, table

SENDER = Sender("acme.example", "acme.example", "relay.example")
HOST: Zone = {"relay.example A": "192.0.2.3", "relay.example AAAA": "2001:db8::3"}
LISTED = "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"
POLICY = "v=DMARC1; p=reject"
GOOD: Zone = {**HOST, "acme.example TXT": LISTED, "_dmarc.acme.example TXT": POLICY}


def checks(zone: Zone, sender: Sender = SENDER) -> dict[str, Check]:
    return {check.method: check for check in drive(check_sender(sender), table(zone))}


def test_all_is_well() -> None:
    told = checks(GOOD)
    assert {method: check.verdict for method, check in told.items()} == {
        "SPF": "aligned",
        "DKIM": "cannot be told",
        "DMARC": "aligned",
    }
    assert told["SPF"].text == "acme.example lets relay.example send: every address that DNS gives for it is listed."
    assert (told["SPF"].record, told["SPF"].at, told["SPF"].publish) == (LISTED, "acme.example", "")
    assert told["DMARC"].text == "DMARC of acme.example would pass by SPF; the policy is reject."
    assert (told["DMARC"].record, told["DMARC"].at) == (POLICY, "_dmarc.acme.example")


@pytest.mark.parametrize(
    ("zone", "verdict", "words", "publish"),
    [
        ({**HOST, "acme.example TXT": None}, "no record", "no SPF record", "v=spf1 a:relay.example ~all"),
        ({**HOST}, "no record", "no SPF record", "v=spf1 a:relay.example ~all"),
        ({**GOOD, "acme.example TXT": "v=spf1 mx -all"}, "not aligned", "list 192.0.2.3 of relay.example (fail)",
         "v=spf1 mx a:relay.example -all"),
        ({**GOOD, "acme.example TXT": "v=spf1 ip4:192.0.2.3 ~all"}, "not aligned", "does not list 2001:db8::3",
         "v=spf1 ip4:192.0.2.3 a:relay.example ~all"),
        ({**GOOD, "acme.example TXT": "v=spf1 bogus"}, "not aligned", "is wrong, and receivers pass it over", ""),
        ({**GOOD, "acme.example TXT": [LISTED, LISTED]}, "not aligned", "publishes 2 SPF records", ""),
        ({**GOOD, "acme.example TXT": UNKNOWN}, "could not ask", "the resolver was silent", ""),
        ({**GOOD, "relay.example A": UNKNOWN, "relay.example AAAA": UNKNOWN}, "could not ask",
         "The addresses of relay.example", ""),
        ({**GOOD, "relay.example AAAA": UNKNOWN}, "could not ask", "could be asked for: the resolver was silent",
         ""),
        ({**GOOD, "relay.example AAAA": UNKNOWN, "acme.example TXT": "v=spf1 -all"}, "not aligned",
         "does not list 192.0.2.3", "v=spf1 a:relay.example -all"),
        ({"acme.example TXT": LISTED}, "cannot be told", "relay.example has no address in DNS", ""),
    ],
)  # fmt: skip
def test_spf(zone: Zone, verdict: str, words: str, publish: str) -> None:
    check = checks(zone)["SPF"]
    assert check.verdict == verdict
    assert words in check.text
    assert check.publish == publish
    assert check.publish_at == ("acme.example" if publish else "")


@pytest.mark.parametrize(
    ("sender", "publish"),
    [
        (replace(SENDER, host="192.0.2.9"), "v=spf1 mx ip4:192.0.2.9 -all"),
        (replace(SENDER, host="[2001:db8::9]"), "v=spf1 mx ip6:2001:db8::9 -all"),
        (replace(SENDER, addresses=("192.0.2.9",)), "v=spf1 mx a:relay.example -all"),
        (replace(SENDER, include="_spf.provider.example"), "v=spf1 mx include:_spf.provider.example -all"),
    ],
)
def test_what_to_publish_names_the_server_as_it_is_known(sender: Sender, publish: str) -> None:
    assert checks({**GOOD, "acme.example TXT": "v=spf1 mx -all"}, sender)["SPF"].publish == publish


@pytest.mark.parametrize(
    ("zone", "verdict"),
    [
        ({"acme.example TXT": "v=spf1 include:_spf.provider.example ~all"}, "aligned"),
        ({"acme.example TXT": "v=spf1 redirect=_spf.provider.example"}, "aligned"),
        ({"acme.example TXT": "v=spf1 include:all.example ~all",
          "all.example TXT": "v=spf1 include:x.example include:_spf.provider.example"}, "aligned"),
        ({"acme.example TXT": "v=spf1 include:all.example ~all", "all.example TXT": UNKNOWN}, "could not ask"),
        ({"acme.example TXT": "v=spf1 include:all.example ~all",
          "all.example TXT": "v=spf1 include:all.example"}, "not aligned"),
        ({"acme.example TXT": "v=spf1 ~all"}, "not aligned"),
        ({"acme.example TXT": "hello"}, "no record"),
        ({"acme.example TXT": UNKNOWN}, "could not ask"),
    ],
)  # fmt: skip
def test_spf_of_a_provider_is_what_it_asks_to_be_included(zone: Zone, verdict: str) -> None:
    assert checks(zone, replace(SENDER, include="_spf.provider.example"))["SPF"].verdict == verdict


@pytest.mark.parametrize(
    ("envelope", "tags", "verdict"),
    [
        ("bounce.acme.example", "", "aligned"),
        ("bounce.acme.example", "; aspf=s", "not aligned"),
        ("relay.example", "", "not aligned"),
        ("", "", "not aligned"),
    ],
)
def test_spf_vouches_for_the_from_only_where_domains_belong_together(envelope: str, tags: str, verdict: str) -> None:
    zone = {**GOOD, "_dmarc.acme.example TXT": POLICY + tags}
    zone |= {f"{envelope} TXT": LISTED} if envelope else {}
    told = checks(zone, replace(SENDER, envelope_domain=envelope))
    assert (told["SPF"].verdict, told["DMARC"].verdict) == (verdict, verdict)


def test_without_a_policy_a_subdomain_is_taken_for_the_same_organisation() -> None:
    zone: Zone = {**HOST, "bounce.acme.example TXT": LISTED, "relay.example TXT": LISTED}
    assert checks(zone, replace(SENDER, envelope_domain="bounce.acme.example"))["SPF"].verdict == "aligned"
    assert checks(zone, replace(SENDER, envelope_domain="relay.example"))["SPF"].verdict == "not aligned"


@pytest.mark.parametrize(
    ("zone", "verdict", "words", "publish"),
    [
        (HOST, "no record", "Nobody publishes a DMARC policy", "v=DMARC1; p=none; rua=mailto:postmaster@acme.example"),
        ({**HOST, "_dmarc.acme.example TXT": "v=DMARC1"}, "no record", "has no valid policy",
         "v=DMARC1; p=none; rua=mailto:postmaster@acme.example"),
        ({**GOOD, "_dmarc.acme.example TXT": UNKNOWN}, "could not ask", "could not be asked for", ""),
        ({**GOOD, "acme.example TXT": "v=spf1 -all"}, "not aligned", "reject, so receivers are asked to refuse it", ""),
        ({**GOOD, "acme.example TXT": UNKNOWN}, "could not ask", "not all could be asked", ""),
    ],
)  # fmt: skip
def test_dmarc(zone: Zone, verdict: str, words: str, publish: str) -> None:
    check = checks(zone)["DMARC"]
    assert (check.verdict, check.publish) == (verdict, publish)
    assert words in check.text


@pytest.mark.parametrize(
    ("key", "verdict"),
    [
        ("v=DKIM1; k=rsa; p=MIGf", "aligned"),
        ("v=DKIM1; p=", "not aligned"),
        (None, "no record"),
        (UNKNOWN, "could not ask"),
    ],
)
def test_dkim_of_a_known_selector(key: str | Answer | None, verdict: str) -> None:
    zone: Zone = {**GOOD, "acme.example TXT": "v=spf1 -all", "s1._domainkey.acme.example TXT": key}
    told = checks(zone, replace(SENDER, selectors=("s1",)))
    assert told["DKIM"].verdict == verdict
    assert told["DMARC"].verdict == (verdict if verdict in {"aligned", "could not ask"} else "not aligned")


def test_predictable_questions_are_asked_together() -> None:
    first = next(check_sender(replace(SENDER, selectors=("s1",))))
    assert {f"{question.name} {question.type}" for question in first} == {
        "_dmarc.acme.example TXT", "_dmarc.example TXT", "acme.example TXT", "relay.example A", "relay.example AAAA",
        "s1._domainkey.acme.example TXT",
    }  # fmt: skip


TEXTS = [LISTED, "v=spf1 -all", "v=spf1 include:acme.example", POLICY, "v=DMARC1; p=none; psd=y", "p=", "\xff"]
ANSWERS = st.one_of(
    st.sampled_from([UNKNOWN, Answer("no data"), Answer("no domain"), Answer("found", ("192.0.2.3",))]),
    st.sampled_from(TEXTS).map(lambda text: Answer("found", texts=(text.encode("latin-1"),))),
)  # fmt: skip
DOMAINS = st.one_of(st.sampled_from(["acme.example", "mail.acme.example", "", "x" * 70, "a..b"]), st.text(max_size=12))


@given(
    st.builds(
        Sender,
        DOMAINS,
        DOMAINS,
        st.one_of(DOMAINS, st.just("192.0.2.1")),
        st.one_of(st.none(), st.just(("192.0.2.1", "::1")), st.just(())),
        st.sampled_from(["", "_spf.provider.example"]),
        st.sampled_from([(), ("s1", "s2")]),
    ),
    st.data(),
)
def test_every_check_ends_with_a_verdict_and_a_sentence(sender: Sender, data: st.DataObject) -> None:
    count = itertools.count()

    def answer(question: Question) -> Answer:
        assert next(count) < 300
        return data.draw(ANSWERS)

    for check in drive(check_sender(sender), answer):
        assert check.text.endswith(".")
        assert bool(check.publish) <= bool(check.publish_at)


@given(st.sampled_from([SENDER, replace(SENDER, include="x.example"), replace(SENDER, selectors=("s1",))]))
def test_silence_is_never_called_a_missing_record(sender: Sender) -> None:
    told = drive(check_sender(sender), lambda question: UNKNOWN)
    assert {check.verdict for check in told} <= {"could not ask", "cannot be told"}
    assert told[0].verdict == told[2].verdict == "could not ask"
