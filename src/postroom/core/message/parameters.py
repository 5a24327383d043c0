"""Content-Type and Content-Disposition: a value and its parameters (RFC 2045 §5.1, RFC 2231), read leniently."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

from postroom.core.encoded_words import decode_words, unfold
from postroom.core.message import charset

MOST_PARAMETERS = 200
LONGEST_HEADER = 64 * 1024  # characters of one such field that are looked at
LONGEST_KEPT = 60  # octets of a field that is kept for the next mail: few types are written in few ways

Parameters = Mapping[str, str]

_QUOTED = re.compile(r'(?:[^"\\]|\\.)*+(?=")', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)  # a quoted pair stands for its second character (RFC 5322 §3.2.1)
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,4}))?(\*)?", re.DOTALL)


def read_parameters(raw: bytes) -> tuple[str, Parameters]:
    """The value in lower case and its parameters by lower-case name; of one given twice the first counts."""
    return _kept(raw) if len(raw) <= LONGEST_KEPT else _read(raw)


@lru_cache(maxsize=256)
def _kept(raw: bytes) -> tuple[str, Parameters]:
    value, parameters = _read(raw)
    return value, MappingProxyType(parameters)


def _read(raw: bytes) -> tuple[str, dict[str, str]]:
    text = unfold(raw[:LONGEST_HEADER])
    value, semicolon, rest = text.partition(";")
    value = value.strip().lower()
    if not semicolon:
        return value, {}
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, content in _pairs(rest):
        if "*" not in name:
            plain.setdefault(name, content)
            continue
        match = _SECTION.fullmatch(name)
        assert match is not None  # the first group takes whatever the others leave
        base, number, extended = match[1], int(match[2] or 0), match[3] is not None
        sections.setdefault(base, {}).setdefault(number, (content, extended))
    for base, parts in sections.items():
        plain[base] = _join(parts)
    return value, plain


def _pairs(rest: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    place = 0
    while len(pairs) < MOST_PARAMETERS and (equals := rest.find("=", place)) >= 0:
        name = rest[place:equals].rpartition(";")[2].strip().lower()
        content, place = _content(rest, equals + 1)
        if name and not name[0].isspace():
            pairs.append((name, content))
    return pairs


def _content(rest: str, place: int) -> tuple[str, int]:
    """The content that starts at `place`, quoted or up to the next semicolon, and the place behind it."""
    while place < len(rest) and rest[place] in " \t":
        place += 1
    if rest[place : place + 1] == '"':
        quoted = _QUOTED.match(rest, place + 1)
        if quoted is not None:
            text = quoted[0]
            return (_ESCAPED.sub(r"\1", text) if "\\" in text else text), quoted.end() + 1
    end = rest.find(";", place)
    end = len(rest) if end < 0 else end
    return rest[place:end].strip().strip('"'), end + 1


def _join(parts: dict[int, tuple[str, bool]]) -> str:
    """Sections in the order of their numbers; those with a star are percent-encoded, the first names a charset."""
    label, first = "", True
    data = bytearray()
    for number in sorted(parts):
        content, extended = parts[number]
        if extended and first:
            pieces = content.split("'", 2)
            if len(pieces) == 3:
                label, _, content = pieces
        first = False
        data += unquote_to_bytes(content) if extended else content.encode("utf-8", "replace")
    return charset.decode(bytes(data), label)[0]


def decoded(value: str) -> str:
    """A parameter in which encoded words stand although RFC 2047 §5 forbids it, as most software writes names."""
    return decode_words(value)
