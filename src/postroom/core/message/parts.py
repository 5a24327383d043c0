"""Taking a mail apart: where each part begins and ends, within bounds (RFC 2046 §5.1).

Works on places in the raw bytes and copies nothing but header fields, so that a large mail is not held several times.
Time is linear: each level looks once at its own bytes, and the candidates for boundaries are counted over all levels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from postroom.core.headers import Headers
from postroom.core.message.parameters import Parameters, read_parameters

MOST_LEVELS = 50
MOST_PARTS = 1000
MOST_FIELDS = 2000
MOST_HEADER = 512 * 1024  # bytes of one header section
MOST_CANDIDATES = 100_000  # places of one mail that may be a boundary line

_END_OF_HEADER = re.compile(rb"\r?\n(?=\r?\n|\r\n?\Z)|\r\r")
_FIELD = re.compile(rb"([!-9;-~]{1,200}+)[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)")
_LINE_END = re.compile(rb"[ \t]*(?:\r?\n|\r?\Z)")


@dataclass(slots=True)
class Part:
    """One part: its fields, its body as places in the raw bytes, and what it is.

    `parents` are the content types around it, outermost first. `source` is where its header begins. `untouched` means
    that a limit kept it from being taken apart, `undivided` that it is a multipart whose boundary was not found.
    """

    headers: Headers
    source: int
    start: int
    end: int
    content_type: str
    parameters: Parameters
    parents: tuple[str, ...] = ()
    untouched: bool = False
    undivided: bool = False


@dataclass(slots=True)
class Walk:
    """What is counted and complained of while one mail is taken apart."""

    raw: bytes
    defects: list[str] = field(default_factory=list)
    parts: int = 0
    candidates: int = 0
    full: bool = False  # a limit was met: nothing more is taken apart

    def defect(self, words: str) -> None:
        if words and len(self.defects) < 100 and words not in self.defects:
            self.defects.append(words)


def read_headers(walk: Walk, start: int, end: int) -> tuple[Headers, int]:
    """The fields of the header section at `start`, and the place where the body begins."""
    raw, limit = walk.raw, min(end, start + MOST_HEADER)
    match_field = _FIELD.match
    fields: list[tuple[str, bytes]] = []
    place = _after_line(raw, start, end) if raw.startswith((b"From ", b">From "), start, limit) else start
    while place < limit:
        match = match_field(raw, place, limit)
        if match is not None:
            if len(fields) == MOST_FIELDS:
                break
            name, value = match.groups()
            fields.append((name.decode("ascii"), value.rstrip()))
            place = match.end() + 1  # over the line feed
            continue
        if raw[place] in b"\r\n":
            return Headers(tuple(fields)), _after_line(raw, place, end)
        after = _not_a_field(walk, place, end, bool(fields))
        if after == place:
            return Headers(tuple(fields)), place
        place = after
    if place < end:
        walk.defect(f"More than {MOST_FIELDS} header fields or {MOST_HEADER // 1024} kB of them, the rest was not read")
        return Headers(tuple(fields)), _after_header(raw, min(place, end), end)
    return Headers(tuple(fields)), end


def _not_a_field(walk: Walk, place: int, end: int, within: bool) -> int:
    """Where to go on behind a line that is no field; the same place where the body begins with it."""
    after = _after_line(walk.raw, place, end)
    line = walk.raw[place : min(after, place + 10)]
    goes_on = line[:1] in b" \t" or line.startswith((b"From ", b">From ")) or _FIELD.match(walk.raw, after, end)
    if within and goes_on and not line.startswith(b"--"):
        walk.defect("A line in the header is no field")
        return after
    if within:
        walk.defect("No empty line between header and body")
    return place


def _after_line(raw: bytes, place: int, end: int) -> int:
    line_end = raw.find(b"\n", place, end)
    return end if line_end < 0 else line_end + 1


def _after_header(raw: bytes, place: int, end: int) -> int:
    match = _END_OF_HEADER.search(raw, place, end)
    return end if match is None else _after_line(raw, match.end(), end)


def take_apart(walk: Walk) -> tuple[Part, list[Part]]:
    """The mail as a whole and its leaves in order."""
    headers, start = read_headers(walk, 0, len(walk.raw))
    root = _part(headers, 0, start, len(walk.raw), "text/plain", ())
    leaves: list[Part] = []
    todo: list[Iterator[Part]] = [iter([root])]
    while todo:
        part = next(todo[-1], None)
        if part is None:
            todo.pop()
            continue
        if not part.content_type.startswith("multipart/") or part.untouched:
            leaves.append(part)
        elif len(todo) > MOST_LEVELS:
            walk.defect(f"More than {MOST_LEVELS} levels of parts, the rest was not taken apart")
            part.untouched = True
            leaves.append(part)
        else:
            todo.append(_children(walk, part))
        if walk.full:
            break
    return root, leaves


def _part(headers: Headers, source: int, start: int, end: int, default: str, parents: tuple[str, ...]) -> Part:
    values = headers.raw("content-type")
    content_type, parameters = read_parameters(values[0]) if values else (default, {})
    return Part(headers, source, start, end, known_type(content_type, default), parameters, parents)


def known_type(content_type: str, default: str) -> str:
    """A content type of the form word/word; a bare `text` is plain, anything else that is broken is the default."""
    main, slash, sub = content_type.partition("/")
    if slash and main and sub and " " not in content_type and "*" not in content_type and content_type.isprintable():
        return content_type
    if main in ("text", "multipart"):
        return {"text": "text/plain", "multipart": "multipart/mixed"}[main]
    return default if not content_type else "application/octet-stream"


def _children(walk: Walk, parent: Part) -> Iterator[Part]:
    """The parts of a multipart; one without a usable boundary is a single text."""
    boundary = parent.parameters.get("boundary", "").rstrip()
    default = "message/rfc822" if parent.content_type == "multipart/digest" else "text/plain"
    parents = (*parent.parents, parent.content_type)
    places = _boundaries(walk, parent, b"--" + boundary.encode("utf-8", "surrogateescape")) if boundary else iter(())
    opened = next(places, None)
    if opened is None:
        walk.defect("A multipart without its boundary, read as text")
        bounds = (parent.source, parent.start, parent.end)
        yield Part(parent.headers, *bounds, "text/plain", {}, parents, undivided=True)
        return
    start: int | None = opened[1]  # None: behind a multipart within it, up to the next boundary
    for line_start, after, closes in places:
        if start is not None:
            child = _child(walk, start, line_start, default, parents)
            if not closes and _shares(child, boundary):
                walk.defect("A multipart within another has the same boundary, its first end counts for the inner one")
                child.end = next((end for _, end, last in places if last), parent.end)
                yield child
                start = None
                continue
            yield child
        start = after
        if walk.full or closes:
            return
    if not opened[2] and start is not None and start < parent.end:
        walk.defect("A multipart without its closing boundary")
        yield _child(walk, start, parent.end, default, parents)


def _shares(child: Part, boundary: str) -> bool:
    """Whether a part is a multipart with the boundary of the one around it, which RFC 2046 §5.1.2 forbids."""
    return child.content_type.startswith("multipart/") and child.parameters.get("boundary", "").rstrip() == boundary


def _child(walk: Walk, start: int, end: int, default: str, parents: tuple[str, ...]) -> Part:
    walk.parts += 1
    if walk.parts > MOST_PARTS or walk.candidates > MOST_CANDIDATES:
        walk.full = True
        walk.defect(f"More than {MOST_PARTS} parts, the rest was not taken apart")
        rest = len(walk.raw)
        return Part(Headers(), start, start, rest, "application/octet-stream", {}, parents, untouched=True)
    headers, body = read_headers(walk, start, end)
    return _part(headers, start, min(body, end), end, default, parents)


def _boundaries(walk: Walk, parent: Part, marker: bytes) -> Iterator[tuple[int, int, bool]]:
    """Each boundary line within the part: where the part before it ends, where the line ends, whether it closes."""
    raw, end, size = walk.raw, parent.end, len(marker)
    place = raw.find(marker, parent.start, end)
    while place >= 0 and walk.candidates <= MOST_CANDIDATES:
        walk.candidates += 1
        behind = place + size
        if place == parent.start or raw[place - 1] in b"\r\n":
            closes = raw.startswith(b"--", behind)
            line_end = _LINE_END.match(raw, behind + 2 * closes, end)
            if line_end is not None:
                yield _before_line(raw, place, parent.start), line_end.end(), closes
                behind = max(behind, line_end.end() - 1)
        place = raw.find(marker, behind, end)


def _before_line(raw: bytes, place: int, start: int) -> int:
    """The end of what stands before a boundary line: its line break belongs to the boundary."""
    if place > start and raw[place - 1] == 10:
        place -= 1
    if place > start and raw[place - 1] == 13:
        place -= 1
    return place
