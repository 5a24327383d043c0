"""Mails that say they are from Amara, one of our people, and are not; and those that are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.core.authentication.signing import Signer, ed25519_key, record

MEMBER, STRICT_MEMBER = "amara@acme.example", "sam@strict.example"
SALES, STAFF = "sales@acme.example", "staff@acme.example"
TRUSTED = "mx.acme.example"  # the one server before us that is believed
LINK = "{link}"  # stands for the reply address of Amara's copy of a note
NOTED = "{noted}"  # for the Message-ID of that copy
NOBODY = "nobody@acme.example"

ACME, EVIL, LISTS, FORWARDER = (
    Signer(domain=name) for name in ("acme.example", "evil.example", "lists.example", "forwarder.example")
)
SUB_STRICT, SUB_ACME = Signer(domain="mail.strict.example"), Signer(domain="mail.acme.example")
LOOKALIKE = Signer(domain="xn--cme-5cd.example")  # its first letter is Cyrillic
REVOKED, TESTING = Signer(selector="old"), Signer(selector="test")
NEW_KEY = Signer(selector="ed", key=ed25519_key())

ZONE: Mapping[str, str] = {
    **ACME.zone, **EVIL.zone, **LISTS.zone, **FORWARDER.zone, **SUB_STRICT.zone, **SUB_ACME.zone, **LOOKALIKE.zone,
    **NEW_KEY.zone,
    "old._domainkey.acme.example TXT": "v=DKIM1; p=",
    "test._domainkey.acme.example TXT": record(TESTING.key, "t=y; "),
    "acme.example TXT": "v=spf1 ip4:192.0.2.1 -all",
    "evil.example TXT": "v=spf1 ip4:127.0.0.1 -all",
    "out.acme.example TXT": "v=spf1 ip4:127.0.0.1 -all",
    "strict.example TXT": "v=spf1 ip4:192.0.2.1 -all",
    "out.strict.example TXT": "v=spf1 ip4:127.0.0.1 -all",
    "_dmarc.acme.example TXT": "v=DMARC1; p=none",
    "_dmarc.strict.example TXT": "v=DMARC1; p=reject; adkim=s; aspf=s",
}  # fmt: skip

FROM = f"From: Amara Okafor <{MEMBER}>"
EVE = "From: Eve <eve@evil.example>"
PLAIN = "Nothing proves that acme.example sent it."
DISOWNED = "strict.example asks to refuse mail like this one, for which none of its servers and keys vouches."
ONE_FROM = "It has 2 From fields: nobody can vouch for that."


@dataclass(frozen=True)
class Spoof:
    """A mail by SMTP from outside unless `door` says otherwise; `level` and `verdict` are what is said of it, `trace`
    what its evidence says besides. `lands` is false where an alias keeps it for a person.
    """

    name: str
    raw: bytes
    verdict: str = PLAIN
    level: str = "unverified"
    trace: str = ""
    sender: str = "eve@evil.example"
    to: str = SALES
    door: str = "smtp"
    lands: bool = True


def mail(*lines: str | bytes, body: str = "Please pay this at once.\r\n") -> bytes:
    """A mail of these header lines, with what every mail has."""
    head = [line.encode() if isinstance(line, str) else line for line in (*lines, f"To: {SALES}", "Subject: To pay")]
    return b"\r\n".join((*head, b"Date: Sat, 21 Nov 2026 10:00:00 +0000", b"", body.encode()))


def signed(by: Signer, *lines: str | bytes, **tags: str | None) -> bytes:
    return by.sign(mail(*lines), **tags)


def below(*lines: str, raw: bytes) -> bytes:
    """With these header lines above it."""
    return "".join(f"{line}\r\n" for line in lines).encode() + raw


REPLAYED = signed(ACME, "From: Bot <bot@acme.example>")  # anybody who once got a mail of Acme has one
SAYS = f"Authentication-Results: {TRUSTED}"
BY_US = f"Received: from evil.example (evil.example [203.0.113.9]) by {TRUSTED}; Sat, 21 Nov 2026 10:00:01 +0000"
BY_OTHERS = "Received: from x.example by mx.elsewhere.example; Sat, 21 Nov 2026 10:00:01 +0000"
FOUND = "dmarc=pass header.from=acme.example; dkim=pass header.d=acme.example"

SPOOFS = [
    # the From alone
    Spoof("from alone", mail(FROM)),
    Spoof("upper case", mail("FROM: AMARA@ACME.EXAMPLE")),
    Spoof("envelope sender of the member too", mail(FROM), sender=MEMBER),
    Spoof("bounce that greets as the domain", mail(FROM), sender=""),
    Spoof("no from, only the envelope", mail(), "From names no address: nobody can vouch for that.", sender=MEMBER),
    Spoof("domain that asks to refuse", mail(f"From: {STRICT_MEMBER}"), DISOWNED, "forged"),
    Spoof("to an alias for our own people", mail(FROM), to=STAFF, lands=False),
    # tokens and references are directions
    Spoof("with the token of her note", mail(FROM), to=LINK),
    Spoof("with token and reference", mail(FROM, f"In-Reply-To: <{NOTED}>", f"References: <{NOTED}>"), to=LINK),
    Spoof("with the reference alone", mail(FROM, f"In-Reply-To: <{NOTED}>")),
    Spoof("disowned, with the token", mail(f"From: {STRICT_MEMBER}"), DISOWNED, "forged", to=LINK),
    # several authors
    Spoof("two from fields, hers first", signed(EVIL, FROM, EVE), ONE_FROM),
    Spoof("two from fields, hers second", signed(EVIL, EVE, FROM), ONE_FROM),
    Spoof("two addresses, hers second", signed(EVIL, f"From: eve@evil.example, {MEMBER}"),
          "From names several domains: nobody can vouch for that."),
    Spoof("two addresses, hers first", signed(EVIL, f"From: {MEMBER}, eve@evil.example"),
          "From names several domains: nobody can vouch for that."),
    Spoof("sender is another", signed(EVIL, FROM, "Sender: eve@evil.example", h="from:sender")),
    Spoof("sender is hers", signed(EVIL, EVE, f"Sender: {MEMBER}"), "evil.example signed it.", "verified"),
    Spoof("resent by her", signed(EVIL, EVE, f"Resent-From: {MEMBER}", f"Resent-Sender: {MEMBER}"),
          "evil.example signed it.", "verified"),
    # names and forms
    Spoof("display name is her address", signed(EVIL, f'From: "{MEMBER}" <eve@evil.example>'),
          "evil.example signed it.", "verified"),
    Spoof("encoded name holds her address", signed(EVIL, f"From: =?utf-8?q?Amara_<{MEMBER}>?= <eve@evil.example>"),
          "evil.example signed it.", "verified"),
    Spoof("the whole field encoded", mail("From: =?utf-8?q?Amara_=3Camara=40acme=2Eexample=3E?=")),
    Spoof("comment holds her address", signed(EVIL, f"From: eve@evil.example ({MEMBER})"),
          "evil.example signed it.", "verified"),
    Spoof("comment within the address", mail("From: Amara (of Acme) <amara@acme.example> (she)")),
    Spoof("group", mail(f"From: Our people: {MEMBER};")),
    Spoof("quoted local part", mail('From: "amara"@acme.example')),
    Spoof("look-alike local part", mail("From: Amara <\u0430mara@acme.example>")),
    Spoof("look-alike domain that is signed", signed(LOOKALIKE, "From: Amara <amara@\u0430cme.example>"),
          "xn--cme-5cd.example signed it.", "verified"),
    Spoof("subdomain of ours", mail("From: amara@mail.acme.example"),
          "Nothing proves that mail.acme.example sent it."),
    Spoof("nul within", mail(b"From: Amara <amara@acme.example>\0"), PLAIN, door="lmtp"),
    Spoof("nul before the address", mail(b"From: \0 amara@acme.example"), door="lmtp"),
    # signatures
    Spoof("signed by another domain", signed(EVIL, FROM), trace="evil.example signed it"),
    Spoof("signed under our name by another key", Signer(domain=ACME.domain, selector="ed").sign(mail(FROM))),
    Spoof("signature without from", signed(ACME, FROM, h="to:subject"), trace="leaves out From"),
    Spoof("words added below what was signed", signed(Signer(length=10), FROM), trace="anybody may have added more"),
    Spoof("signature that has expired", signed(ACME, FROM, t="1600000000", x="1600003600"), trace="has expired"),
    Spoof("key that was revoked", signed(REVOKED, FROM), trace="(old)"),
    Spoof("key that is only tried", signed(TESTING, FROM)),
    Spoof("changed after it was signed", signed(ACME, FROM).replace(b"pay this", b"pay that"), trace="was changed"),
    Spoof("by a subdomain where none may", signed(SUB_STRICT, f"From: {STRICT_MEMBER}"), DISOWNED, "forged"),
    Spoof("by a server of a subdomain where none may", mail(f"From: {STRICT_MEMBER}"), DISOWNED, "forged",
          sender="sam@out.strict.example"),
    Spoof("replayed with her from above", below(FROM, raw=REPLAYED), ONE_FROM),
    Spoof("replayed with her from below", REPLAYED.replace(b"\r\nTo:", f"\r\n{FROM}\r\nTo:".encode()), ONE_FROM),
    Spoof("replayed with her from behind a bare CR", b"X-A: b\r" + FROM.encode() + b"\r\n" + REPLAYED, ONE_FROM,
          door="lmtp"),
    # what others say
    Spoof("results by smtp from outside", below(f"{SAYS}; {FOUND}", raw=mail(FROM))),
    Spoof("results below a foreign received", below(BY_OTHERS, f"{SAYS}; {FOUND}", raw=mail(FROM)), door="lmtp"),
    Spoof("results of another server", below(f"Authentication-Results: mx.evil.example; {FOUND}", raw=mail(FROM)),
          door="lmtp"),
    Spoof("results below those of our server", below(f"{SAYS}; dmarc=fail policy.dmarc=reject", BY_US,
                                                     f"{SAYS}; {FOUND}", raw=mail(FROM)),
          f"{TRUSTED} found that it does not come from acme.example.", "forged", door="lmtp"),
    Spoof("a quoted local part that is her address",
          below(f'{SAYS}; spf=pass smtp.mailfrom="{MEMBER}"@evil.example', BY_US, raw=mail(FROM)),
          f"{TRUSTED} found nothing that proves the From.", door="lmtp", sender=f'"{MEMBER}"@evil.example'),
    Spoof("a quoted local part that holds a result",
          below(f'{SAYS}; spf=pass smtp.mailfrom="a\\";{FOUND};\\""@evil.example', BY_US, raw=mail(FROM)),
          f"{TRUSTED} found nothing that proves the From.", door="lmtp"),
    Spoof("results for another domain", below(f"{SAYS}; dmarc=pass header.from=evil.example", BY_US, raw=mail(FROM)),
          f"{TRUSTED} found nothing that proves the From.", door="lmtp"),
    Spoof("by lmtp", mail(FROM), door="lmtp"),
    Spoof("by the pipe", mail(FROM), door="pipe"),
    Spoof("by the pipe, delivered to the token", mail(f"Delivered-To: {LINK}", FROM), door="pipe", to=""),
    Spoof("by the pipe with results", below(BY_OTHERS, f"{SAYS}; {FOUND}", raw=mail(FROM)), door="pipe"),
    # seals
    Spoof("sealed by nobody we trust", LISTS.seal(mail(FROM), f"lists.example; {FOUND}"),
          trace="Sealed by lists.example."),
    Spoof("sealed without from", Signer(domain=FORWARDER.domain, names="to:subject").seal(
          mail(FROM), f"forwarder.example; {FOUND}"), trace="Sealed by forwarder.example."),
    Spoof("seal that is broken", FORWARDER.seal(mail(EVE), f"forwarder.example; {FOUND}").replace(
          EVE.encode(), FROM.encode()), trace="broken"),
    Spoof("forwarder found nothing",
          FORWARDER.seal(mail(FROM), "forwarder.example; dmarc=fail header.from=acme.example")),
]  # fmt: skip

GENUINE = [
    Spoof("signed", signed(ACME, FROM), "acme.example signed it.", "verified"),
    Spoof("signed by a subdomain", signed(SUB_ACME, FROM), "mail.acme.example signed it.", "verified"),
    Spoof("signed with ed25519", signed(NEW_KEY, FROM), "acme.example signed it.", "verified"),
    Spoof("signed, to her note", signed(ACME, FROM), "acme.example signed it.", "verified", to=LINK),
    Spoof("signed, to an alias for our own people", signed(ACME, FROM), "acme.example signed it.", "verified",
          to=STAFF),
    Spoof("by a server of ours", mail(FROM), "It came from a server of out.acme.example.", "verified",
          sender="amara@out.acme.example"),
    Spoof("signed, by lmtp", signed(ACME, FROM), "acme.example signed it.", "verified", door="lmtp"),
    Spoof("by the word of our server", below(f"{SAYS}; {FOUND}", BY_US, raw=mail(FROM)),
          f"{TRUSTED} found that acme.example sent it (dmarc).", "verified", door="lmtp"),
    Spoof("by the word of our server, by the pipe", below(BY_US, f"{SAYS}; {FOUND}", raw=mail(FROM)),
          f"{TRUSTED} found that acme.example sent it (dmarc).", "verified", door="pipe"),
    Spoof("forwarded by whom we trust", FORWARDER.seal(mail(FROM), f"forwarder.example; {FOUND}"),
          "forwarder.example found that acme.example sent it (dmarc), before it forwarded the mail.", "verified"),
]  # fmt: skip
