"""DKIM by tables and properties, and against dkimpy (RFC 6376, RFC 8301, RFC 8463)."""

from __future__ import annotations

import dkim as oracle  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.core.authentication.dkim import MOST_SIGNATURES, Signature, evaluate_dkim, read_dkim
from postroom.core.authentication.questions import drive
from postroom.core.authentication.signed import read_signed, read_tags, relaxed_body, simple_body
from tests.core.authentication.signing import Signer, ed25519_key, record, rsa_key
from tests.core.authentication.tables import UNKNOWN, Zone, table

NOW = 1_700_000_000
MAIL = (
    b"From: Ada <ada@acme.example>\r\nTo: sales@us.example\r\nSubject: An offer\r\n"
    b"Date: Mon, 13 Nov 2023 10:00:00 +0000\r\n\r\nHello,\r\n  two  blanks and a tab\t\r\nBye\r\n\r\n\r\n"
)


def dkim(raw: bytes, zone: Zone | None = None, now: int = NOW) -> tuple[Signature, ...]:
    return drive(evaluate_dkim(read_dkim(read_signed(raw)), now), table(Signer().zone if zone is None else zone))


def results(raw: bytes, zone: Zone | None = None, now: int = NOW) -> list[str]:
    return [one.result for one in dkim(raw, zone, now)]


def known(raw: bytes, zone: dict[str, str]) -> bool:
    """What dkimpy says of the first signature."""

    def text(name: bytes, timeout: float = 5) -> bytes | None:
        found = zone.get(f"{name.decode().removesuffix('.')} TXT")
        return found.encode() if found else None

    try:
        return bool(oracle.DKIM(raw).verify(dnsfunc=text))
    except oracle.DKIMException:
        return False


@pytest.mark.parametrize(
    "form", ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple", "relaxed", "simple"]
)
@pytest.mark.parametrize("key", [rsa_key(), ed25519_key()])
def test_what_is_signed_is_believed_in_every_form(form: str, key: object) -> None:
    signer = Signer(key=key, form=form)  # type: ignore[arg-type]
    raw = signer.sign(MAIL)
    assert [(one.result, one.domain, one.words) for one in dkim(raw, dict(signer.zone))] == [
        ("pass", "acme.example", "acme.example signed it (selector s1).")
    ]
    assert known(raw, signer.zone)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"An offer", b"A better offer"),
        (b"ada@acme", b"eve@acme"),
        (b"Hello", b"Hallo"),
        (b"Bye\r\n", b"Bye\r\nSee https://evil.example\r\n"),
    ],
)
def test_what_was_changed_fails(before: bytes, after: bytes) -> None:
    raw = Signer().sign(MAIL).replace(before, after)
    assert results(raw) == ["fail"]
    assert not known(raw, Signer().zone)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"Subject: An offer", b"SUBJECT:   An\r\n  offer  "),
        (b"two  blanks", b"two   blanks"),
        (b"Bye\r\n", b"Bye  \r\n"),
    ],
)
def test_blanks_do_not_matter_to_relaxed_forms(before: bytes, after: bytes) -> None:
    assert results(Signer().sign(MAIL).replace(before, after)) == ["pass"]
    assert results(Signer(form="simple").sign(MAIL).replace(before, after)) == ["fail"]


@pytest.mark.parametrize(
    ("tags", "result", "words"),
    [
        ({"v": "2"}, "permerror", "unknown version"),
        ({"v": None}, "permerror", "unknown version"),
        ({"a": "rsa-sha1"}, "policy", "SHA-1"),
        ({"a": "rsa-md5"}, "permerror", "unknown algorithm"),
        ({"c": "loose"}, "permerror", "canonical form"),
        ({"d": "-"}, "permerror", "no domain"),
        ({"s": "a..b"}, "permerror", "no domain"),
        ({"bh": None}, "permerror", "no bh= tag"),
        ({"bh": "?"}, "permerror", "not readable"),
        ({"h": "to:subject"}, "permerror", "leaves out From"),
        ({"i": "@other.example"}, "permerror", "another domain"),
        ({"i": "ada@mail.acme.example"}, "pass", "signed it"),
        ({"x": str(NOW - 1)}, "fail", "expired"),
        ({"x": str(NOW + 1)}, "pass", "signed it"),
        ({"t": str(NOW + 90_000)}, "permerror", "future"),
        ({"t": "9", "x": "5"}, "fail", "expired"),
        ({"x": "soon"}, "permerror", "no number"),
    ],
)
def test_what_a_signature_says_of_itself(tags: dict[str, str | None], result: str, words: str) -> None:
    [found] = dkim(Signer().sign(MAIL, **tags))
    assert (found.result, words in found.words) == (result, True), found.words


@pytest.mark.parametrize(
    ("text", "result", "words"),
    [
        (None, "permerror", "There is no key"),
        (UNKNOWN, "temperror", "could not be asked"),
        ("v=DKIM1; k=rsa; p=", "permerror", "revoked"),
        ("v=DKIM1; k=rsa; p=AAAA", "permerror", "not readable"),
        ("v=spf1 -all", "permerror", "no key record"),
        (record(rsa_key(), "h=sha1; "), "permerror", "SHA-256"),
        (record(rsa_key(), "s=chat; "), "permerror", "not for mail"),
        (record(rsa_key(), "k=dsa; ").replace("k=rsa; ", ""), "permerror", "unknown algorithm"),
        (record(ed25519_key()), "permerror", "another algorithm"),
        (record(rsa_key(1024)), "fail", "does not fit"),
        (record(rsa_key(), "t=s; "), "pass", "signed it"),
        ([record(ed25519_key()), record(rsa_key())], "pass", "signed it"),
    ],
)
def test_what_stands_in_dns(text: object, result: str, words: str) -> None:
    zone: dict[str, object] = {} if text is None else {"s1._domainkey.acme.example TXT": text}
    [found] = dkim(Signer().sign(MAIL), zone)  # type: ignore[arg-type]
    assert (found.result, words in found.words) == (result, True), found.words


def test_a_small_key_proves_nothing() -> None:
    signer = Signer(key=rsa_key(1024))
    assert results(signer.sign(MAIL), dict(signer.zone)) == ["pass"]


def test_a_key_only_for_its_domain_may_not_speak_for_others() -> None:
    zone = {"s1._domainkey.acme.example TXT": record(rsa_key(), "t=s; ")}
    assert results(Signer().sign(MAIL, i="a@sub.acme.example"), dict(zone)) == ["permerror"]


def test_a_domain_that_only_tries_is_marked() -> None:
    [found] = dkim(Signer().sign(MAIL), {"s1._domainkey.acme.example TXT": record(rsa_key(), "t=y; ")})
    assert (found.result, found.testing) == ("pass", True)


def test_what_nobody_signed_is_not_relied_on() -> None:
    partly = Signer(length=10).sign(MAIL)
    assert [(one.result, "first 10 bytes" in one.words) for one in dkim(partly)] == [("policy", True)]
    second = b"From: Eve <eve@evil.example>\r\n" + Signer().sign(MAIL)
    assert [(one.result, "has more" in one.words) for one in dkim(second)] == [("policy", True)]
    assert results(Signer().sign(MAIL, l="99999")) == ["fail"]


def test_names_that_are_signed_once_too_often_allow_no_addition() -> None:
    signer = Signer(names="from:from:to:subject:date")
    raw = signer.sign(MAIL)
    assert results(raw) == ["pass"]
    assert results(b"From: Eve <eve@evil.example>\r\n" + raw) == ["fail"]


def test_only_so_many_signatures_are_looked_at() -> None:
    raw = MAIL
    for _ in range(MOST_SIGNATURES + 3):
        raw = Signer().sign(raw)
    assert results(raw) == ["pass"] * MOST_SIGNATURES


def test_mail_without_a_signature_has_none() -> None:
    assert results(MAIL) == []
    assert results(b"") == []


def test_bare_line_feeds_count_as_lines() -> None:
    raw = Signer().sign(MAIL)
    head, _, body = raw.partition(b"\r\n\r\n")
    assert b"\r\n" in body
    for changed in (raw.replace(b"\r\n", b"\n"), head + b"\r\n\r\n" + body.replace(b"\r\n", b"\n")):
        assert results(changed) == ["pass"]
        assert results(changed + b"more\n") == ["fail"]


def test_bare_line_feeds_may_have_been_signed() -> None:
    raw = Signer(form="simple/simple").sign(MAIL + b"one\ntwo\r\n")
    assert results(raw) == ["pass"]
    assert results(raw.replace(b"one\ntwo", b"one\r\ntwo")) == ["fail"]


@pytest.mark.parametrize(
    ("body", "simple", "relaxed"),
    [
        (b"", b"\r\n", b""),
        (b"\r\n\r\n", b"\r\n", b""),
        (b"a \r\n\r\n", b"a \r\n", b"a\r\n"),
        (b" \t a\t b", b" \t a\t b\r\n", b" a b\r\n"),
        (b" \r\n \r\n", b" \r\n \r\n", b""),
    ],
)
def test_canonical_bodies(body: bytes, simple: bytes, relaxed: bytes) -> None:
    assert (simple_body(body), relaxed_body(body)) == (simple, relaxed)


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        (b" a=1; b = x y ;", {"a": "1", "b": "x y"}),
        (b"a=1; a=2", None),
        (b"a", None),
        (b"a=1;;b=2", None),
        (b"", {}),
        (b"1=2", None),
    ],
)
def test_lists_of_tags(text: bytes, tags: dict[str, str] | None) -> None:
    assert read_tags(text) == tags


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_result(noise: bytes) -> None:
    raw = Signer().sign(MAIL)
    for made in (noise, noise + raw, raw[: len(noise)] + noise + raw[len(noise) :]):
        assert all(one.result in {"pass", "fail", "policy", "neutral", "temperror", "permerror"} for one in dkim(made))
    assert all(one.words for one in dkim(b"DKIM-Signature: " + noise + b"\r\n" + MAIL))


@given(st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r\n", b"xyz", b"."]), max_size=40))
def test_bodies_are_signed_as_others_sign_them(pieces: list[bytes]) -> None:
    raw = b"From: a@acme.example\r\n\r\n" + b"".join(pieces) + b"\r\n"
    for form in ("relaxed/relaxed", "simple/simple"):
        signed = Signer(form=form, names="from").sign(raw)
        assert results(signed) == ["pass"]
        assert known(signed, Signer().zone)


@given(st.binary(max_size=200))
def test_canonical_forms_stay_as_they_are(body: bytes) -> None:
    mail = read_signed(b"A: b\r\n\r\n" + body)
    for form in (simple_body, relaxed_body):
        assert form(form(mail.body)) == form(mail.body)
