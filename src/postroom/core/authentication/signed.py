"""What signatures are made over: header fields and body as they stand, and their canonical forms (RFC 6376 §3.4)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_TABS = bytes.maketrans(b"\t", b" ")
_LONE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_AROUND = b" \t\r\n"
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")

LONGEST_TAGS = 20_000  # characters of a field with tags that are read
LONGEST_HEADER = 512 * 1024  # bytes of a header in which proofs are looked for; a longer one proves nothing
Tags = Mapping[str, str]


class Field(NamedTuple):
    """A header field: its name in lower case, and its bytes as they stand, without the last CRLF."""

    name: bytes
    raw: bytes

    @property
    def value(self) -> bytes:
        return self.raw.partition(b":")[2]


@dataclass(frozen=True, slots=True)
class Signed:
    """A mail as signatures see it: fields from the top, and the body; every line ends with CRLF."""

    fields: tuple[Field, ...]
    body: bytes

    def named(self, name: bytes) -> list[Field]:
        """The fields of this name (lower case), from the top."""
        return [one for one in self.fields if one.name == name]


def read_signed(raw: bytes) -> Signed:
    """A mail's fields and body. Lines that end with a bare LF or CR are read as if they ended with CRLF: some doors
    take mail from machines that have no other lines.
    """
    without = raw.replace(b"\r\n", b"")
    if b"\n" in without or b"\r" in without:
        raw = _LONE.sub(b"\r\n", raw)
    if raw.startswith(b"\r\n"):
        return Signed((), raw[2:])
    head, _, body = raw.partition(b"\r\n\r\n")
    if len(head) > LONGEST_HEADER:
        return Signed((), body)
    return Signed(tuple(_fields(_FIELD_END.split(head.removesuffix(b"\r\n")))), body)


def _fields(lines: Iterable[bytes]) -> Iterable[Field]:
    for line in lines:
        name, colon, _ = line.partition(b":")
        if colon:
            yield Field(name.strip(b" \t").lower(), line)


def relaxed_header(field: Field) -> bytes:
    """A field in relaxed form, without CRLF (§3.4.2)."""
    value = field.value.replace(b"\r\n", b"")
    if b"\x0b" in value or b"\x0c" in value:  # white space for Python alone
        return b"%s:%s" % (field.name, _BLANKS.sub(b" ", value).strip(b" "))
    return b"%s:%s" % (field.name, b" ".join(value.split()))


def simple_header(field: Field) -> bytes:
    """A field as it stands (§3.4.1)."""
    return field.raw


def simple_body(body: bytes) -> bytes:
    """The body with exactly one CRLF at its end (§3.4.3)."""
    return _without_empty_end(body) or b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """The body with runs of blanks as one space, none at the end of a line, no empty lines at the end (§3.4.4)."""
    text = body.translate(_TABS) if b"\t" in body else body
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    return _without_empty_end(text.replace(b" \r\n", b"\r\n").removesuffix(b" "))


def _without_empty_end(body: bytes) -> bytes:
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    return body[:end] + b"\r\n" if end else b""


def select(signed: Signed, names: Sequence[bytes]) -> list[Field]:
    """The fields that `h=` names: of a name that stands there twice, the lowest, then the one above (§5.4.2)."""
    left: dict[bytes, list[Field]] = {}
    for field in signed.fields:
        left.setdefault(field.name, []).append(field)
    return [left[name].pop() for name in names if left.get(name)]


def without_signature(field: Field) -> Field:
    """A signature's own field as it was signed: with an empty `b=` (§3.7)."""
    name, _, value = field.raw.partition(b":")
    tags = value.split(b";")
    for place, tag in enumerate(tags):
        before, equals, _ = tag.partition(b"=")
        if equals and before.strip(_AROUND) == b"b":
            tags[place] = before + equals
            break
    return Field(field.name, b"%s:%s" % (name, b";".join(tags)))


def read_tags(value: bytes) -> Tags | None:
    """A list of tags (§3.2); None where it is none, or where a tag stands there twice."""
    if len(value) > LONGEST_TAGS:
        return None
    found: dict[str, str] = {}
    parts = value.decode("utf-8", "replace").split(";")
    if parts and not parts[-1].strip():
        parts.pop()
    for part in parts:
        name, equals, content = part.partition("=")
        name = name.strip()
        if not equals or not _TAG.fullmatch(name) or name in found:
            return None
        found[name] = content.strip()
    return found
