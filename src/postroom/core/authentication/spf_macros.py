"""Macros of SPF: strings that name the sender, the client and the like (RFC 7208 §7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import quote

from postroom.core.authentication.questions import LONGEST_NAME

_MACRO = r"%\{[slodiphvcrtSLODIPHVCRT](?:0*[1-9][0-9]*)?[rR]?[-.+,/_=]*\}"
_EXPAND = re.compile(r"%\{([A-Za-z])([0-9]*)([rR]?)([-.+,/_=]*)\}|%([%_-])")
_STRING = re.compile(rf"(?:[\x21-\x24\x26-\x7e]|{_MACRO}|%[%_-])*")
_EXPLANATION = re.compile(rf"(?:[\x20-\x24\x26-\x7e]|{_MACRO}|%[%_-])*")
_ENDS_IN_MACRO = re.compile(rf"(?:{_MACRO}|%[%_-])$")
_TOP_LABEL = re.compile(r"(?=[A-Za-z0-9-]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_ONLY_IN_EXPLANATIONS = re.compile(r"%\{[crtCRT]")
_PLAIN = {"%": "%", "_": " ", "-": "%20"}


def valid_macro_string(text: str) -> bool:
    """Whether this is a macro-string as a record may hold it: no letters that only explanations know."""
    return _STRING.fullmatch(text) is not None and not _ONLY_IN_EXPLANATIONS.search(text)


def valid_domain_spec(text: str) -> bool:
    """Whether this is a domain-spec: a macro-string that ends in a macro or in a dot and a top label (§7.1)."""
    if not valid_macro_string(text):
        return False
    if text.endswith("}") or text[-2:-1] == "%":
        return _ENDS_IN_MACRO.search(text, max(0, len(text) - 40)) is not None
    _, dot, top = text.removesuffix(".").rpartition(".")
    return bool(dot) and _TOP_LABEL.fullmatch(top) is not None


def valid_explanation(text: str) -> bool:
    """Whether this is an explain-string: macros of all letters, and spaces (§6.2)."""
    return _EXPLANATION.fullmatch(text) is not None


def wants(text: str, letter: str) -> bool:
    """Whether a string holds this macro, in either case."""
    return f"%{{{letter}" in text or f"%{{{letter.upper()}" in text


def expand(text: str, values: Mapping[str, str]) -> str:
    """A valid string with its macros replaced; `values` has one for each letter in use."""
    if "%" not in text:
        return text
    return _EXPAND.sub(lambda found: _value(found, values), text)


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    letter, digits, reverse, delimiters, plain = found.groups()
    if plain:
        return _PLAIN[plain]
    value = values.get(letter.lower(), "")
    if digits or reverse or delimiters:
        parts = _splitter(delimiters or ".").split(value)
        if reverse:
            parts.reverse()
        value = ".".join(parts[-int(digits[:9]) :] if digits else parts)
    return quote(value, safe="-._~") if letter.isupper() else value


@lru_cache(maxsize=64)
def _splitter(delimiters: str) -> re.Pattern[str]:
    return re.compile(f"[{re.escape(delimiters)}]")


def as_domain(text: str) -> str:
    """An expanded domain-spec as a name: without its last dot, and cut from the left to 253 octets (§7.3)."""
    name = text.removesuffix(".")
    while len(name) > LONGEST_NAME and "." in name:
        surplus = name.find(".", len(name) - LONGEST_NAME - 1)
        name = name[surplus + 1 :] if surplus >= 0 else name.rpartition(".")[2]
    return name
