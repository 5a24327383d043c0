"""Authentication-Results (RFC 8601): what a server before us found, where it can be trusted to have said so itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from postroom.core.authentication.signed import Signed

LONGEST = 10_000  # characters of a field that are read
MOST_RESULTS = 40
MOST_STATEMENTS = 10
MOST_ABOVE = 100  # hops that a mail may have at all before servers refuse it (RFC 5321 §6.3)
INSIDE: Final = "a hand of the same system"  # large systems pass mail on within; no host has such a name
NAME: Final = b"authentication-results"
TOLD_TWICE: Final = "@"  # the value of a property that says two things: no domain, and not empty either
_QUOTED = r'"(?:[^"\\]|\\.)*+("|\\?\Z)'  # one that is left open goes on to the end
_STRING = re.compile(_QUOTED, re.DOTALL)
_PART = re.compile(rf'(?:{_QUOTED}|[^";]++)+|;', re.DOTALL)
_WORD = re.compile(rf'(?:{_QUOTED}|[^"\s]++)+', re.DOTALL)
_PROPERTY = re.compile(r"([A-Za-z-]{1,40}\.[A-Za-z0-9_-]{1,60}|action)=(.*)", re.DOTALL)  # action: Exchange's own
_METHOD = re.compile(r"([A-Za-z0-9-]{1,40})(?:[ \t]*/[ \t]*[0-9]{1,5})?[ \t]*=[ \t]*([A-Za-z-]{1,40})")
_ASKED = "(none|quarantine|reject)"
_POLICY = re.compile(rf"\s*(?:p|policy)={_ASKED}\b(?:\s+sp={_ASKED}\b)?", re.IGNORECASE)
_NO_ESCAPE = re.compile(r'\\["();]')
_RECEIVED_BY = re.compile(r"(?:^|\s)by\s+\[?([A-Za-z0-9._:-]{1,255})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One method's result, such as dkim=pass; `properties` by name, such as `header.d`. All in lower case. A policy
    that the server names in a comment, `(p=reject sp=none)`, is `policy.p` and `policy.sp`.
    """

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a field says that bears the name of a server; `above` are the hosts of the Received fields above it, from
    the top, `MOST_ABOVE` at most.
    """

    server: str
    results: tuple[MethodResult, ...]
    above: tuple[str, ...] = ()


def read_statements(signed: Signed) -> tuple[Statement, ...]:
    """Every Authentication-Results of a mail from the top, at most `MOST_STATEMENTS`."""
    if not signed.named(NAME):
        return ()
    found: list[Statement] = []
    above: list[str] = []
    passed: list[bytes] = []  # Received fields that nobody has read yet: most mails have nothing that asks for them
    for one in signed.fields:
        if one.name == b"received":
            passed.append(one.value)
        elif one.name == NAME and len(found) < MOST_STATEMENTS:
            read = results(one.value.replace(b"\r\n", b"").decode("utf-8", "replace"))
            if read is not None:
                above.extend(map(received_by, passed[: MOST_ABOVE - len(above)]))
                passed.clear()
                found.append(Statement(*read, tuple(above)))
    return tuple(found)


def trusted_results(
    statements: Sequence[Statement], authserv_id: str, *, own_received: int = 0
) -> tuple[MethodResult, ...]:
    """What the server of this name found: its first field, if that stands above every Received that it did not write,
    but for so many topmost ones that we wrote ourselves.

    A field further down came with the mail: anybody can write one. Empty where there is none.
    """
    wanted = authserv_id.strip().lower()
    for one in statements:
        if wanted and one.server == wanted:
            return one.results if {wanted, INSIDE}.issuperset(one.above[own_received:]) else ()
    return ()


def results(value: str) -> tuple[str, tuple[MethodResult, ...]] | None:
    """The authserv-id and what it found; None where the field can't be read. A field that can be read in two ways says
    nothing: whoever chose an address in it may have written the rest.
    """
    text = whole(value, LONGEST)
    plain = _without_comments(text)
    parts = _parts(plain)
    name = parts[0].split()
    if not name:
        return None
    if _is_doubtful(text, plain):
        return name[0].strip('"').lower(), ()
    found = [one for one in map(_result, parts[1 : MOST_RESULTS + 1]) if one is not None]
    return name[0].strip('"').lower(), tuple(found)


def whole(value: str, longest: int) -> str:
    """So many characters of a field at most, and no part of it cut in its midst: half a domain is another one."""
    return value if len(value) <= longest else value[:longest].rpartition(";")[0]


def domain_in(value: str) -> str:
    """The domain of an address or domain that a property names: what follows the last @ outside of quotes. A local part
    may be quoted and hold an @ itself (RFC 8601 §2.2, RFC 5321 §4.1.2). Empty where there is none.
    """
    domain = _STRING.sub('""', value).rpartition("@")[2].removesuffix(".")
    return "" if '"' in domain else domain


def received_by(value: bytes) -> str:
    """The host that says it wrote a Received field with this value; `INSIDE` where it took the mail from no other."""
    text = _without_comments(value[:LONGEST].decode("latin-1")).strip()
    if text[:3].lower() == "by ":
        return INSIDE
    found = _RECEIVED_BY.search(text)
    return found[1].lower().removesuffix(".") if found else ""


def _result(text: str) -> MethodResult | None:
    found = _METHOD.match(text.strip())
    if found is None:
        return None
    properties: dict[str, str] = {}
    for name, value in _properties(text.strip()[found.end() :]):
        if properties.setdefault(name, value) != value:
            properties[name] = TOLD_TWICE
    return MethodResult(found[1].lower(), found[2].lower(), properties)


def _properties(text: str) -> Iterator[tuple[str, str]]:
    """Names and values in lower case, also where white space stands around the sign between them."""
    words = [found[0] for found in _WORD.finditer(text)][::-1]
    while words:
        word = words.pop()
        if "=" not in word and words and words[-1].startswith("="):
            word += words.pop()
        if word.find("=") == len(word) - 1 and words and not _PROPERTY.match(words[-1]):
            word += words.pop()
        if found := _PROPERTY.fullmatch(word):
            yield found[1].lower(), _value(found[2].lower())


def _value(text: str) -> str:
    """Without its quotes, where it is quoted as a whole; those around a part of an address belong to it."""
    if "@" in text or not _STRING.fullmatch(text):
        return text
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _parts(text: str) -> Sequence[str]:
    """At the semicolons that stand outside of quoted strings."""
    parts = [""]
    for found in _PART.finditer(text):
        if found[0] == ";":
            parts.append("")
        else:
            parts[-1] += found[0]
    return parts


def _is_doubtful(text: str, plain: str) -> bool:
    """Whether another reader may find other parts: a quoted string is left open, there is one in a comment that holds
    the comment's end, or something is escaped outside of both.
    """
    if '"' not in text and "\\" not in text:
        return False
    if any(found[1] != '"' for found in _STRING.finditer(plain)) or _NO_ESCAPE.search(_STRING.sub('""', plain)):
        return True
    return "(" in text and plain != _without_comments(text, quotes_count=True)


def _without_comments(text: str, *, quotes_count: bool = False) -> str:
    """Without comments in parentheses, which nest (RFC 5322 §3.2.2); a quoted string keeps its own. `quotes_count`:
    also within a comment, where they should not.
    """
    kept: list[str] = []
    comment: list[str] = []
    depth, quoted = 0, False
    for piece in re.split(r"((?s:\\.)|[()\"])", text):
        if piece == '"' and (quotes_count or not depth):
            quoted = not quoted
        if piece == "(" and not quoted:
            depth += 1
        elif piece == ")" and not quoted:
            depth = max(0, depth - 1)
            if not depth:
                kept.append(_policy("".join(comment)))
                comment.clear()
        else:
            (comment if depth else kept).append(piece)
    return "".join(kept)


def _policy(comment: str) -> str:
    """What takes the place of a comment: the policy that it names, as properties; else white space, which it is."""
    found = _POLICY.match(comment)
    if found is None:
        return " "
    return f" policy.p={found[1]} " + (f"policy.sp={found[2]} " if found[2] else "")
