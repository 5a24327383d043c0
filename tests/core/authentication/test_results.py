"""Authentication-Results by tables (RFC 8601): what is read, and from whom it is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication.results import (
    LONGEST,
    TOLD_TWICE,
    MethodResult,
    domain_in,
    read_statements,
    results,
    trusted_results,
)
from postroom.core.authentication.signed import read_signed

OURS = "mx.us.example"


@pytest.mark.parametrize(
    ("value", "name", "found"),
    [
        ("mx.us.example; none", "mx.us.example", []),
        ("mx.us.example 1; spf=pass smtp.mailfrom=a@b.example", "mx.us.example",
         [("spf", "pass", {"smtp.mailfrom": "a@b.example"})]),
        ('"mx.us.example"; dkim=fail (bad; really) header.d="B.example" header.i = @b.example', "mx.us.example",
         [("dkim", "fail", {"header.d": "b.example", "header.i": "@b.example"})]),
        ("x (a (nested) comment); DMARC/1=Pass header.from=b.example; iprev=pass policy.iprev=192.0.2.1", "x",
         [("dmarc", "pass", {"header.from": "b.example"}), ("iprev", "pass", {"policy.iprev": "192.0.2.1"})]),
        ('x; dkim=pass reason="good; or not" header.d=a.example', "x", [("dkim", "pass", {"header.d": "a.example"})]),
        ('x; spf=pass smtp.mailfrom="a@b.example"@c.example', "x",
         [("spf", "pass", {"smtp.mailfrom": '"a@b.example"@c.example'})]),
        ('x; spf=pass smtp.mailfrom="a\\";dmarc=pass header.from=b.example;\\""@c.example', "x",
         [("spf", "pass", {"smtp.mailfrom": '"a\\";dmarc=pass header.from=b.example;\\""@c.example'})]),
        ('x; dkim=fail reason="a header.d=b.example" header.d=c.example', "x",
         [("dkim", "fail", {"header.d": "c.example"})]),
        ('x; spf=pass smtp.mailfrom=a."b header.from=c.example"@d.example', "x",
         [("spf", "pass", {"smtp.mailfrom": 'a."b header.from=c.example"@d.example'})]),
        ("x; spf=pass smtp.mailfrom=SRS0=ab=cd=b.example=a@c.example", "x",
         [("spf", "pass", {"smtp.mailfrom": "srs0=ab=cd=b.example=a@c.example"})]),
        ("x; spf=pass smtp.mailfrom= smtp.helo=b.example", "x",
         [("spf", "pass", {"smtp.mailfrom": "", "smtp.helo": "b.example"})]),
        ("x; spf=pass smtp.mailfrom=a@b.example(c)d.example", "x", [("spf", "pass", {"smtp.mailfrom": "a@b.example"})]),
        ("x; dmarc=fail (p=REJECT sp=none dis=none) header.from=b.example", "x",
         [("dmarc", "fail", {"policy.p": "reject", "policy.sp": "none", "header.from": "b.example"})]),
        ("x; dmarc=fail action=oreject header.from=b.example", "x",
         [("dmarc", "fail", {"action": "oreject", "header.from": "b.example"})]),
        ("x; dkim=pass header.d=a.example header.d=b.example", "x", [("dkim", "pass", {"header.d": TOLD_TWICE})]),
        ("x; dkim=pass header.d=a.example header.d=A.example", "x", [("dkim", "pass", {"header.d": "a.example"})]),
    ],
)  # fmt: skip
def test_what_a_field_says(value: str, name: str, found: list[tuple[str, str, dict[str, str]]]) -> None:
    assert results(value) == (name, tuple(MethodResult(*one) for one in found))


@pytest.mark.parametrize("value", ["", "  ", "; dkim=pass", "(only a comment)"])
def test_a_field_without_a_name_says_nothing(value: str) -> None:
    assert results(value) is None


@pytest.mark.parametrize(
    "value",
    [
        'x; spf=pass (of "a); dmarc=pass header.from=b.example; y=("@c.example) smtp.mailfrom=a@c.example',
        'x; spf=pass smtp.helo=" ; dkim=pass header.d=b.example',
        'x; spf=pass smtp.helo=\\" ; dkim=pass header.d=b.example; y="',
        "x; spf=pass smtp.helo=a\\; dmarc=fail header.from=b.example",
    ],
)
def test_a_field_that_can_be_read_in_two_ways_says_nothing(value: str) -> None:
    assert results(value) == ("x", ())


def test_a_field_is_not_cut_within_a_domain() -> None:
    long = "x; dkim=pass header.d=a.example; spf=pass smtp.mailfrom=" + "a" * LONGEST
    value = long[: LONGEST - len("@b.example")] + "@b.example.evil.example"
    assert value[:LONGEST].endswith("@b.example")
    assert results(value) == ("x", (MethodResult("dkim", "pass", {"header.d": "a.example"}),))


@pytest.mark.parametrize(
    ("value", "domain"),
    [
        ("a@b.example", "b.example"),
        ("b.example.", "b.example"),
        ("@b.example", "b.example"),
        ('"a@b.example"@c.example', "c.example"),
        ('"a\\"@b.example"@c.example', "c.example"),
        ('"a@b.example"', ""),
        ('a@b.example"c"', ""),
        (TOLD_TWICE, ""),
        ("", ""),
    ],
)
def test_the_domain_stands_behind_the_last_at_outside_of_quotes(value: str, domain: str) -> None:
    assert domain_in(value) == domain


RESULT = b"Authentication-Results: mx.us.example; dkim=pass header.d=acme.example\r\n"
OWN = b"Received: from acme.example by mx.us.example with ESMTP; now\r\n"
OTHER = b"Received: from x.example by relay.acme.example with ESMTP; then\r\n"
FORGED = b"Authentication-Results: mx.us.example; dkim=pass header.d=bank.example\r\n"


@pytest.mark.parametrize(
    ("head", "domains"),
    [
        (RESULT + OWN + OTHER, ["acme.example"]),
        (OWN + RESULT + OTHER, ["acme.example"]),
        (b"Received: by 192.0.2.7 with SMTP id 1; now\r\n" + OWN + RESULT + OTHER, ["acme.example"]),
        (OTHER + FORGED, []),
        (OWN + OTHER + FORGED, []),
        (RESULT + OWN + FORGED + OTHER, ["acme.example"]),
        (b"Authentication-Results: other.example; dkim=pass header.d=bank.example\r\n" + OWN, []),
        (FORGED, ["bank.example"]),
        (b"Received: from a (by mx.us.example) by evil.example; now\r\n" + FORGED, []),
        (b"Received: something else\r\n" + FORGED, []),
    ],
)
def test_only_what_stands_above_what_others_wrote_is_trusted(head: bytes, domains: list[str]) -> None:
    found = trusted_results(read_statements(read_signed(head + b"\r\nbody")), OURS)
    assert [one.properties["header.d"] for one in found] == domains


BY_US = b"Received: from mx.us.example (local socket) by desk.us.example with LMTP id 1; now\r\n"


@pytest.mark.parametrize(
    ("head", "believed"),
    [
        (BY_US + RESULT + OWN, True),
        (BY_US + OWN + RESULT, True),
        (BY_US + BY_US + RESULT, False),
        (OTHER + RESULT, True),
    ],
)
def test_what_our_own_door_wrote_above_is_passed_over(head: bytes, believed: bool) -> None:
    statements = read_statements(read_signed(head + b"\r\nbody"))
    assert bool(trusted_results(statements, OURS, own_received=1)) is believed
    assert not trusted_results(read_statements(read_signed(BY_US + head + b"\r\nbody")), OURS)


def test_without_a_trusted_name_nothing_is_believed() -> None:
    assert trusted_results(read_statements(read_signed(b"Authentication-Results: x; dkim=pass\r\n\r\n")), "") == ()


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    found = results(text)
    assert found is None or all(one.method and one.result for one in found[1])


@given(st.text(st.sampled_from('a @;"\\()=.\r\n') | st.characters(), max_size=60), st.booleans())
def test_no_local_part_speaks_for_the_server(local: str, told: bool) -> None:
    """Whatever stands in the quotes of an address, also where the server repeats it in a comment."""
    quoted = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    comment = f"({quoted} is allowed)" if told else ""
    found = results(f"x; spf=pass {comment} smtp.mailfrom={quoted}@evil.example; dkim=none")
    assert found is not None
    assert {one.method for one in found[1]} <= {"spf", "dkim"}
    for one in found[1]:
        assert set(one.properties) <= {"smtp.mailfrom", "policy.p", "policy.sp"}
        assert domain_in(one.properties.get("smtp.mailfrom", "")) in ("", "evil.example")


@given(st.text(st.sampled_from("a dmarc=pheri.fo;x=()\\"), max_size=60))
def test_nor_does_what_is_injected_by_a_comment(local: str) -> None:
    quoted = '"' + local.replace("\\", "\\\\") + '); dmarc=pass header.from=acme.example; x=("'
    found = results(f"x; spf=pass (of {quoted}@evil.example) smtp.mailfrom={quoted}@evil.example")
    assert found is not None
    assert not [one for one in found[1] if one.method == "dmarc"]
