"""What signatures are made over: header fields and body as they stand, and their canonical forms (RFC 6376 §3.4)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from postroom.core.frozen import frozen

_FIELD_END = re.compile(rb"\r\n(?![ \t])")
_BLANKS = re.compile(rb"[ \t]+")
_TABS = bytes.maketrans(b"\t", b" ")
_LONE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_OWN_SIGNATURE = re.compile(rb";[ \t\r\n]*+b[ \t\r\n]*+=([^;]*+)")
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


@frozen
class Signed:
    """A mail as signatures see it: fields from the top, whose lines end with CRLF, and the body as it came."""

    fields: tuple[Field, ...]
    body: bytes
    _index: dict[bytes, list[Field]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.fields:
            self._index.setdefault(one.name, []).append(one)

    def named(self, name: bytes) -> Sequence[Field]:
        """The fields of this name (lower case), from the top."""
        return self._index.get(name, ())


def read_signed(raw: bytes) -> Signed:
    """A mail's fields and body. Lines of the header that end with a bare LF or CR are read as if they ended with CRLF:
    some doors take mail from machines that have no other lines.
    """
    head, empty_line, body = raw.partition(b"\r\n\r\n")
    if not empty_line or _has_lone_ends(head):
        raw = whole_lines(raw)
        head, _, body = raw.partition(b"\r\n\r\n")
    if raw.startswith(b"\r\n"):
        return Signed((), raw[2:])
    if len(head) > LONGEST_HEADER:
        return Signed((), body)
    lines = _FIELD_END.split(head.removesuffix(b"\r\n"))
    ends = [(line.find(b":"), line) for line in lines]
    return Signed(tuple([Field(line[:end].strip(b" \t").lower(), line) for end, line in ends if end >= 0]), body)


def whole_lines(text: bytes) -> bytes:
    """The same with CRLF at the end of every line."""
    return _LONE.sub(b"\r\n", text) if _has_lone_ends(text) else text


def _has_lone_ends(text: bytes) -> bool:
    """Whether a line ends with a bare LF or CR."""
    whole = text.count(b"\r\n")
    return text.count(b"\n") != whole or text.count(b"\r") != whole


def relaxed_header(one: Field) -> bytes:
    """A field in relaxed form, without CRLF (§3.4.2)."""
    name, raw = one
    value = raw.partition(b":")[2]
    if b"\x0b" in value or b"\x0c" in value:  # white space for Python alone
        return b"%s:%s" % (name, _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" "))
    return b"%s:%s" % (name, b" ".join(value.split()))  # a CRLF is followed by a blank: both are one space


def simple_header(one: Field) -> bytes:
    """A field as it stands (§3.4.1)."""
    return one.raw


def simple_body(body: bytes) -> bytes:
    """The body with exactly one CRLF at its end (§3.4.3)."""
    return _without_empty_end(body) or b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """The body with runs of blanks as one space, none at the end of a line, no empty lines at the end (§3.4.4)."""
    text = body.translate(_TABS) if b"\t" in body else body
    while text.rfind(b"  ") >= 0:  # a search from the end takes half the time of one from the start
        text = text.replace(b"  ", b" ")
    if text.rfind(b" \r\n") >= 0:
        text = text.replace(b" \r\n", b"\r\n")
    return _without_empty_end(text.removesuffix(b" "))


def _without_empty_end(body: bytes) -> bytes:
    end = len(body)
    while body.endswith(b"\r\n", 0, end):
        end -= 2
    if end and end == len(body) - 2:
        return body
    return body[:end] + b"\r\n" if end else b""


def select(signed: Signed, names: Sequence[bytes]) -> list[Field]:
    """The fields that `h=` names: of a name that stands there twice, the lowest, then the one above (§5.4.2)."""
    left = {name: list(signed.named(name)) for name in names}
    return [left[name].pop() for name in names if left[name]]


def without_signature(own: Field) -> Field:
    """A signature's own field as it was signed: with an empty `b=` (§3.7)."""
    name, _, value = own.raw.partition(b":")
    value = b";" + value  # so that every tag stands behind one, which is quickly found
    if found := _OWN_SIGNATURE.search(value):
        value = value[: found.start(1)] + value[found.end(1) :]
    return Field(own.name, b"%s:%s" % (name, value[1:]))


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
