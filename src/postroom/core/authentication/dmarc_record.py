"""DMARC policy records: the one at a name, and its tags (RFC 9989 §4.7, §4.8)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Policy = Literal["none", "quarantine", "reject"]

POLICIES: dict[str, Policy] = {"none": "none", "quarantine": "quarantine", "reject": "reject"}
ONE_BELOW: dict[Policy, Policy] = {"reject": "quarantine", "quarantine": "none", "none": "none"}  # what t=y asks for
LONGEST_KEPT = 1024  # octets of a record whose tags are kept for the next mail

_VERSION = re.compile(rb"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|$)")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s,!]+(?:![0-9]+[kmgt]?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DmarcRecord:
    """The tags of a record. `p`, `sp`, `np` are None where absent; `faulty` names those that are none of the three."""

    text: str
    p: Policy | None = None
    sp: Policy | None = None
    np: Policy | None = None
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: Literal["y", "n", "u"] = "u"
    testing: bool = False
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    faulty: tuple[str, ...] = ()

    @property
    def applies(self) -> bool:
        """Whether receivers process it: its policies are right, or somebody is to be told (§4.10.1)."""
        return bool(self.rua) or (self.p is not None and not self.faulty)


def dmarc_records(texts: Sequence[bytes]) -> list[bytes]:
    """Those TXT records that are DMARC records: `v=DMARC1` comes first, in these very letters."""
    return [text for text in texts if _VERSION.match(text)]


def parse_dmarc(record: bytes) -> DmarcRecord:
    """The tags of a record. Unknown tags and wrong values are passed over, of a repeated tag the first counts."""
    return _kept(record) if len(record) <= LONGEST_KEPT else _parse(record)


def _parse(record: bytes) -> DmarcRecord:
    text = record.decode("utf-8", "replace")
    tags: dict[str, str] = {}
    for piece in text.split(";")[1:]:
        name, equals, value = piece.partition("=")
        if equals:
            tags.setdefault(name.strip(" \t"), value.strip(" \t"))
    low = {name: value.lower() for name, value in tags.items()}
    psd = low.get("psd")
    return DmarcRecord(
        text,
        p=POLICIES.get(low.get("p", "")),
        sp=POLICIES.get(low.get("sp", "")),
        np=POLICIES.get(low.get("np", "")),
        strict_dkim=low.get("adkim") == "s",
        strict_spf=low.get("aspf") == "s",
        psd="y" if psd == "y" else "n" if psd == "n" else "u",
        testing=low.get("t") == "y",
        rua=_uris(tags.get("rua", "")),
        ruf=_uris(tags.get("ruf", "")),
        faulty=tuple(name for name in ("p", "sp", "np") if name in low and low[name] not in POLICIES),
    )


_kept = lru_cache(maxsize=1024)(_parse)


def _uris(value: str) -> tuple[str, ...]:
    pieces = (piece.strip() for piece in value.split(","))
    return tuple(piece for piece in pieces if _URI.fullmatch(piece))
