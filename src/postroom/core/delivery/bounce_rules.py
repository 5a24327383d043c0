"""Classes of replies: what a server's answer means, said in plain words, and what follows from it.

The table is data (`bounce_rules.toml`); it is read at the edge and comes here as mappings. Of the patterns that fit a
reply, one over its words beats one over its enhanced code alone (RFC 3463), and that beats one over the code alone
(RFC 5321 §4.2): servers choose codes carelessly, words are written for people. Among equals the first in the table
wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from postroom.core.delivery.retry import Plan

LOOKED_AT = 500  # characters of a reply's words

TEMPORARY_OTHER = "temporary-other"
PERMANENT_OTHER = "permanent-other"
NOTHING_SAID = "900"  # what x.0.nnn of a report ends with that says nothing
OTHERS = frozenset({TEMPORARY_OTHER, PERMANENT_OTHER})
BY_HAND = "It is not tried again by itself. Send it again once this has passed."


class Kind(StrEnum):
    """Whether what the reply tells of passes by itself."""

    TEMPORARY = "temporary"
    PERMANENT = "permanent"


class Scope(StrEnum):
    """What a reply is about: whatever else has the same will get the same reply."""

    ADDRESS = "address"
    MAIL = "mail"
    SENDER = "sender"
    SERVER = "server"  # ours: its network address, its name, its password
    DESTINATION = "destination"
    CONNECTION = "connection"


class Who(StrEnum):
    """Who can do something about it."""

    MEMBER = "member"
    ADMINISTRATOR = "administrator"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class ReplyClass:
    """A class of replies. `throttle`: too fast or too many, so that less should be sent. `address_is_dead`: there is no
    such mailbox, or it is closed for good; that counts of a 5xx alone, since 450 may be a directory that is away.
    `retry_refused`: a 5xx of this class is tried again nevertheless. `stands_for`: the detail nnn of the status x.0.nnn
    of a report in which nobody said a code.
    """

    key: str
    kind: Kind
    scope: Scope
    plan: Plan
    title: str
    sentence: str
    advice: str
    who: Who
    throttle: bool = False
    address_is_dead: bool = False
    retry_refused: bool = False
    stands_for: str = NOTHING_SAID

    @property
    def is_named(self) -> bool:
        """Whether it says more than that the reply was temporary or permanent."""
        return self.key not in OTHERS

    def to_do(self, *, ended: bool) -> str:
        """What to do about it. Where nobody has to do anything, that holds only as long as the copy has not ended."""
        return BY_HAND if ended and self.who is Who.NOBODY else self.advice


@dataclass(frozen=True, slots=True)
class Seen:
    """A reply as patterns see it: its codes in all the forms that may stand in one, its words small and without
    addresses, which are not the server's own.
    """

    codes: frozenset[str]
    enhanced: frozenset[str]
    phase: str
    words: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a reply must be like; what is empty says nothing. Codes such as `550` or `5xx`, enhanced codes such as
    `5.1.1`, `x.1.1` or `x.1.*`, phases as in `Outcome.phase`; `text` is found in the words in small letters.
    """

    codes: frozenset[str] = frozenset()
    enhanced: frozenset[str] = frozenset()
    phases: frozenset[str] = frozenset()
    text: re.Pattern[str] | None = None

    @property
    def weight(self) -> int:
        """Words before enhanced codes before codes."""
        return 2 if self.text else 1 if self.enhanced else 0

    def fits(self, seen: Seen) -> bool:
        """Whether a reply is like this."""
        if self.codes and self.codes.isdisjoint(seen.codes):
            return False
        if self.enhanced and self.enhanced.isdisjoint(seen.enhanced):
            return False
        if self.phases and seen.phase not in self.phases:
            return False
        return self.text is None or self.text.search(seen.words) is not None


@dataclass(frozen=True, slots=True)
class Rules:
    """All classes by key, and the patterns of all, the strongest first."""

    classes: Mapping[str, ReplyClass]
    patterns: Sequence[tuple[Pattern, str]] = field(default=(), repr=False)


def rules_of(table: Mapping[str, Mapping[str, Any]]) -> Rules:
    """The rules that a table says.

    Raises:
        KeyError, ValueError, TypeError, re.error: it is not such a table; `bounce_lint.faults` tells in words.

    """
    classes = {key: _class(key, row) for key, row in table.items()}
    for needed in (TEMPORARY_OTHER, PERMANENT_OTHER):
        classes[needed]
    found = [(pattern, key) for key, row in table.items() for pattern in patterns_of(row)]
    return Rules(classes, tuple(sorted(found, key=lambda one: -one[0].weight)))


def classify(code: int, enhanced: str, words: str, phase: str, rules: Rules) -> ReplyClass:
    """The class of a reply, always one; `code` is 0 where no server said anything (a connection that failed)."""
    seen = seen_as(code, enhanced, words, phase)
    for pattern, key in rules.patterns:
        if pattern.fits(seen):
            return rules.classes[key]
    return rules.classes[PERMANENT_OTHER if 500 <= code < 600 else TEMPORARY_OTHER]


def seen_as(code: int, enhanced: str, words: str, phase: str) -> Seen:
    """A reply as patterns see it."""
    plain = " ".join(_without_address(word) for word in words[:LOOKED_AT].lower().split())
    return Seen(_codes(code), _subjects(enhanced), phase, " ".join(plain.split()))


def patterns_of(row: Mapping[str, Any]) -> Iterator[Pattern]:
    """The patterns of a class, one for each text."""
    for one in row.get("patterns", ()):
        sets = (frozenset(map(str, one.get(name, ()))) for name in ("code", "enhanced", "phase"))
        codes, enhanced, phases = sets
        for text in one.get("text", (None,)):
            yield Pattern(codes, enhanced, phases, None if text is None else re.compile(text))


def _class(key: str, row: Mapping[str, Any]) -> ReplyClass:
    return ReplyClass(
        key=key,
        kind=Kind(row["kind"]),
        scope=Scope(row["scope"]),
        plan=Plan(row["plan"]),
        title=row["title"],
        sentence=row["sentence"],
        advice=row["advice"],
        who=Who(row["who"]),
        throttle=row.get("throttle", False),
        address_is_dead=row.get("address_is_dead", False),
        retry_refused=row.get("retry_refused", False),
        stands_for=row.get("stands_for", NOTHING_SAID),
    )


def _without_address(word: str) -> str:
    """A word that holds an address, without it; `<a@b.example>:no` leaves `:no`."""
    return word if "@" not in word else word[word.rfind(">") + 1 :] if ">" in word else ""


def _codes(code: int) -> frozenset[str]:
    return frozenset({str(code), f"{code // 100}xx"}) if code else frozenset()


def _subjects(enhanced: str) -> frozenset[str]:
    """`5.1.1` as it may stand in a pattern: itself, of any class (`x.1.1`), with any detail (`5.1.*`, `x.1.*`)."""
    kind, _, rest = enhanced.partition(".")
    subject, _, _ = rest.partition(".")
    return frozenset({enhanced, f"x.{rest}", f"{kind}.{subject}.*", f"x.{subject}.*"}) if rest else frozenset()
