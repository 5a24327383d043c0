"""Which From a server may send: a list of addresses and domains, read from what a person typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from postroom.core.addresses import normalise, valid

Admitted = Literal["address", "domain", ""]

MOST_ITEMS = 1000  # of one filter: more is a pasted file, not a filter
_BETWEEN = re.compile(r"[\s,;]+")


def parse_filter(text: str) -> tuple[str, ...]:
    """The items of a filter, normalised, each once, in order; commas, semicolons and white space part them.

    `@acme.example` is the domain `acme.example`. What is neither an address nor a domain stays an item that matches
    nothing: if it were dropped, a filter with a slip of the pen would admit everybody.
    """
    items = dict.fromkeys(_item(piece) for piece in _pieces(text))
    return tuple(items)[:MOST_ITEMS]


def admits(items: Sequence[str], address: str) -> Admitted:
    """How a filter lists a normalised address: by itself, by its domain (the same, no subdomain), or not at all."""
    if not items or not address:
        return ""
    if address in items:
        return "address" if "@" in address else ""
    domain = address.rpartition("@")[2]
    return "domain" if domain != address and domain in items else ""


def filter_problems(text: str) -> list[str]:
    """What is wrong with a filter as it was typed, a sentence for each item that can never match."""
    pieces = _pieces(text)
    problems = [f"“{_short(piece)}” is neither an address nor a domain." for piece in pieces if not _plausible(piece)]
    if len(pieces) > MOST_ITEMS:
        problems.append(f"Only the first {MOST_ITEMS} items count.")
    return problems


def _pieces(text: str) -> list[str]:
    return [piece for piece in _BETWEEN.split(text) if piece]


def _item(piece: str) -> str:
    if "@" in piece.removeprefix("@"):
        return normalise(piece) or piece.lower()
    domain = piece.removeprefix("@")
    return normalise(f"x@{domain}")[2:] or piece.lower()


def _plausible(piece: str) -> bool:
    item = _item(piece)
    return valid(item if "@" in item else f"x@{item}")


def _short(piece: str) -> str:
    return piece if len(piece) <= 60 else f"{piece[:59]}…"
