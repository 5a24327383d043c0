"""The property lists of TNEF (MS-OXTNEF §2.1.3.4): only the properties that files and words need are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from postroom.core.message import charset

MOST_PROPERTIES = 4000
MOST_VALUES = 10_000  # of one property that has several

Value = int | str | bytes
Properties = dict[str, Value]

_NAMES: Final[Mapping[int, str]] = {
    0x0037: "subject",
    0x1000: "body",
    0x1009: "rtf",
    0x1013: "html",
    0x3001: "shown name",
    0x3701: "data",
    0x3704: "short name",
    0x3707: "long name",
    0x370E: "type",
    0x3712: "content id",
    0x3FDE: "html codepage",
}
_SEVERAL = 0x1000  # flag of a type: several values
_NAMED = 0x8000  # from here on a property has a name of its own
_OBJECT, _TEXT, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_SIZES = {
    0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16, 0x00: 4,
    0x01: 4,
}  # fmt: skip


class _BrokenError(Exception):
    """The list does not fit its bytes."""


class _Cursor:
    """A place in bytes that never goes beyond their end."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.place = 0

    def take(self, size: int) -> memoryview:
        end = self.place + size
        if size < 0 or end > len(self.data):
            raise _BrokenError
        piece = self.data[self.place : end]
        self.place = end
        return piece

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "little")

    def padded(self, size: int) -> memoryview:
        """As many bytes, and over what fills them up to a multiple of four; the very last may lack its filling."""
        piece = self.take(size)
        self.place = min(self.place + -size % 4, len(self.data))
        return piece


def read_properties(data: memoryview) -> tuple[Properties, bool]:
    """The properties of a list that have a meaning here, by name, and whether the list was whole."""
    cursor, found = _Cursor(data), Properties()
    try:
        count = cursor.number()
        for _ in range(min(count, MOST_PROPERTIES)):
            _one(cursor, found)
    except _BrokenError:
        return found, False
    return found, count <= MOST_PROPERTIES


def _one(cursor: _Cursor, found: Properties) -> None:
    kind, number = cursor.number(2), cursor.number(2)
    if number >= _NAMED:
        _pass_name(cursor)
    value = _values(cursor, kind)
    name = _NAMES.get(number)
    if name and value is not None:
        found.setdefault(name, value)


def _pass_name(cursor: _Cursor) -> None:
    cursor.take(16)
    if cursor.number() == 0:
        cursor.number()
    else:
        cursor.padded(cursor.number())


def _values(cursor: _Cursor, kind: int) -> Value | None:
    """The first value; all are passed over."""
    plain = kind & ~_SEVERAL
    sized = plain not in (_OBJECT, _TEXT, _UNICODE, _BINARY)
    if sized and plain not in _SIZES:
        raise _BrokenError
    count = cursor.number() if kind & _SEVERAL or not sized else 1
    if count > MOST_VALUES:
        raise _BrokenError
    values = [_sized(cursor, plain) if sized else _free(cursor, plain) for _ in range(count)]
    return values[0] if values else None


def _sized(cursor: _Cursor, kind: int) -> Value:
    piece = cursor.take(_SIZES[kind])
    return int.from_bytes(piece[:2] if kind in (0x02, 0x0B) else piece, "little")


def _free(cursor: _Cursor, kind: int) -> Value:
    piece = cursor.padded(cursor.number())
    return str(piece, "utf-16-le", "replace").rstrip("\0") if kind == _UNICODE else bytes(piece)


def text_of(value: Value | None, codepage: int) -> str:
    """A property as text; bytes are in the code page of the envelope."""
    if isinstance(value, bytes):
        return charset.decode(value.rstrip(b"\0"), charset.codepage(codepage))[0]
    return value if isinstance(value, str) else ""
