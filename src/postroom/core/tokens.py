"""Tokens in addresses: which copy of a message an answer or a bounce belongs to.

A token is 15 bytes, written as 24 characters of lower-case base32 (RFC 4648 §6, which then needs no padding): 4 bits
purpose, 4 bits key number, 48 bits row id, 64 bits of HMAC-SHA-256 over those seven bytes. It shows a direction and
proves no identity: whoever receives the mail holds it too.
"""

from __future__ import annotations

import hmac
from base64 import b32decode
from binascii import Error as NotBase32
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

LENGTH = 24  # characters
MAX_KEY = 15
MAX_ROW = (1 << 48) - 1

_BYTES = 15
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
# Two characters at a time: two tokens are minted for every copy, and b32encode takes twice as long.
_PAIRS = tuple(one + other for one in _ALPHABET for other in _ALPHABET)
_SHIFTS = tuple(range(_BYTES * 8 - 10, -1, -10))
_CONTEXT = b"postroom address token\0"  # keeps the same secret from signing anything else alike


class Purpose(IntEnum):
    """What a mail to the address is: an answer to a copy or news of it (the row id is that of the delivery), or a round
    trip that proves a domain (the row id is that of the trip).
    """

    REPLY = 1
    RETURN_PATH = 2
    PROOF = 3


@dataclass(frozen=True, slots=True)
class Token:
    """`key` is the number of the signing key, 0 to 15; `row` is below 2**48."""

    purpose: Purpose
    key: int
    row: int


def mint(token: Token, secret: bytes) -> str:
    """The token as it stands in an address; ValueError where key or row do not fit."""
    if not (0 <= token.key <= MAX_KEY and 0 <= token.row <= MAX_ROW):
        raise ValueError(f"token out of range: key {token.key}, row {token.row}")
    head = bytes((token.purpose << 4 | token.key,)) + token.row.to_bytes(6, "big")
    number = int.from_bytes(head + _signature(head, secret), "big")
    return "".join([_PAIRS[number >> bits & 1023] for bits in _SHIFTS])


def verify(text: str, secrets: Mapping[int, bytes]) -> Token | None:
    """The token that `text` is, in upper or lower case, or None where one bit is not as minted.

    `secrets` holds every key by its number, the retired ones too.
    """
    raw = _decoded(text)
    if raw is None:
        return None
    secret = secrets.get(raw[0] & 0x0F)
    if secret is None or not hmac.compare_digest(_signature(raw[:7], secret), raw[7:]):
        return None
    try:
        purpose = Purpose(raw[0] >> 4)
    except ValueError:
        return None
    return Token(purpose, raw[0] & 0x0F, int.from_bytes(raw[1:7], "big"))


def looks_like_token(text: str) -> bool:
    """Whether `text` has the form of a token; says nothing of its signature."""
    return _decoded(text) is not None


def _decoded(text: str) -> bytes | None:
    # isascii first: some letters beyond ASCII become A to Z in upper case
    if len(text) != LENGTH or not text.isascii():
        return None
    try:
        raw = b32decode(text.upper())
    except NotBase32:
        return None
    return raw if len(raw) == _BYTES else None  # padding makes it shorter


def _signature(head: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, _CONTEXT + head, "sha256")[:8]
