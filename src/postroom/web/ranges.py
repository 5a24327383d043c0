"""The part of a file that somebody asks for (RFC 9110 §14)."""

from __future__ import annotations

import re

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class OutOfRange(ValueError):
    """The part begins behind the end of the file."""


def asked_range(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last; None where all of it is asked for, or in a way that nobody has to know
    (several parts, other units): then all of it is the answer.

    Raises:
        OutOfRange: there is nothing in that part.

    """
    found = _ONE.fullmatch(header.strip())
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:  # the last so many
        first, last = max(0, size - int(found[2])), size
    else:
        first, last = int(found[1]), min(size, int(found[2]) + 1 if found[2] else size)
        if found[2] and int(found[2]) < first:
            return None
    if first >= size or first >= last:
        raise OutOfRange(header)
    return first, last
