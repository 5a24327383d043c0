"""How large a mail will be, and which of its files have to become links so that a server takes it.

Nothing is read and nothing is rendered: sizes of files are known, the bodies are encoded. The estimate is never below
the mail that is rendered, and hardly above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.core.addresses import Address
from postroom.core.message.render import text_part_size

HEADERS = 4096  # bytes for fields of our own, for those of a signature, and for what a server puts before them
ADDRESS = 40  # bytes beside the address and the name of somebody in To or Cc
PART = 400  # bytes of the header and the boundaries of a part
LINK = 700  # bytes that a link adds to both bodies, beside the name of its file
LINE = 76  # characters of base64


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a letter by its id; `size` in bytes. An `inline` one is shown by the HTML and never becomes a link."""

    id: int
    name: str
    size: int
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Fitting:
    """`whole` and `rest` are the bytes of the mail with all of its files, and without those that are `linked`, by id in
    the order of the letter.
    """

    whole: int
    rest: int
    linked: tuple[int, ...] = ()


def text_size(text: str, html: str, people: Sequence[Address] = (), subject: str = "") -> int:
    """The bytes of a mail without its files, as `core.message.render` writes it."""
    named = sum(3 * len(one.email.encode()) + 6 * len(one.name.encode("utf-8", "replace")) + ADDRESS for one in people)
    bodies = sum(text_part_size(kind, body) for kind, body in (("plain", text), ("html", html)) if body)
    return HEADERS + 3 * PART + named + 3 * len(subject.encode("utf-8", "replace")) + bodies


def part_size(part: Part) -> int:
    """The bytes of a file within a mail: base64 in lines (RFC 2045 §6.8), its header and its boundary."""
    letters = -(-part.size // 3) * 4
    return letters + 2 * max(1, -(-letters // LINE)) + PART + _name(part)


def fit(body: int, parts: Sequence[Part], limit: int) -> Fitting:
    """Which files leave as links so that a mail with a body of so many bytes has at most `limit`, 0 for any number: the
    largest first, no more than are needed. All that may, where even that is not enough: then `rest` is above the limit.
    """
    whole = rest = body + sum(map(part_size, parts))
    linked: set[int] = set()
    movable = sorted((part for part in parts if not part.inline), key=lambda part: -part.size)  # equals: as they stand
    for part in movable:
        if not limit or rest <= limit:
            break
        saved = part_size(part) - LINK - _name(part)
        if saved > 0:
            linked.add(part.id)
            rest -= saved
    return Fitting(whole, rest, tuple(part.id for part in parts if part.id in linked))


def _name(part: Part) -> int:
    return 6 * len(part.name.encode("utf-8", "replace"))


def size_words(size: int) -> str:
    """A number of bytes as mail programs count: 812 bytes, 64 kB, 28.4 MB (of 1024 kB)."""
    if size < 1024:
        return f"{size} bytes"
    if size < 1024 * 1024:
        return f"{-(-size // 1024)} kB"
    return f"{size * 10 // (1024 * 1024) / 10:.1f}".removesuffix(".0") + " MB"


def because(fitting: Fitting, parts: Sequence[Part], limit: int, server: str, *, assumed: bool = False) -> str:
    """Why files go as links, in a sentence."""
    names = {part.id: part.name or "a file without a name" for part in parts}
    count = len(fitting.linked)
    listed = ", ".join(names[one] for one in fitting.linked[:3]) + (f" and {count - 3} more" if count > 3 else "")
    takes = f"that a server such as {server} is taken to accept" if assumed else f"that {server} takes"
    links = "1 file leaves as a link" if count == 1 else f"{count} files leave as links"
    whole, most = size_words(fitting.whole), size_words(limit)
    whole = f"{fitting.whole:,} bytes" if whole == most else whole
    return f"{whole} are more than the {most} {takes}: {links}: {listed}."


def too_large(fitting: Fitting, limit: int, server: str) -> str:
    """Why a mail can't be sent at all, in a sentence or two."""
    return (
        f"Without its attachments this mail still has {size_words(fitting.rest)}, and {server} takes"
        f" {size_words(limit)}: make its text and the images in it smaller."
    )
