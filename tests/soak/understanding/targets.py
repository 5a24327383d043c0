"""What is done with a changed mail: each target reads some of it and tells what does not hold."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from postroom.core.addresses import normalise, parse_addresses
from postroom.core.authentication.dkim import evaluate_dkim, read_dkim
from postroom.core.authentication.dmarc_record import dmarc_records, parse_dmarc
from postroom.core.authentication.questions import NO_DOMAIN, Answer, drive
from postroom.core.authentication.results import results
from postroom.core.authentication.signed import read_signed
from postroom.core.authentication.signing_keys import BadKey, read_key
from postroom.core.authentication.spf_record import parse_spf
from postroom.core.authentication.verdict import Client, authenticate, by_seal, evidence, from_trusted
from postroom.core.encoded_words import decode_words, unfold
from postroom.core.message.dates import parse_date
from postroom.core.message.parameters import read_parameters
from postroom.core.message.parse import parse
from postroom.core.message.peek import peek
from postroom.core.message.quotes import split_html, split_text
from postroom.core.message.sanitize import sanitize, text_of
from postroom.core.message.understood import understand
from postroom.core.message_ids import ids_in
from tests.core.authentication.signing import ed25519_key, record
from tests.soak.understanding.changes import changed
from tests.soak.understanding.seeds import own_seeds, signed
from tests.support import invariants
from tests.support.hostile_dns import HostileDns

NOW = 1_700_000_000
MOST_QUESTIONS = 400  # to DNS for one mail
LONGEST_VALUE = 20_000  # bytes of a mail that are read as one value of a field
IP = ("192.0.2.7", "2001:db8::7", "", "not an address", "::ffff:192.0.2.7", "fe80::1%eth0")
LOCALS = ("", "a", "a b", "%{i}", "x" * 300)
HOSTS = ("example.com", "b.example", "mail.example.com", "", "..", "é.example", "x" * 70 + ".example", "example.com.")


def read_mail(raw: bytes) -> list[str]:
    peek(raw)
    return invariants.of_understood(raw, understand(raw))


def judge(raw: bytes) -> list[str]:
    """The verdict of a client and a DNS that are both somebody's invention; the same for the same bytes."""
    chance = random.Random(raw[-200:])
    mail = parse(raw)
    proofs = evidence(read_signed(raw), mail.headers.raw("from"))
    authors = list(dict.fromkeys(one.email.rpartition("@")[2] for one in mail.authors))
    sender = f"{chance.choice(LOCALS)}@{chance.choice(HOSTS)}"
    client = Client(chance.choice(IP), chance.choice(HOSTS), sender)
    dns = HostileDns(chance)
    verdict = drive(authenticate(proofs, authors, chance.choice((client, client, None)), NOW), dns.answer)
    found = invariants.of_verdict(verdict, authors) + dns.faults
    if dns.asked > MOST_QUESTIONS:
        found.append(f"{dns.asked} questions to DNS")
    server = next((one.server for one in proofs.statements), "mx.example.org")
    told = from_trusted(proofs, authors, server)
    found += invariants.of_verdict(told, authors, ours=False) if told is not None else []
    return found + invariants.of_verdict(by_seal(verdict, frozenset({"example.org"})), authors)


def verify(raw: bytes) -> list[str]:
    """Mails that somebody really signed, changed, and spliced with what another mail holds: where a signature still
    holds, the parser reads the author that was signed, or none.
    """
    chance = random.Random(raw[-200:])
    forged = changed(chance, chance.choice(SIGNED), (raw, *SIGNED))
    claims = read_dkim(read_signed(forged))
    results = drive(evaluate_dkim(claims, NOW), lambda question: KEY if question.name == KEY_NAME else NO_DOMAIN)
    authors = parse(forged).authors
    if authors and authors not in SIGNERS and any(one.result == "pass" for one in results):
        return [f"{[one.email[:80] for one in authors]} is taken for who signed: {forged[:1000]!r}"]
    return []


def read_words(raw: bytes) -> list[str]:
    text = body(raw)
    return invariants.of_split(text, split_text(text))


def read_page(raw: bytes) -> list[str]:
    text = body(raw)
    clean = sanitize(text)
    shown, split = split_html(clean)
    found = invariants.of_html(shown, clean)
    if bool(split.own) != bool((split.own + split.quoted).strip()):
        found.append("nothing is left to read")
    if split_html(shown)[0] != shown:
        found.append("marking twice changes something")
    split_html(text)  # what the sanitiser did not write must not harm either
    if invariants.UNSTORABLE.search(text_of(text)):
        found.append("the text of a page cannot be kept")
    return found


def body(raw: bytes) -> str:
    """The body as any text, whatever the header says of it."""
    text = raw.partition(b"\r\n\r\n")[2].decode("utf-8", "replace").replace("\0", "")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_values(raw: bytes) -> list[str]:
    """One value after another of all that a field or a record may hold."""
    start = int.from_bytes(raw[-2:], "big") % (len(raw) or 1)
    value = raw[start : start + LONGEST_VALUE]
    text = unfold(value)
    found = [f"unfolded to {text[:80]!r}"] if "\n" in text or "\r" in text else []
    found += [f"decoded to {words[:80]!r}" for words in (decode_words(text),) if invariants.CONTROL.search(words)]
    addresses = parse_addresses(text)
    found += [f"{one.email[:80]!r} is not normal" for one in addresses if normalise(one.email) != one.email]
    found += [f"{one[:80]!r} is an id" for one in ids_in(text) if invariants.CONTROL.search(one)]
    content_type, parameters = read_parameters(value)
    "".join((content_type, *parameters, *parameters.values())).encode("utf-8")
    parse_date(text)
    results(text)
    parse_spf(b"v=spf1 " + value)
    parse_dmarc(next(iter(dmarc_records([b"v=DMARC1;" + value])), b"v=DMARC1;" + value))
    try:
        read_key(value)
    except BadKey:
        return found
    return found


SIGNED = tuple(signed(one) for one in own_seeds())
SIGNERS = frozenset(parse(one).authors for one in SIGNED)
KEY_NAME = "s1._domainkey.example.com"
KEY = Answer("found", texts=(record(ed25519_key()).encode(),))

Target = Callable[[bytes], Sequence[str]]
TARGETS: dict[str, Target] = {
    "mail": read_mail,
    "verdict": judge,
    "words": read_words,
    "page": read_page,
    "values": read_values,
    "signature": verify,
}
UNEVEN = frozenset({"signature"})  # what these do hangs on chance, so that longer mails say nothing of growth
