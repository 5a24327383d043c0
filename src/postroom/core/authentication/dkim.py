"""DKIM (RFC 6376, with RFC 8301 and RFC 8463): which domains signed a mail, and what of it they signed.

In two halves: `read_dkim` needs the mail and no key, `evaluate_dkim` asks for all keys at once and needs no mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from postroom.core.authentication.claims import (
    BadSignature,
    Bodies,
    Claim,
    Result,
    is_domain,
    read_claim,
    untimely,
)
from postroom.core.authentication.questions import Answer, Asking
from postroom.core.authentication.signed import Field, Signed, Tags, read_tags
from postroom.core.authentication.signing_keys import BadKey, SigningKey, is_signed, read_key
from postroom.core.frozen import frozen

MOST_SIGNATURES = 8  # of one mail that are looked at, from the top
MOST_RECORDS = 4  # at one selector that are tried


@frozen
class Signature:
    """What became of one signature (RFC 8601 §2.7.1), who made it, and why in a sentence.

    `policy`: it is genuine, and still not relied on. `testing`: the domain says that it only tries.
    """

    result: Result
    domain: str = ""
    selector: str = ""
    words: str = ""
    testing: bool = False


Claims = tuple[Claim | Signature, ...]


def read_dkim(signed: Signed, bodies: Bodies | None = None) -> Claims:
    """The claim of every signature from the top, at most `MOST_SIGNATURES`; of one that can't be evaluated, why."""
    fields = signed.named(b"dkim-signature")[:MOST_SIGNATURES]
    made = bodies or Bodies(signed.body)
    return tuple(_claim(signed, made, one) for one in fields)


def evaluate_dkim(claims: Claims, now: int) -> Asking[tuple[Signature, ...]]:
    """What became of each signature; `now` in seconds since 1970. A mail without any has `none` (RFC 8601)."""
    judged = [_timely(one, now) if isinstance(one, Claim) else one for one in claims]
    asked = tuple(one.question for one in judged if isinstance(one, Claim))
    answers = iter((yield asked) if asked else ())
    return tuple(verified(one, next(answers)) if isinstance(one, Claim) else one for one in judged)


def _claim(signed: Signed, bodies: Bodies, own: Field) -> Claim | Signature:
    tags = read_tags(own.value)
    if tags is None:
        return Signature("permerror", words="A DKIM-Signature field is no list of tags.")
    try:
        claim = read_claim(signed, bodies, own, tags)
        _check(claim, tags)
    except BadSignature as bad:
        return _bad(tags.get("d", "").lower(), tags.get("s", ""), bad)
    return claim


def _check(claim: Claim, tags: Tags) -> None:
    """What DKIM demands beyond the form (§3.5): a known version, From among the fields, an identity of the domain."""
    if tags.get("v") != "1":
        raise BadSignature("is of an unknown version")
    if "from" not in [one.strip().lower() for one in tags["h"].split(":")]:
        raise BadSignature("leaves out From")
    if claim.speaks_for and claim.speaks_for != claim.domain and not claim.speaks_for.endswith(f".{claim.domain}"):
        raise BadSignature("speaks for another domain than its own")


def _timely(claim: Claim, now: int) -> Claim | Signature:
    bad = untimely(claim, now)
    return claim if bad is None else _bad(claim.domain, claim.selector, bad)


def _bad(domain: str, selector: str, bad: BadSignature) -> Signature:
    known = domain if is_domain(domain) else ""
    return Signature(bad.result, known, selector[:253], f"The signature of {known or 'an unnamed domain'} {bad}.")


def verified(claim: Claim, answer: Answer) -> Signature:
    """What holds of a claim once its key has been asked for."""
    if answer.unknown:
        words = f"The key at {claim.question.name} could not be asked for: {answer.words}."
        return _said(claim, "temperror", words)
    if not answer.found or not answer.texts:
        return _said(claim, "permerror", f"There is no key at {claim.question.name}.")
    if claim.problem:
        return _said(claim, "fail", f"{claim.domain} signed it, and {claim.problem}.")
    return _by_keys(claim, answer.texts[:MOST_RECORDS])


def _said(claim: Claim, result: Result, words: str, *, testing: bool = False) -> Signature:
    return Signature(result, claim.domain, claim.selector, words, testing)


def _by_keys(claim: Claim, records: Sequence[bytes]) -> Signature:
    """By the first of the records that verifies it; else what is said of the last."""
    found = Signature("permerror", claim.domain, claim.selector)
    for record in records:
        try:
            key = read_key(record)
            _check_key(key, claim)
            genuine = is_signed(key, claim.signature, claim.digest)
        except BadKey as bad:
            found = replace(found, words=f"The key of {claim.domain} ({claim.selector}) {bad}.")
            continue
        if genuine:
            return _genuine(claim, testing=key.testing)
        words = f"The signature of {claim.domain} does not fit what stands in the header: it was changed on its way."
        found = _said(claim, "fail", words, testing=key.testing)
    return found


def _check_key(key: SigningKey, claim: Claim) -> None:
    if key.type != claim.type:
        raise BadKey("is for another algorithm than the signature")
    if key.strict and claim.speaks_for not in ("", claim.domain):
        raise BadKey("may not sign for subdomains")


def _genuine(claim: Claim, *, testing: bool) -> Signature:
    if claim.caveat:
        return _said(claim, "policy", f"{claim.domain} {claim.caveat}.", testing=testing)
    return _said(claim, "pass", f"{claim.domain} signed it (selector {claim.selector}).", testing=testing)
