"""What is wrong with a table of reply classes, in words: for whoever changes it, and for the house test."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from postroom.core.delivery.bounce_rules import (
    NOTHING_SAID,
    PERMANENT_OTHER,
    TEMPORARY_OTHER,
    Pattern,
    Rules,
    classify,
    patterns_of,
    rules_of,
    seen_as,
)
from postroom.core.delivery.smtp_replies import enhanced_code

LONGEST_KEY = 24  # the column `reply_class` of a copy
NEEDED = ("kind", "scope", "plan", "title", "sentence", "advice", "who", "examples")
KNOWN = frozenset({*NEEDED, "patterns", "throttle", "address_is_dead", "retry_refused", "stands_for"})
KNOWN_OF_PATTERN = frozenset({"code", "enhanced", "phase", "text"})
SENTENCES = ("sentence", "advice")
PHASES = frozenset({"connect", "greeting", "tls", "login", "mail", "rcpt", "data", "dot", "write"})
MOST_PLACES = 4000  # at which one alternative may look from one place on: the gaps in it, multiplied

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CODE = re.compile(r"[245](xx|[0-9]{2})")
_ENHANCED = re.compile(r"[245x]\.[0-9]{1,3}\.([0-9]{1,3}|\*)")
_WRITTEN = re.compile(r"(?:([245][0-9]{2})[ -])?(.*)")
_STANDS_FOR = re.compile(r"9[0-9]{2}")
_GAP = re.compile(r"\{([0-9]*),?([0-9]*)\}")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as `classify` takes it."""

    code: int
    enhanced: str
    words: str
    phase: str


def faults(table: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a table, a sentence each; empty where it is sound."""
    found = [fault for key, row in table.items() for fault in _of_row(key, row)]
    found += [f"{key} is missing: a reply that nothing else fits needs it." for key in _missing(table)]
    return found or [*_twice(table), *_unreached(table, rules_of(table))]


def example(written: str | Mapping[str, Any]) -> Reply:
    """An example of the table as a reply: `550 5.1.1 words` as a server says it, or its fields one by one."""
    if isinstance(written, str):
        code, words = _written(written)
        return Reply(code, enhanced_code(words), words, "rcpt")
    words = written.get("words", "")
    enhanced = written.get("enhanced", enhanced_code(words))
    return Reply(written.get("code", 0), enhanced, words, written.get("phase", "rcpt"))


def slow(text: str) -> str:
    """Why a regular expression may take more than linear time, or is none at all; empty where it is fit.

    Without `*`, `+` and open `{n,}`, with few and narrow gaps, and without a group that repeats, the places that are
    looked at for each character have a bound that no reply can raise.
    """
    bare = re.sub(r"\[[^]]*\]", "c", re.sub(r"\\.", "c", text))
    if "*" in bare or "+" in bare:
        return "it has * or +; use a gap with a bound, such as .{0,30}"
    if re.search(r"\)\{", bare):
        return "a group repeats in it"
    if re.search(r"\{[0-9]*,\}", bare):
        return "it has a gap without a bound"
    if max(map(_places, _alternatives(bare))) > MOST_PLACES:
        return "its gaps are too many or too wide"
    try:
        re.compile(text)
    except re.error as error:
        return f"it is no regular expression: {error}"
    return ""


def _alternatives(bare: str) -> Iterator[str]:
    """The alternatives of an expression; what stands in brackets belongs to one of them."""
    depth, begun = 0, 0
    for place, sign in enumerate(bare):
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            yield bare[begun:place]
            begun = place + 1
    yield bare[begun:]


def _places(alternative: str) -> int:
    return prod(int(high or low or 0) + 1 for low, high in _GAP.findall(alternative))


def _of_row(key: str, row: Any) -> Iterator[str]:
    if not isinstance(row, Mapping):
        yield f"{key}: it is not a table."
        return
    if not _KEY.fullmatch(key) or len(key) > LONGEST_KEY:
        yield f"{key}: a key has small letters, digits and hyphens, {LONGEST_KEY} characters at most."
    yield from (f"{key}: nothing is known of {name!r}." for name in sorted(set(row) - KNOWN))
    if missing := [name for name in NEEDED if not row.get(name)]:
        yield f"{key}: it lacks {', '.join(missing)}."
        return
    yield from _of_values(key, row)
    yield from _of_patterns(key, row)


def _of_values(key: str, row: Mapping[str, Any]) -> Iterator[str]:
    try:
        kind = rules_of({key: dict(row, patterns=()), **_OTHERS}).classes[key].kind
    except (ValueError, TypeError) as error:
        yield f"{key}: {error}."
        return
    yield from (f"{key}: {name} does not end with a full stop." for name in SENTENCES if not row[name].endswith("."))
    if row["title"].endswith("."):
        yield f"{key}: its title ends with a full stop."
    if "tried again" in row["advice"] and row["who"] != "nobody":
        yield f"{key}: that it is tried again is not true of a copy that has ended: leave it out."
    if row.get("retry_refused") and kind != "temporary":
        yield f"{key}: what is refused can't be tried again where it does not pass."
    if not _STANDS_FOR.fullmatch(row.get("stands_for", NOTHING_SAID)):
        yield f"{key}: stands_for is 9 and two digits, so that it is no code of RFC 3463."
    if row.get("address_is_dead") and kind != "permanent":
        yield f"{key}: an address that comes back is not dead."


def _of_patterns(key: str, row: Mapping[str, Any]) -> Iterator[str]:
    if key in (TEMPORARY_OTHER, PERMANENT_OTHER):
        if row.get("patterns"):
            yield f"{key}: it is for what fits nothing, so it has no patterns."
        return
    if not row.get("patterns"):
        yield f"{key}: without patterns nothing ever falls into it."
    for one in row.get("patterns", ()):
        yield from (f"{key}: no pattern has {name!r}." for name in sorted(set(one) - KNOWN_OF_PATTERN))
        if not any(one.values()):
            yield f"{key}: a pattern that says nothing fits everything."
        yield from (f"{key}: {code!r} is no code." for code in one.get("code", ()) if not _CODE.fullmatch(code))
        yield from (f"{key}: {c!r} is no enhanced code." for c in one.get("enhanced", ()) if not _ENHANCED.fullmatch(c))
        yield from (f"{key}: there is no phase {name!r}." for name in one.get("phase", ()) if name not in PHASES)
        for text in one.get("text", ()):
            if why := slow(text):
                yield f"{key}: {text!r}: {why}."
            elif text != text.lower():
                yield f"{key}: {text!r}: words are looked at in small letters."


def _twice(table: Mapping[str, Any]) -> Iterator[str]:
    titles = Counter(row["title"] for row in table.values())
    yield from (f"The title {title!r} is there {count} times." for title, count in titles.items() if count > 1)


def _unreached(table: Mapping[str, Mapping[str, Any]], rules: Rules) -> Iterator[str]:
    """Examples that belong elsewhere, and patterns that none of the examples of their class needs."""
    for key, row in table.items():
        replies = [example(one) for one in row["examples"]]
        for one in replies:
            found = classify(one.code, one.enhanced, one.words, one.phase, rules).key
            if found != key:
                yield f"{key}: the example {one.code} {one.words!r} is of the class {found}."
        for pattern in patterns_of(row):
            if not any(_first(one, rules) == pattern for one in replies):
                yield f"{key}: no example is found by {_shown(pattern)}."


def _first(one: Reply, rules: Rules) -> Pattern | None:
    seen = seen_as(one.code, one.enhanced, one.words, one.phase)
    return next((pattern for pattern, _ in rules.patterns if pattern.fits(seen)), None)


def _shown(pattern: Pattern) -> str:
    said = (sorted(pattern.codes), sorted(pattern.enhanced), sorted(pattern.phases))
    parts = [" ".join(some) for some in said if some] + ([repr(pattern.text.pattern)] if pattern.text else [])
    return ", ".join(parts)


def _missing(table: Mapping[str, Any]) -> list[str]:
    return [key for key in (TEMPORARY_OTHER, PERMANENT_OTHER) if key not in table]


def _written(words: str) -> tuple[int, str]:
    match = _WRITTEN.fullmatch(words)
    assert match is not None
    return int(match[1] or 0), match[2]


_OTHER = {"kind": "temporary", "scope": "mail", "plan": "normal", "title": "-", "sentence": "-", "advice": "-"}
_OTHERS = {key: {**_OTHER, "who": "nobody"} for key in (TEMPORARY_OTHER, PERMANENT_OTHER)}
