"""What signatures claim, as far as a mail's bytes tell: everything but the key, which stands in DNS.

Made where the mail is read; what is left is small, holds no byte of the mail and can be handed on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from postroom.core.authentication.questions import Question, askable
from postroom.core.authentication.signed import (
    Field,
    Signed,
    Tags,
    relaxed_body,
    relaxed_header,
    select,
    simple_body,
    simple_header,
    whole_lines,
    without_signature,
)
from postroom.core.authentication.signing_keys import KeyType, from_base64
from postroom.core.frozen import frozen

Result = Literal["pass", "fail", "policy", "neutral", "temperror", "permerror"]

SKEW = 3600  # seconds that a signer's clock may be ahead
ALGORITHMS: dict[str, KeyType] = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
HEADER_FORMS: dict[str, Callable[[Field], bytes]] = {"simple": simple_header, "relaxed": relaxed_header}
BODY_FORMS: dict[str, Callable[[bytes], bytes]] = {"simple": simple_body, "relaxed": relaxed_body}
NEEDED = ("a", "b", "bh", "d", "h", "s")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,126}}")
_DIGITS = re.compile(r"[0-9]{1,18}")


class BadSignature(Exception):
    """A signature that can't be evaluated; `result` and the words say why."""

    def __init__(self, words: str, result: Result = "permerror") -> None:
        super().__init__(words)
        self.result = result


@frozen
class Claim:
    """`domain` claims to have signed, by the key of its `selector`. `digest` is the SHA-256 of what the signature is
    made over; `speaks_for` is the domain of its identity, empty where it names none. `made` and `until` are seconds
    since 1970. `problem` says why it fails whatever the key is, `caveat` why it is not relied on even where it holds.
    """

    domain: str
    selector: str
    type: KeyType
    signature: bytes
    digest: bytes
    speaks_for: str = ""
    made: int | None = None
    until: int | None = None
    problem: str = ""
    caveat: str = ""

    @property
    def question(self) -> Question:
        """Where the key stands (RFC 6376 §3.6.2.1)."""
        return Question(f"{self.selector}._domainkey.{self.domain}", "TXT")


@dataclass(slots=True)
class Bodies:
    """The canonical forms of one mail's body, each made once."""

    body: bytes
    _made: dict[tuple[str, bool], bytes] = field(default_factory=dict)

    def get(self, form: str, *, mended: bool = False) -> bytes:
        """As the body came; `mended`: as it was for the signer, where every line ended with CRLF."""
        key = (form, mended)
        if key not in self._made:
            body = whole_lines(self.body) if mended else self.body
            self._made[key] = self.get(form) if mended and body is self.body else BODY_FORMS[form](body)
        return self._made[key]


def read_claim(signed: Signed, bodies: Bodies, own: Field, tags: Tags) -> Claim:
    """The claim of a signature that covers fields and the body, as DKIM and ARC have it in common.

    Raises:
        BadSignature: something is missing or not valid.

    """
    for name in NEEDED:
        if not tags.get(name):
            raise BadSignature(f"has no {name}= tag")
    header, _, body = tags.get("c", "simple/simple").lower().partition("/")
    if header not in HEADER_FORMS or (body or "simple") not in BODY_FORMS:
        raise BadSignature("names an unknown canonical form")
    names = tuple(one.strip().lower().encode() for one in tags["h"].split(":"))
    content, length = bodies.get(body or "simple"), number(tags, "l")
    problem = _body_problem(content, length, tags)
    if problem and (mended := bodies.get(body or "simple", mended=True)) is not content:
        content, problem = mended, _body_problem(mended, length, tags)
    return make_claim(
        tags,
        signed_data(select(signed, names), own, header),
        problem=problem,
        caveat=_caveat(signed, names, content, length),
    )


def make_claim(tags: Tags, data: bytes, *, problem: str = "", caveat: str = "") -> Claim:
    """A claim over these bytes.

    Raises:
        BadSignature: its algorithm, its domain or its own bytes are not valid.

    """
    algorithm = tags.get("a", "").lower()
    if algorithm == "rsa-sha1":
        raise BadSignature("uses SHA-1, which proves nothing any more (RFC 8301)", "policy")
    if algorithm not in ALGORITHMS:
        raise BadSignature("uses an unknown algorithm")
    domain, selector = tags.get("d", "").lower().removesuffix("."), tags.get("s", "")
    if not (is_domain(domain) and is_domain(selector) and askable(f"{selector}._domainkey.{domain}")):
        raise BadSignature("names no domain that DNS can hold")
    signature = from_base64(tags.get("b", ""))
    if not signature:
        raise BadSignature("is not readable")
    return Claim(
        domain=domain,
        selector=selector,
        type=ALGORITHMS[algorithm],
        signature=signature,
        digest=hashlib.sha256(data).digest(),
        speaks_for=tags.get("i", "").rpartition("@")[2].lower().removesuffix("."),
        made=number(tags, "t"),
        until=number(tags, "x"),
        problem=problem,
        caveat=caveat,
    )


def is_domain(text: str) -> bool:
    """Whether this is a name of labels as signatures have them."""
    return _DOMAIN.fullmatch(text) is not None


def number(tags: Tags, name: str) -> int | None:
    """The number of a tag, None where it is not there.

    Raises:
        BadSignature: it is none.

    """
    value = tags.get(name)
    if value is None:
        return None
    if not _DIGITS.fullmatch(value):
        raise BadSignature(f"has no number in its {name}= tag")
    return int(value)


def signed_data(fields: Sequence[Field], own: Field, form: str) -> bytes:
    """What a signature is made over: these fields, then its own with an empty `b=` (RFC 6376 §3.7)."""
    canonical = HEADER_FORMS[form]
    return b"\r\n".join([*map(canonical, fields), canonical(without_signature(own))])


def _body_problem(content: bytes, length: int | None, tags: Tags) -> str:
    """Why the body is not the one that was signed; empty where it is."""
    wanted = from_base64(tags["bh"])
    if not wanted:
        raise BadSignature("is not readable")
    if length is not None and length > len(content):
        return "the body is shorter than what was signed"
    if hashlib.sha256(content if length is None else content[:length]).digest() != wanted:
        return "the body was changed on its way"
    return ""


def _caveat(signed: Signed, names: Sequence[bytes], content: bytes, length: int | None) -> str:
    """What somebody could have added to what was signed; empty where nothing."""
    if length is not None and length < len(content):
        return f"signed only the first {length:,} bytes of the body: anybody may have added more"
    if 0 < names.count(b"from") < len(signed.named(b"from")):
        return "signed one From, and the mail has more"
    return ""


def untimely(claim: Claim, now: int) -> BadSignature | None:
    """Why a claim does not hold at this time; None where it does."""
    if claim.until is not None and claim.until < now:
        return BadSignature("has expired", "fail")
    if claim.made is not None and claim.until is not None and claim.until < claim.made:
        return BadSignature("ends before it begins")
    if claim.made is not None and claim.made > now + SKEW:
        return BadSignature("was made in the future")
    return None
