"""Authentication of whatever comes: total, bounded, and nothing but a proof makes a mail verified."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication.dkim import evaluate_dkim, read_dkim
from postroom.core.authentication.dmarc import evaluate_dmarc
from postroom.core.authentication.dmarc_record import dmarc_records, parse_dmarc
from postroom.core.authentication.questions import drive
from postroom.core.authentication.results import results
from postroom.core.authentication.signed import (
    Field,
    read_signed,
    read_tags,
    relaxed_body,
    relaxed_header,
    simple_body,
    without_signature,
)
from postroom.core.authentication.signing_keys import BadKey, read_key
from postroom.core.authentication.spf import evaluate_spf
from postroom.core.authentication.spf_record import parse_spf
from postroom.core.authentication.verdict import Client, authenticate, by_seal, evidence, from_trusted
from tests.growing import MOST_GROWTH, grows
from tests.support.hostile_dns import HostileDns
from tests.support.invariants import SPF, of_verdict

from .signing import Signer, ed25519_key
from .tables import table

NOW = 1_700_000_000
CHANCES = st.integers(0, 2**32).map(random.Random)
HOSTS = st.sampled_from(
    ["example.com", "mail.example.com", "", "..", "é.example", "x" * 70 + ".example", "a.b.c.d.e.f.g.h.i"]
)
FIELDS = st.lists(
    st.sampled_from(
        [
            b"From: jane@example.com",
            b"From: a@b.example, c@d.example",
            b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.com; s=s1; h=from; bh=QUJD; b=QUJD",
            b"DKIM-Signature: v=1; a=ed25519-sha256; d=example.com; i=@a.example.com; s=s1; h=From:from; l=0; bh=; b=",
            b"DKIM-Signature: v=1; v=1; a=",
            b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=example.org; s=s1; b=QUJD",
            b"ARC-Message-Signature: i=1; a=rsa-sha256; d=example.org; s=s1; h=from; bh=QUJD; b=QUJD",
            b"ARC-Authentication-Results: i=1; mx.example.org; dmarc=pass header.from=example.com",
            b"Authentication-Results: mx.example.org; dkim=pass header.d=example.com",
            b'Authentication-Results: "mx.example.org" 1; spf=pass (a (b) smtp.mailfrom="a;b"',
            b"Received: by mx.example.org",
            b"Received: from a by mx.example.org",
            b" folded",
        ]
    )
    | st.binary(max_size=30),
    max_size=14,
)


@given(FIELDS, st.binary(max_size=100), CHANCES, HOSTS, HOSTS, st.sampled_from(["192.0.2.7", "2001:db8::7", "", "x"]))
def test_any_mail_by_any_client_has_a_verdict_whatever_dns_says(
    fields: list[bytes], body: bytes, chance: random.Random, helo: str, domain: str, ip: str
) -> None:
    proofs, dns = evidence(read_signed(b"\r\n".join([*fields, b"", body]))), HostileDns(chance)
    authors = ["example.com"] if chance.random() < 0.7 else ["a.example", domain]
    verdict = drive(authenticate(proofs, authors, Client(ip, helo, f"jane@{domain}"), NOW), dns.answer)
    assert not of_verdict(verdict, authors)
    assert not dns.faults
    assert dns.asked <= 400
    assert not of_verdict(by_seal(verdict, {"example.org"}), authors)
    told = from_trusted(proofs, authors, "mx.example.org")
    assert told is None or not of_verdict(told, authors, ours=False)


@given(st.binary(max_size=300), CHANCES, st.text(max_size=40))
def test_any_spf_record_ends_in_one_of_seven_results(record: bytes, chance: random.Random, sender: str) -> None:
    parse_spf(record)
    dns = HostileDns(chance)
    zone = {"example.com TXT": (b"v=spf1 " + record).decode("latin-1")}
    first = drive(evaluate_spf("192.0.2.7", "jane@example.com", "x"), table(zone))
    assert first.result in SPF - {""}
    assert drive(evaluate_spf("192.0.2.7", f"{sender}@example.com", sender), dns.answer).result in SPF - {""}
    assert not dns.faults


@given(st.binary(max_size=300), CHANCES, HOSTS)
def test_any_dmarc_record_is_read(record: bytes, chance: random.Random, author: str) -> None:
    parse_dmarc(record)
    assert dmarc_records([b"v=DMARC1;" + record]) == [b"v=DMARC1;" + record]
    result = drive(evaluate_dmarc(author, "example.com", ["a.example", "example.com"]), HostileDns(chance).answer)
    assert result.result in {"none", "pass", "fail", "temperror"}


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda data: b"v=DKIM1; k=rsa; p=" + data))
def test_any_record_is_a_key_or_says_why_not(record: bytes) -> None:
    assert key_or_why(record)


def key_or_why(record: bytes) -> bytes | str:
    try:
        return read_key(record).data
    except BadKey as bad:
        return str(bad)


@given(
    st.text(max_size=300)
    | st.lists(st.sampled_from([*'();="\\ /.-ab1\t', "dkim=pass", "header.d"]), max_size=40).map("".join)
)
def test_any_statement_is_read(value: str) -> None:
    found = results(value)
    if found is not None:
        assert found[0] == found[0].lower()
        assert all(one.method and one.result for one in found[1])


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"\r", b"\n", b"bc"]), max_size=40).map(b"".join))
def test_canonical_forms_are_their_own(body: bytes) -> None:
    for form in (simple_body, relaxed_body):
        assert form(form(body)) == form(body)
    signed = read_signed(b"A: " + body.strip() + b"\r\n\r\n" + body)
    for field in signed.fields:
        once = relaxed_header(field)
        assert relaxed_header(Field(field.name, once)) == once
        assert without_signature(without_signature(field)) == without_signature(field)


@given(st.binary(max_size=200))
def test_any_field_is_a_list_of_tags_or_none(value: bytes) -> None:
    tags = read_tags(value)
    assert tags is None or all(name and text == text.strip() for name, text in tags.items())


LETTER = (
    b"From: jane@example.com\r\nTo: bob@ours.example\r\nSubject: Chairs\r\nDate: today\r\n\r\nWe need two chairs.\r\n"
)


@given(st.integers(0, 10**6), st.integers(1, 255), st.sampled_from(["simple/simple", "simple/relaxed"]))
def test_no_byte_of_what_is_signed_can_be_changed(place: int, change: int, form: str) -> None:
    signer = Signer(domain="example.com", key=ed25519_key(), form=form)
    whole = signer.sign(LETTER)
    at = (
        len(whole) - len(LETTER) + place % (len(LETTER) - 2)
    )  # but the last line break, of which one is as good as none
    changed = bytearray(whole)
    changed[at] ^= change
    [before] = drive(evaluate_dkim(read_dkim(read_signed(whole)), NOW), table(signer.zone))
    after = drive(evaluate_dkim(read_dkim(read_signed(bytes(changed))), NOW), table(signer.zone))
    assert before.result == "pass"
    same = (relaxed_body if form.endswith("relaxed") else simple_body)(read_signed(bytes(changed)).body)
    if read_signed(bytes(changed)).fields != read_signed(whole).fields or same != LETTER.partition(b"\r\n\r\n")[2]:
        assert all(one.result != "pass" for one in after)


HOSTILE = {
    "signatures": b"DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=QUJD; b=QUJD\r\n",
    "names in h": b"DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; bh=QUJD; b=QUJD; h=from"
    + b":from" * 3000
    + b"\r\n",
    "tags": b"DKIM-Signature: " + b"a=b; " * 3000 + b"\r\n",
    "empty b": b"DKIM-Signature: " + b"b" * 3000 + b"=;\r\n",
    "blanks": b"DKIM-Signature: v=1;" + b" \t" * 4000 + b"x\r\n",
    "seals": b"ARC-Seal: i=1; cv=none; a=rsa-sha256; d=a.example; s=s; b=QUJD\r\n",
    "statements": b"Authentication-Results: a; " + b"dkim=pass (" * 800 + b"\r\n",
    "quotes": b"Authentication-Results: a; " + b'";' * 4000 + b"\r\n",
    "hops": b"Received: by a by b by c by d\r\n",
    "folds": b"From: a\r\n" + b" \r\n" * 2000,
    "line ends": b"\n\r",
    "empty lines": b"\r\n\r\n",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_crafted_fields_cost_as_much_a_byte_when_there_are_many(piece: bytes) -> None:
    whole = b"From: a@a.example\r\n" + piece * (400_000 // len(piece))
    assert grows(lambda raw: evidence(read_signed(raw)), whole) < MOST_GROWTH
