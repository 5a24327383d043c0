"""Public keys of signers: the record in DNS, and whether a signature was made with its key (RFC 6376 §3.6, §6.1.2)."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from postroom.core.authentication.signed import read_tags

KeyType = Literal["rsa", "ed25519"]

FEWEST_BITS = 1024  # of an RSA key (RFC 8301 §3.2)
MOST_BITS = 4096  # that are computed with: larger ones only cost time
PADDING, SHA_256 = PKCS1v15(), Prehashed(SHA256())  # made once: each costs as much as reading a tag
_BLANKS = b" \t\r\n"


class BadKey(Exception):
    """A record holds no key that can be used; the words say why."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signer's record. `testing`: its domain asks not to rely on it. `strict`: only for the domain itself."""

    type: KeyType
    data: bytes
    testing: bool = False
    strict: bool = False


@lru_cache(maxsize=256)
def read_key(record: bytes) -> SigningKey:
    """The key of a TXT record.

    Raises:
        BadKey: it is no key record, was revoked, or is for another algorithm or service.

    """
    tags = read_tags(record)
    if tags is None or tags.get("v", "DKIM1") != "DKIM1" or "p" not in tags:
        raise BadKey("is no key record")
    kind = tags.get("k", "rsa").lower()
    if kind not in ("rsa", "ed25519"):
        raise BadKey(f"is for an unknown algorithm, {kind[:20]}")
    if "sha256" not in _listed(tags.get("h", "sha256")):
        raise BadKey("does not allow SHA-256")
    if not {"*", "email"} & _listed(tags.get("s", "*")):
        raise BadKey("is not for mail")
    data = from_base64(tags["p"])
    if data is None:
        raise BadKey("is not readable")
    if not data:
        raise BadKey("is revoked")
    flags = _listed(tags.get("t", ""))
    return SigningKey("rsa" if kind == "rsa" else "ed25519", data, "y" in flags, "s" in flags)


def _listed(value: str) -> set[str]:
    return {one.strip().lower() for one in value.split(":")}


def from_base64(text: str) -> bytes | None:
    """The bytes of base64 with white space anywhere; None where it is none."""
    try:
        return binascii.a2b_base64(text.encode("ascii").translate(None, _BLANKS), strict_mode=True)
    except (ValueError, binascii.Error):
        return None


def is_signed(key: SigningKey, signature: bytes, digest: bytes) -> bool:
    """Whether the signature over what has this SHA-256 was made with this key (RFC 8301, RFC 8463 §3).

    Raises:
        BadKey: it is none, or too small.

    """
    try:
        public = _loaded(key.type, key.data)
        if key.type == "rsa":
            cast(RSAPublicKey, public).verify(signature, digest, PADDING, SHA_256)
        else:
            cast(Ed25519PublicKey, public).verify(signature, digest)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=256)
def _loaded(kind: KeyType, data: bytes) -> RSAPublicKey | Ed25519PublicKey:
    try:
        public = Ed25519PublicKey.from_public_bytes(data) if kind == "ed25519" else load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm, TypeError) as error:
        raise BadKey("is not readable") from error
    if isinstance(public, Ed25519PublicKey):
        return public
    if not isinstance(public, RSAPublicKey):
        raise BadKey("is of another kind than it says")
    if not FEWEST_BITS <= public.key_size <= MOST_BITS:
        raise BadKey(f"has {public.key_size} bits: {FEWEST_BITS} to {MOST_BITS} are relied on")
    return public
