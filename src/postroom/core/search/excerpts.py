"""The words around what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from postroom.core.search.words import Question, fold

LENGTH = 200  # characters
BEFORE = 60  # of them, at most, before the first word that was asked for

_WORD = re.compile(r"[^\W_]+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some of a text; `found` where it was asked for."""

    text: str
    found: bool = False


def excerpt(text: str, asked: Question, *, length: int = LENGTH) -> tuple[Piece, ...]:
    """About `length` characters of a text, from shortly before the first word that was asked for."""
    plain = _SPACE.sub(" ", text).strip()
    first = next(_found(plain, asked), None)
    start = 0 if first is None or first[0] <= BEFORE else plain.rfind(" ", 0, first[0] - BEFORE // 2) + 1
    end = len(plain) if len(plain) <= start + length else max(plain.rfind(" ", start, start + length), start)
    end = end if end > start else start + length
    shown = plain[start:end]
    pieces = [Piece("… ")] * bool(start) + list(_marked(shown, asked))
    return tuple(pieces + [Piece(" …")] * (end < len(plain)))


def _marked(text: str, asked: Question) -> Iterator[Piece]:
    at = 0
    for begin, end in _found(text, asked):
        if begin > at:
            yield Piece(text[at:begin])
        yield Piece(text[begin:end], found=True)
        at = end
    if at < len(text):
        yield Piece(text[at:])


def _found(text: str, asked: Question) -> Iterator[tuple[int, int]]:
    for word in _WORD.finditer(text):
        if asked.is_about(fold(word.group())):
            yield word.span()
