"""Message ids: found in Message-ID, In-Reply-To and References as mail really writes them; made (RFC 5322 §3.6.4)."""

from __future__ import annotations

import re

MOST_IDS = 1000  # of one field: more are no conversation but a flood
LONGEST_ID = 998  # characters: what a header line can carry

_BRACKETED = re.compile(r"<([^<>]{1,2000})>")
_UNFIT = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_BETWEEN = re.compile(r"[\s<>,;\"()]+")
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def ids_in(value: str) -> tuple[str, ...]:
    """All ids of a field value without their brackets, in order, each once.

    White space inside brackets comes from bad folding and is taken out, as is what no database keeps. Where nothing
    stands in brackets, every token with an @ counts, or else the only token.
    """
    found = [_plain(inner) for inner in _BRACKETED.findall(value)]
    if not found:
        tokens = [plain for token in _BETWEEN.split(value) if (plain := _plain(token))]
        found = [token for token in tokens if "@" in token[1:-1]] or (tokens if len(tokens) == 1 else [])
    kept = dict.fromkeys(one for one in found if one and len(one) <= LONGEST_ID)
    return tuple(kept)[:MOST_IDS]


def _plain(one_id: str) -> str:
    return _UNFIT.sub("", one_id) if " " in one_id or not one_id.isprintable() else one_id


def mint(domain: str, randomness: bytes, label: str = "") -> str:
    """A new id without brackets: `label` (what the mail is about, may be empty), randomness, domain.

    `randomness` should be 15 bytes or more from the system's generator; it is an argument because core has none.
    """
    number = int.from_bytes(randomness, "big")
    digits = []
    for _ in range(max(1, (len(randomness) * 8 + 4) // 5)):
        number, rest = divmod(number, 32)
        digits.append(_BASE32[rest])
    safe = re.sub(r"[^a-z0-9-]+", "-", label.lower()).strip("-")[:40]
    return f"{safe + '.' if safe else ''}{''.join(reversed(digits))}@{domain.lower()}"
