"""What an examination of an installation consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `do` says what helps where it is not well."""

    name: str
    ok: bool
    found: str
    do: str = ""

    @property
    def words(self) -> str:
        """What was found and, where something is wrong, what to do."""
        return self.found if self.ok else f"{self.found} {self.do}".rstrip()
