"""ARC (RFC 8617): what forwarders of a mail found of it, sealed one after another. Evidence, not proof: a seal is worth
as much as its sealer.

In two halves, as DKIM is: `read_arc` needs the mail and no key, `evaluate_arc` asks for the keys and needs no mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from postroom.core.authentication.claims import (
    BadSignature,
    Bodies,
    Claim,
    make_claim,
    read_claim,
    signed_data,
    untimely,
)
from postroom.core.authentication.dkim import verified
from postroom.core.authentication.questions import Asking
from postroom.core.authentication.results import whole
from postroom.core.authentication.signed import Field, Signed, Tags, read_tags
from postroom.core.frozen import frozen

MOST_SETS = 50  # of one mail (§4.2.1)
MOST_EVALUATED = 10  # seals whose keys are asked for; a longer chain is not evaluated
LONGEST_RESULTS = 2000  # characters kept of what a forwarder found
RESULTS, MESSAGE, SEAL = b"arc-authentication-results", b"arc-message-signature", b"arc-seal"
NOT_IN_SEALS = frozenset({"h", "bh", "c", "l", "q"})
NO_CHAIN = "The first forwarder says itself that there was nothing to seal."
_INSTANCE = re.compile(r"[1-9][0-9]?")


@frozen
class ArcResult:
    """`none`, `pass` or `fail` (§4.4), or `temperror` where a key could not be asked for. `sealers` are the domains of
    the seals, the first forwarder first; `results` is what each of them found, as it wrote it. `covers_from`: the
    newest of them signed the From that stands there.
    """

    result: Literal["none", "pass", "fail", "temperror"]
    sealers: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    words: str = ""
    covers_from: bool = False


@frozen
class Chain:
    """The sets of a mail, as far as its bytes tell: the newest message signature and every seal, the newest first."""

    message: Claim
    seals: tuple[Claim, ...]
    results: tuple[str, ...]
    covers_from: bool = False


@dataclass(frozen=True, slots=True)
class _Set:
    results: Field
    message: tuple[Field, Tags]
    seal: tuple[Field, Tags]

    @property
    def state(self) -> str:
        """What the sealer says of the chain before it (`cv=`)."""
        return self.seal[1].get("cv", "").lower()


class _Broken(Exception):
    """The chain fails; the words say where."""


def read_arc(signed: Signed, bodies: Bodies | None = None) -> Chain | ArcResult:
    """The chain of a mail; a result where there is none, or where it is broken whatever the keys are."""
    if not any(map(signed.named, (RESULTS, MESSAGE, SEAL))):
        return ArcResult("none")
    try:
        sets = _sets(signed)
        if [one.state for one in sets] == ["fail"]:
            return ArcResult("none", words=NO_CHAIN)
        _check_states(sets)
        message = _message_claim(signed, bodies or Bodies(signed.body), sets[-1])
        seals = tuple(_seal_claim(sets[:count]) for count in range(len(sets), 0, -1))
    except (_Broken, BadSignature) as bad:
        return _failed(str(bad))
    return Chain(message, seals, tuple(_text(one.results) for one in sets), "from" in _covered(sets[-1].message[1]))


def evaluate_arc(chain: Chain | ArcResult, now: int) -> Asking[ArcResult]:
    """Whether every seal of the chain holds; `now` in seconds since 1970."""
    if isinstance(chain, ArcResult):
        return chain
    sealers = tuple(one.domain for one in reversed(chain.seals))
    if bad := untimely(chain.message, now):
        return _failed(f"the newest message signature {bad}", sealers)
    claims = (chain.message, *chain.seals)
    answers = yield tuple(one.question for one in claims)
    for claim, answer in zip(claims, answers, strict=True):
        made = verified(claim, answer)
        if made.result == "temperror":
            return ArcResult("temperror", sealers, words=made.words)
        if made.result != "pass":
            return _failed(made.words, sealers)
    return ArcResult("pass", sealers, chain.results, f"Sealed by {', then '.join(sealers)}.", chain.covers_from)


def _failed(words: str, sealers: tuple[str, ...] = ()) -> ArcResult:
    return ArcResult("fail", sealers, words=f"The chain of seals is broken: {words.rstrip('.')}.")


def _text(results: Field) -> str:
    return whole(results.value.replace(b"\r\n", b"").strip().decode("utf-8", "replace"), LONGEST_RESULTS)


def _sets(signed: Signed) -> list[_Set]:
    """The sets from the first on: each instance has exactly one field of each kind (§5.2)."""
    found: dict[bytes, dict[int, tuple[Field, Tags]]] = {RESULTS: {}, MESSAGE: {}, SEAL: {}}
    for one in signed.fields:
        if one.name in found:
            instance, tags = _instance(one)
            if instance in found[one.name]:
                raise _Broken(f"instance {instance} has two fields of a kind")
            found[one.name][instance] = (one, tags)
    count = len(found[SEAL])
    if any(sorted(instances) != list(range(1, count + 1)) for instances in found.values()):
        raise _Broken("the instances are not complete")
    if count > MOST_EVALUATED:
        raise _Broken(f"more than {MOST_EVALUATED} seals are not evaluated")
    return [_Set(found[RESULTS][n][0], found[MESSAGE][n], found[SEAL][n]) for n in range(1, count + 1)]


def _instance(one: Field) -> tuple[int, Tags]:
    tags = read_tags(one.value.partition(b";")[0] if one.name == RESULTS else one.value)
    if tags is None or not _INSTANCE.fullmatch(tags.get("i", "")) or int(tags["i"]) > MOST_SETS:
        raise _Broken("a field has no instance or is no list of tags")
    return int(tags["i"]), tags


def _check_states(sets: Sequence[_Set]) -> None:
    """Each sealer found the chain before it whole; before the first there was none."""
    for instance, one in enumerate(sets, 1):
        if one.state != ("none" if instance == 1 else "pass"):
            raise _Broken(f"the seal of instance {instance} says cv={one.state[:10]}")


def _message_claim(signed: Signed, bodies: Bodies, newest: _Set) -> Claim:
    """Like a DKIM signature, but relaxed where it names no form, and it may cover no field at all."""
    own, tags = newest.message
    if "v" in tags:
        raise _Broken("a message signature names a version")
    if SEAL.decode() in _covered(tags):
        raise _Broken("a message signature covers a seal")
    return read_claim(signed, bodies, own, {"c": "relaxed/relaxed", **tags, "h": tags.get("h") or "-"})


def _covered(tags: Tags) -> list[str]:
    """The names of the fields that a message signature covers."""
    return [one.strip().lower() for one in tags.get("h", "").split(":")]


def _seal_claim(sets: Sequence[_Set]) -> Claim:
    """A seal covers every set up to its own, in the order results, message signature, seal (§5.1.1)."""
    own, tags = sets[-1].seal
    if NOT_IN_SEALS & tags.keys():
        raise _Broken("a seal has a tag that it may not have")
    fields = [part for one in sets for part in (one.results, one.message[0], one.seal[0])][:-1]
    return make_claim(tags, signed_data(fields, own, "relaxed"))
