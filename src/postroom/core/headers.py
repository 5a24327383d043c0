"""Header fields: kept raw, decoded when asked for; and the one writer of header lines (RFC 5322 §2.2, RFC 2047)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field

from postroom.core.encoded_words import decode_words, encode_words, unfold
from postroom.core.errors import InvalidHeader
from postroom.core.frozen import frozen

SOFT_LINE = 78  # characters that a line should have at most (RFC 5322 §2.1.1)
LONGEST_WORD = SOFT_LINE * 4  # characters that still stand in a line as they are
HARD_LINE = 998  # characters that a line may have at most

_NAME = re.compile(r"[!-9;-~]{1,76}")
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\u0085\u2028\u2029\ud800-\udfff]")
_SPACES = re.compile(r"(?=[ \t]+[^ \t])")


@frozen
class Headers:
    """The header section in order; `fields` holds (name as written, value bytes as written, folds included)."""

    fields: tuple[tuple[str, bytes], ...] = ()
    _index: dict[str, tuple[bytes, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        index = self._index
        for name, value in self.fields:
            key = name.lower()
            index[key] = (*index[key], value) if key in index else (value,)

    def raw(self, name: str) -> tuple[bytes, ...]:
        """Each value of `name` as its bytes stand."""
        return self._index.get(name.lower(), ())

    def unfolded(self, name: str) -> Iterator[str]:
        """Each value of `name` on one line, encoded words left as they are: for structured fields."""
        return map(unfold, self.raw(name))

    def all(self, name: str) -> Iterator[str]:
        """Each value of `name`, decoded (RFC 2047), unfolded, without control characters."""
        return (decode_words(value) for value in self.unfolded(name))

    def first(self, name: str) -> str:
        """The first value of `name`, decoded, or empty."""
        return next(self.all(name), "")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._index

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether there is a field with one of these names, which are in small letters."""
        return not names.isdisjoint(self._index)


def header_line(name: str, value: str) -> bytes:
    """One unstructured field as bytes with its CRLF: folded, anything but plain ASCII in encoded words.

    Raises InvalidHeader where the name is no field name or the value has CR, LF, NUL or another control character.
    """
    _check(name, value)
    plain = value.isascii() and "=?" not in value and value == value.strip() and "\t" not in value
    if plain and (len(value) < LONGEST_WORD or all(len(word) < LONGEST_WORD for word in value.split(" "))):
        return _folded(name, value)
    return _folded(name, " ".join(encode_words(value)))


def structured_line(name: str, value: str) -> bytes:
    """One structured field (addresses, ids, parameters) as bytes: folded at its spaces, written as it stands in UTF-8.

    Raises InvalidHeader as `header_line` does.
    """
    _check(name, value)
    return _folded(name, value.strip())


def _check(name: str, value: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidHeader(f"not a header name: {name[:80]!r}")
    if not value.isprintable() and _FORBIDDEN.search(value):  # the first is quick, and true of nearly every value
        raise InvalidHeader(f"control character in the value of {name}: {value[:80]!r}")


def _folded(name: str, value: str) -> bytes:
    if len(name) + 2 + len(value) <= SOFT_LINE:
        return f"{name}: {value}\r\n".encode()
    lines: list[str] = []
    line = f"{name}:"
    for piece in _SPACES.split(" " + value):
        if len(line) + len(piece) > SOFT_LINE and line.strip() and (lines or line != f"{name}:"):
            lines.append(line)
            line = ""
        line += piece
    return ("\r\n".join([*lines, line]) + "\r\n").encode()
