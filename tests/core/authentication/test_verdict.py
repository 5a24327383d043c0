"""Who is believed: tables of what authenticates a mail and what is said of its From."""

from __future__ import annotations

import pytest

from postroom.core.authentication.arc import LONGEST_RESULTS
from postroom.core.authentication.organizations import belongs
from postroom.core.authentication.questions import drive
from postroom.core.authentication.signed import read_signed
from postroom.core.authentication.verdict import (
    Client,
    Level,
    Verdict,
    authenticate,
    by_seal,
    evidence,
    from_trusted,
)
from tests.core.authentication.signing import Signer
from tests.core.authentication.tables import UNKNOWN, Zone, table

NOW = 1_700_000_000
MAIL = b"From: Ada <ada@acme.example>\r\nTo: b@us.example\r\nSubject: hi\r\nDate: now\r\n\r\nHello\r\n"
CLIENT = Client("192.0.2.1", "mx.acme.example", "ada@acme.example")
SPF = {"acme.example TXT": "v=spf1 ip4:192.0.2.1 -all"}
REJECT = {"_dmarc.acme.example TXT": "v=DMARC1; p=reject"}
STRICT = {"_dmarc.acme.example TXT": "v=DMARC1; p=reject; adkim=s; aspf=s"}
NONE = {"_dmarc.acme.example TXT": "v=DMARC1; p=none"}
UNASKED = {"_dmarc.acme.example TXT": UNKNOWN, "_dmarc.mail.acme.example TXT": UNKNOWN}
SILENT = {"s1._domainkey.acme.example TXT": UNKNOWN}
SUB_SILENT = {"s1._domainkey.mail.acme.example TXT": UNKNOWN}
SUB = Signer(domain="mail.acme.example")
OTHER = Signer(domain="other.example")


def judge(
    raw: bytes, zone: Zone, client: Client | None = None, authors: tuple[str, ...] = ("acme.example",)
) -> Verdict:
    return drive(authenticate(evidence(read_signed(raw)), authors, client, NOW), table(zone))


@pytest.mark.parametrize(
    ("raw", "zone", "client", "level", "means"),
    [
        (Signer().sign(MAIL), Signer().zone, None, Level.VERIFIED, "dkim"),
        (Signer().sign(MAIL), Signer().zone | REJECT, None, Level.VERIFIED, "dkim"),
        (SUB.sign(MAIL), SUB.zone, None, Level.VERIFIED, "dkim"),
        (SUB.sign(MAIL), SUB.zone | REJECT, None, Level.VERIFIED, "dkim"),
        (SUB.sign(MAIL), SUB.zone | STRICT, CLIENT, Level.FORGED, "dmarc"),
        (SUB.sign(MAIL), SUB.zone | UNASKED, CLIENT, Level.UNKNOWN, ""),
        (Signer().sign(MAIL), Signer().zone | UNASKED, CLIENT, Level.VERIFIED, "dkim"),
        (Signer().sign(MAIL), SILENT | REJECT, CLIENT, Level.UNKNOWN, ""),
        (SUB.sign(MAIL), SUB_SILENT | REJECT, CLIENT, Level.UNKNOWN, ""),
        (SUB.sign(MAIL), SUB_SILENT | STRICT, CLIENT, Level.FORGED, "dmarc"),
        (OTHER.sign(MAIL), {"s1._domainkey.other.example TXT": UNKNOWN} | REJECT, CLIENT, Level.FORGED, "dmarc"),
        (MAIL, {"acme.example TXT": UNKNOWN} | REJECT, CLIENT, Level.UNKNOWN, ""),
        (SUB.sign(MAIL), SUB.zone | STRICT, None, Level.UNVERIFIED, ""),
        (OTHER.sign(MAIL), OTHER.zone, None, Level.UNVERIFIED, ""),
        (OTHER.sign(MAIL), OTHER.zone | REJECT, CLIENT, Level.FORGED, "dmarc"),
        (OTHER.sign(MAIL), OTHER.zone | NONE, None, Level.UNVERIFIED, ""),
        (MAIL, SPF, CLIENT, Level.VERIFIED, "spf"),
        (MAIL, SPF, Client("192.0.2.9", "x.example", "ada@acme.example"), Level.UNVERIFIED, ""),
        (MAIL, SPF | REJECT, Client("192.0.2.9", "x.example", "ada@acme.example"), Level.FORGED, "dmarc"),
        (MAIL, SPF, Client("192.0.2.1", "acme.example", ""), Level.VERIFIED, "spf"),
        (MAIL, {"other.example TXT": "v=spf1 +all"}, Client("192.0.2.1", "x", "a@other.example"), Level.UNVERIFIED, ""),
        (MAIL, {}, None, Level.UNVERIFIED, ""),
        (Signer().sign(MAIL), {"s1._domainkey.acme.example TXT": UNKNOWN}, None, Level.UNKNOWN, ""),
        (MAIL, {"_dmarc.acme.example TXT": UNKNOWN}, CLIENT, Level.UNKNOWN, ""),
        (Signer().sign(MAIL).replace(b"Hello", b"Hallo"), Signer().zone, None, Level.UNVERIFIED, ""),
    ],
)
def test_who_is_believed(raw: bytes, zone: dict[str, str], client: Client | None, level: Level, means: str) -> None:
    found = judge(raw, zone, client)
    assert (found.level, found.means) == (level, means), found.because
    assert found.trace[-1]["text"] == f"{level.value}: {found.because}"
    assert found.because.endswith(".")


@pytest.mark.parametrize("authors", [(), ("acme.example", "bank.example")])
def test_a_from_that_names_no_one_domain_is_never_believed(authors: tuple[str, ...]) -> None:
    found = judge(Signer().sign(MAIL), Signer().zone | SPF, CLIENT, authors)
    assert (found.level, found.domain) == (Level.UNVERIFIED, "")


TWO = b"From: Eve <eve@acme.example>\r\n" + MAIL
TABBED = b"From : Eve <eve@acme.example>\r\n" + MAIL


@pytest.mark.parametrize(
    ("raw", "froms", "words"),
    [
        (TWO, None, "It has 2 From fields"),
        (TABBED, None, "It has 2 From fields"),
        (MAIL, (b"Ada <ada@acme.example>", b"eve@acme.example"), "It has 2 From fields"),
        (MAIL, (b"eve@acme.example",), "Its From can be read in two ways"),
        (MAIL, (), "Its From can be read in two ways"),
    ],
)
def test_what_a_signature_may_not_cover_proves_nothing(raw: bytes, froms: tuple[bytes, ...] | None, words: str) -> None:
    """A genuine mail of the same domain, sent again with another author put beside its own."""
    signed = Signer(names="from:from:to").sign(raw)
    proofs = evidence(read_signed(signed), froms)
    found = drive(authenticate(proofs, ["acme.example"], CLIENT, NOW), table(Signer().zone | SPF))
    assert found.level is Level.UNVERIFIED
    assert found.because == f"{words}: nobody can vouch for that."
    said = b"Authentication-Results: mx.us.example; dkim=pass header.d=acme.example\r\n" + signed
    trusted = from_trusted(evidence(read_signed(said), froms), ["acme.example"], "mx.us.example")
    assert trusted is not None
    assert (trusted.level, trusted.because) == (found.level, found.because)


FOUND = "lists.example; dmarc=pass header.from=acme.example"
HEAD, AUTHOR = "lists.example; spf=pass smtp.mailfrom=", "@acme.example"
CUT = HEAD + "a" * (LONGEST_RESULTS - len(f"i=1; {HEAD}{AUTHOR}")) + f"{AUTHOR}.evil.example"  # so long: and then more


@pytest.mark.parametrize(
    ("results", "names", "forwarders", "level"),
    [
        (FOUND, "from:to:subject", {"lists.example"}, Level.VERIFIED),
        (FOUND, "from:to:subject", {"other.example"}, Level.UNVERIFIED),
        (FOUND, "from:to:subject", set(), Level.UNVERIFIED),
        (FOUND, "to:subject", {"lists.example"}, Level.UNVERIFIED),  # another From may have stood there
        ("lists.example; dmarc=fail header.from=acme.example", "from", {"lists.example"}, Level.UNVERIFIED),
        ("lists.example; dmarc=pass header.from=other.example", "from", {"lists.example"}, Level.UNVERIFIED),
        ("lists.example; none", "from", {"lists.example"}, Level.UNVERIFIED),
        (
            'lists.example; spf=pass smtp.mailfrom="ceo@acme.example"@evil.example',
            "from",
            {"lists.example"},
            Level.UNVERIFIED,
        ),
        (CUT, "from", {"lists.example"}, Level.UNVERIFIED),
    ],
)
def test_the_word_of_a_forwarder(results: str, names: str, forwarders: set[str], level: Level) -> None:
    lists = Signer(domain="lists.example", names=names)
    found = by_seal(judge(lists.seal(MAIL, results), lists.zone), forwarders)
    assert (found.arc, found.level) == ("pass", level), found.trace
    assert found.trace[-1]["text"] == f"{level.value}: {found.because}"
    if level is Level.VERIFIED:
        assert (found.means, "before it forwarded the mail" in found.because) == ("arc dmarc", True)


def test_a_broken_seal_vouches_for_nothing() -> None:
    lists = Signer(domain="lists.example")
    changed = lists.seal(MAIL, FOUND).replace(b"ada@", b"eve@")
    found = by_seal(judge(changed, lists.zone), {"lists.example"})
    assert (found.arc, found.level) == ("fail", Level.UNVERIFIED)


def test_a_seal_does_not_help_a_mail_with_two_froms() -> None:
    lists = Signer(domain="lists.example", names="from:from")
    found = by_seal(judge(lists.seal(TWO, FOUND), lists.zone), {"lists.example"})
    assert (found.arc, found.level) == ("pass", Level.UNVERIFIED)


def test_a_verdict_names_who_signed() -> None:
    assert judge(Signer().sign(MAIL), Signer().zone).because == "acme.example signed it."


@pytest.mark.parametrize(
    ("said", "level"),
    [("(p=none sp=reject)", Level.FORGED), ("(p=reject sp=none)", Level.UNVERIFIED), ("(p=reject)", Level.FORGED)],
)
def test_of_a_subdomain_the_policy_for_subdomains_counts(said: str, level: Level) -> None:
    raw = f"Authentication-Results: mx.us.example; dmarc=fail {said}\r\n".encode() + MAIL
    found = from_trusted(evidence(read_signed(raw)), ["mail.acme.example"], "mx.us.example")
    assert found is not None
    assert found.level is level


@pytest.mark.parametrize(
    ("domain", "author", "good"),
    [
        ("acme.example", "acme.example", True),
        ("mail.acme.co.uk", "acme.co.uk", True),
        ("acme.co.uk", "news.acme.co.uk", True),
        ("co.uk", "acme.co.uk", False),
        ("uk", "uk", True),
        ("one.co.uk", "two.co.uk", False),
        ("evil-acme.example", "acme.example", False),
        ("a.github.io", "b.github.io", False),
        ("", "", False),
    ],
)
def test_what_belongs_together(domain: str, author: str, good: bool) -> None:
    assert belongs(domain, author) is good
    assert belongs(author, domain) is good


@pytest.mark.parametrize(
    ("said", "level", "means"),
    [
        ("dkim=pass header.d=mail.acme.example", Level.VERIFIED, "dkim"),
        ("spf=pass smtp.mailfrom=bounce@acme.example", Level.VERIFIED, "spf"),
        ("dmarc=pass header.from=acme.example", Level.VERIFIED, "dmarc"),
        ("dmarc=pass header.from=other.example", Level.UNVERIFIED, ""),
        ("dkim=fail header.d=acme.example; dmarc=fail header.from=acme.example", Level.UNVERIFIED, ""),
        ("dkim=pass header.d=sub.acme.example; dmarc=fail header.from=acme.example", Level.UNVERIFIED, ""),
        ("dmarc=fail (p=none dis=none) header.from=acme.example", Level.UNVERIFIED, ""),
        ("dmarc=fail action=none header.from=acme.example", Level.UNVERIFIED, ""),
        ("dmarc=fail policy.dmarc=none header.from=acme.example", Level.UNVERIFIED, ""),
        ("dmarc=fail (p=reject dis=none) header.from=acme.example", Level.FORGED, "dmarc"),
        ("dmarc=fail (p=none sp=reject) header.from=acme.example", Level.UNVERIFIED, ""),
        ("dmarc=fail (policy=quarantine) header.from=acme.example", Level.FORGED, "dmarc"),
        ("dmarc=fail action=oreject header.from=acme.example", Level.FORGED, "dmarc"),
        ("dkim=pass header.d=sub.acme.example; dmarc=fail policy.dmarc=reject", Level.FORGED, "dmarc"),
        ("dmarc=fail policy.published-domain-policy=quarantine", Level.FORGED, "dmarc"),
        ('spf=pass smtp.mailfrom="ceo@acme.example"@evil.example', Level.UNVERIFIED, ""),
        ('spf=pass smtp.mailfrom="a\\";dmarc=pass header.from=acme.example;\\""@evil.example', Level.UNVERIFIED, ""),
        ("dkim=pass header.d=evil.example header.d=acme.example", Level.UNVERIFIED, ""),
        ("dkim=pass header.d=acme.example header.d=evil.example", Level.UNVERIFIED, ""),
        ("spf=pass smtp.mailfrom=eve@evil.example smtp.helo=acme.example", Level.UNVERIFIED, ""),
        ("spf=pass smtp.helo=acme.example", Level.UNVERIFIED, ""),
        ("spf=pass smtp.mailfrom=<> smtp.helo=acme.example", Level.VERIFIED, "spf"),
        ("spf=pass smtp.mailfrom= smtp.helo=acme.example", Level.VERIFIED, "spf"),
        ("spf=pass", Level.UNVERIFIED, ""),
    ],
)
def test_what_a_trusted_server_found(said: str, level: Level, means: str) -> None:
    raw = f"Authentication-Results: mx.us.example; {said}\r\n".encode() + MAIL
    found = from_trusted(evidence(read_signed(raw)), ["acme.example"], "mx.us.example")
    assert found is not None
    assert (found.level, found.means) == (level, means)
    assert from_trusted(evidence(read_signed(raw)), ["acme.example"], "other.example") is None
