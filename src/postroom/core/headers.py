"""Header fields: kept raw, decoded when asked for; and the one writer of header lines (RFC 5322 §2.2, RFC 2047)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Headers:
    """The header section in order; `fields` holds (name as written, raw unfolded-not value bytes)."""

    fields: tuple[tuple[str, bytes], ...] = ()

    def all(self, name: str) -> Iterator[str]:
        """Each value of `name`, decoded (RFC 2047), unfolded, without control characters."""
        raise NotImplementedError

    def first(self, name: str) -> str:
        """The first value of `name`, decoded, or empty."""
        return next(self.all(name), "")
