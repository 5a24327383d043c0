"""Writes TNEF envelopes for tests, as Outlook does: attributes with checksums, property lists padded to four bytes."""

from __future__ import annotations

import struct

from postroom.core.message.tnef import SIGNATURE

MESSAGE, FILE = 1, 2
TEXT, UNICODE, BINARY, OBJECT, LONG, BOOLEAN = 0x1E, 0x1F, 0x102, 0x0D, 0x03, 0x0B
IMESSAGE = bytes(range(16))  # the interface that stands before an embedded message

Property = tuple[int, int, bytes | int]


def attribute(level: int, tag: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, tag, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def envelope(*attributes: bytes, codepage: int = 1252) -> bytes:
    head = SIGNATURE + b"\x01\x00" + attribute(MESSAGE, 0x00069007, struct.pack("<II", codepage, 0))
    return head + b"".join(attributes)


def body(text: bytes) -> bytes:
    return attribute(MESSAGE, 0x0002800C, text + b"\0")


def subject(text: bytes) -> bytes:
    return attribute(MESSAGE, 0x00018004, text + b"\0")


def properties(*ones: Property) -> bytes:
    return struct.pack("<I", len(ones)) + b"".join(_property(*one) for one in ones)


def _property(kind: int, number: int, value: bytes | int) -> bytes:
    head = struct.pack("<HH", kind, number)
    if isinstance(value, int):
        return head + struct.pack("<I", value)
    return head + struct.pack("<II", 1, len(value)) + value + b"\0" * (-len(value) % 4)


def named(kind: int, name: str, value: bytes | int) -> bytes:
    """A property with a name of its own, which stands before its value."""
    written = name.encode("utf-16-le") + b"\0\0"
    one = _property(kind, 0x8001, value)
    return one[:4] + bytes(16) + struct.pack("<II", 1, len(written)) + written + b"\0" * (-len(written) % 4) + one[4:]


def message_list(*ones: Property) -> bytes:
    return attribute(MESSAGE, 0x00069003, properties(*ones))


def file(title: bytes, data: bytes, *more: Property) -> bytes:
    written = attribute(FILE, 0x00069002, bytes(14)) + attribute(FILE, 0x00018010, title + b"\0")
    written += attribute(FILE, 0x0006800F, data) if data else b""
    return written + (attribute(FILE, 0x00069005, properties(*more)) if more else b"")


def inner_message(title: bytes, inner: bytes) -> bytes:
    return file(title, b"", (OBJECT, 0x3701, IMESSAGE + inner))
