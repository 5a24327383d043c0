"""Addresses: read leniently, kept normalised (RFC 5322 §3.4, RFC 6531)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox: `email` is normalised (see `normalise`), `name` is the decoded display name or empty."""

    email: str
    name: str = ""

    @property
    def local(self) -> str:
        return self.email.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]
