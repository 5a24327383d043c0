"""SPF records: the one among a domain's TXT records, and its terms (RFC 7208 §3, §4.5, §4.6, §12)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Literal

from postroom.core.authentication.spf_macros import valid_domain_spec, valid_macro_string

Qualified = Literal["pass", "fail", "softfail", "neutral"]
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

QUALIFIERS: dict[str, Qualified] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
ASKING = frozenset({"include", "a", "mx", "ptr", "exists"})  # what DNS is asked for (§4.6.4); redirect is the sixth
LONGEST = 8192  # octets of a record that are read: RFC 7208 §3.4 counsels 450, and ten of these cost a mail its time
LONGEST_KEPT = 2048  # octets of a record whose terms are kept for the next mail

_VERSION = re.compile(rb"v=spf1(?: |$)", re.IGNORECASE)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(.*)", re.DOTALL)
_DIRECTIVE = re.compile(r"([-+~?]?)(all|include|a|mx|ptr|ip4|ip6|exists)([:/].*)?", re.IGNORECASE | re.DOTALL)
_DUAL = re.compile(r"(:.*?)?(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?", re.DOTALL)
_SINGLE = re.compile(r":([0-9A-Fa-f:.]+)(?:/(0|[1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Directive:
    """A mechanism with its qualifier; `network` is set for ip4 and ip6, `domain` is a domain-spec or empty."""

    text: str
    result: Qualified
    name: str
    domain: str = ""
    network: Network | None = None
    prefix4: int = 32
    prefix6: int = 128


@dataclass(frozen=True, slots=True)
class SpfRecord:
    """The terms of a record; `error` says what is wrong with it, and then nothing else counts (§4.6)."""

    text: str
    directives: tuple[Directive, ...] = ()
    redirect: str = ""
    exp: str = ""
    error: str = ""


def spf_records(texts: Sequence[bytes]) -> list[bytes]:
    """Those of a domain's TXT records that are SPF records (§4.5)."""
    return [text for text in texts if _VERSION.match(text)]


def parse_spf(record: bytes) -> SpfRecord:
    """The terms of one record that begins with its version; total."""
    return _kept(record) if len(record) <= LONGEST_KEPT else _parse(record)


def _parse(record: bytes) -> SpfRecord:
    text = record[:LONGEST].decode("ascii", "backslashreplace")
    if len(record) > LONGEST:
        return SpfRecord(text, error=f"it has {len(record)} octets, more than {LONGEST}")
    directives: list[Directive] = []
    modifiers: dict[str, str] = {}
    for term in text[6:].split(" "):
        if not term:
            continue
        modifier = _MODIFIER.fullmatch(term)
        problem = _modifier(modifier, modifiers) if modifier else _directive(term, directives)
        if problem:
            return SpfRecord(text, error=problem)
    return SpfRecord(text, tuple(directives), modifiers.get("redirect", ""), modifiers.get("exp", ""))


_kept = lru_cache(maxsize=1024)(_parse)


def _modifier(found: re.Match[str], modifiers: dict[str, str]) -> str:
    name, value = found[1].lower(), found[2]
    if name not in {"redirect", "exp"}:
        return "" if valid_macro_string(value) else f"“{_short(found[0])}” is no valid modifier"
    if name in modifiers:
        return f"{name}= stands in it twice"
    if not valid_domain_spec(value):
        return f"“{_short(found[0])}” names no domain"
    modifiers[name] = value
    return ""


def _directive(term: str, directives: list[Directive]) -> str:
    found = _DIRECTIVE.fullmatch(term)
    made = _mechanism(term, found) if found else None
    if made is None:
        return f"“{_short(term)}” is no valid term"
    directives.append(made)
    return ""


def _mechanism(term: str, found: re.Match[str]) -> Directive | None:
    result, name, rest = QUALIFIERS[found[1] or "+"], found[2].lower(), found[3] or ""
    if name == "all":
        return None if rest else Directive(term, result, name)
    if name in {"ip4", "ip6"}:
        network = _network(name, rest)
        return Directive(term, result, name, network=network) if network is not None else None
    if name in {"a", "mx"}:
        return _with_prefixes(term, result, name, rest)
    if not rest:
        return Directive(term, result, name) if name == "ptr" else None
    domain = rest[1:] if rest[0] == ":" else ""
    return Directive(term, result, name, domain) if valid_domain_spec(domain) else None


def _with_prefixes(term: str, result: Qualified, name: str, rest: str) -> Directive | None:
    found = _DUAL.fullmatch(rest)
    if found is None:
        return None
    domain, prefix4, prefix6 = found[1], int(found[2] or 32), int(found[3] or 128)
    if prefix4 > 32 or prefix6 > 128 or (domain is not None and not valid_domain_spec(domain[1:])):
        return None
    return Directive(term, result, name, (domain or "")[1:], None, prefix4, prefix6)


def _network(name: str, rest: str) -> Network | None:
    found = _SINGLE.fullmatch(rest)
    if found is None or ("." in found[1] and ":" not in found[1]) != (name == "ip4"):
        return None
    try:
        return ip_network(f"{found[1]}/{found[2]}" if found[2] else found[1], strict=False)
    except ValueError:
        return None


def _short(term: str) -> str:
    shown = "".join(letter if letter.isprintable() else "�" for letter in term[:60])
    return shown if len(term) <= 60 else f"{shown}…"
