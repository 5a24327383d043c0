"""The content lines of a calendar file (RFC 5545 §3.1): names, parameters, values, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from postroom.core.encoded_words import without_controls

MOST_LINES = 20_000
MOST_LEVELS = 10  # components within components
LONGEST_LINE = 64 * 1024  # characters

_HEAD = re.compile(r'((?:[^":]|"[^"]*")*+):')
_PARAMETERS = re.compile(r';((?:[^";]|"[^"]*")*+)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BREAKS = re.compile(r"\r\n|\r|\n")
_DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Line:
    """A property. `path` are the components around it, outermost first, `number` tells the innermost from others of its
    kind; `value` is raw, `parameters` are by lower-case name without quotes.
    """

    path: tuple[str, ...]
    number: int
    name: str
    parameters: dict[str, str]
    value: str


def component_lines(text: str) -> Iterator[Line]:
    """The properties of an unfolded file, in order; what is no property is passed over."""
    path: list[tuple[str, int]] = []
    number = 0
    for written in _BREAKS.split(text, maxsplit=MOST_LINES)[:MOST_LINES]:
        line = _read(written[:LONGEST_LINE])
        if line is None:
            continue
        name, parameters, value = line
        if name == "begin":
            number += 1
            if len(path) < MOST_LEVELS:
                path.append((value.strip().lower(), number))
        elif name == "end":
            _close(path, value.strip().lower())
        elif path:
            yield Line(tuple(kind for kind, _ in path), path[-1][1], name, parameters, value)


def _close(path: list[tuple[str, int]], kind: str) -> None:
    """End the component; one that was never begun ends nothing."""
    if any(open_kind == kind for open_kind, _ in path):
        while path.pop()[0] != kind:
            pass


def _read(written: str) -> tuple[str, dict[str, str], str] | None:
    match = _HEAD.match(written)
    head, colon, value = (match[1], ":", written[match.end() :]) if match else written.partition(":")
    name, _, _ = head.partition(";")
    name = name.strip().lower().rpartition(".")[2]  # a group may stand before the name, as in cards
    if not colon or not name:
        return None
    return name, _parameters(head), value


def _parameters(head: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _PARAMETERS.finditer(head):
        name, equals, value = match[1].partition("=")
        if equals:
            found.setdefault(name.strip().lower(), value.replace('"', "").strip())
    return found


def unescaped(value: str) -> str:
    """Text of a value (RFC 5545 §3.3.11)."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value) if "\\" in value else value


def one_line(text: str, longest: int) -> str:
    """Words on one line, without control and direction characters, at most so many."""
    words = " ".join(_DIRECTIONS.sub("", without_controls(text[: longest * 4])).split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def several_lines(text: str, longest: int) -> str:
    """As `one_line`, but lines stay lines."""
    lines = _BREAKS.split(text[: longest * 2])
    shown = "\n".join(_DIRECTIONS.sub("", without_controls(line)).rstrip() for line in lines).strip()
    return shown if len(shown) <= longest else f"{shown[: longest - 1]}…"
