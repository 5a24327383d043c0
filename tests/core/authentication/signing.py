"""Signs mail as a domain does, for tests: keys of their own, DKIM signatures and the zone in which the keys stand."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from postroom.core.authentication.claims import BODY_FORMS, signed_data
from postroom.core.authentication.signed import Field, read_signed, select

PrivateKey = RSAPrivateKey | Ed25519PrivateKey


@cache
def rsa_key(bits: int = 2048) -> RSAPrivateKey:
    return generate_private_key(65537, bits)


@cache
def ed25519_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def record(key: PrivateKey, more: str = "") -> str:
    """The TXT record of a key."""
    public = key.public_key()
    if isinstance(key, RSAPrivateKey):
        kind, data = "rsa", public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        kind, data = "ed25519", public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k={kind}; {more}p={base64.b64encode(data).decode()}"


@dataclass(frozen=True)
class Signer:
    """`domain` signs with `key`; `tags` replace or add tags, a None leaves one out. `length` limits the body."""

    domain: str = "acme.example"
    selector: str = "s1"
    key: PrivateKey = field(default_factory=rsa_key)
    form: str = "relaxed/relaxed"
    names: str = "from:to:subject:date"
    length: int | None = None

    @property
    def zone(self) -> dict[str, str]:
        return {f"{self.selector}._domainkey.{self.domain} TXT": record(self.key)}

    def sign(self, raw: bytes, **tags: str | None) -> bytes:
        """The mail with a signature above it."""
        mail = read_signed(raw)
        header, _, body = self.form.partition("/")
        content = BODY_FORMS[body or "simple"](mail.body)[: self.length]
        algorithm = "rsa-sha256" if isinstance(self.key, RSAPrivateKey) else "ed25519-sha256"
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        values: dict[str, str | None] = {
            "v": "1", "a": algorithm, "c": self.form, "d": self.domain, "s": self.selector, "h": self.names,
            "bh": digest,
        }  # fmt: skip
        if self.length is not None:
            values["l"] = str(self.length)
        said = "; ".join(f"{name}={value}" for name, value in (values | tags).items() if value is not None)
        own = Field(b"dkim-signature", f"DKIM-Signature: {said}; b=".encode())
        names = tuple(name.encode() for name in str((values | tags)["h"]).lower().split(":"))
        data = signed_data(select(mail, names), own, header)
        return own.raw + base64.b64encode(self._signature(data)) + b"\r\n" + raw

    def seal(self, raw: bytes, results: str) -> bytes:
        """The mail as the first forwarder seals it, with what it says that it found (RFC 8617 §5.1)."""
        found = Field(b"arc-authentication-results", f"ARC-Authentication-Results: i=1; {results}".encode())
        mail = read_signed(raw)
        content = BODY_FORMS["relaxed"](mail.body)
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        tags = f"a=rsa-sha256; c=relaxed/relaxed; d={self.domain}; s={self.selector}; h={self.names}; bh={digest}"
        message = self._finished(Field(b"arc-message-signature", f"ARC-Message-Signature: i=1; {tags}; b=".encode()),
                                 select(mail, tuple(name.encode() for name in self.names.split(":"))))  # fmt: skip
        own = f"ARC-Seal: i=1; a=rsa-sha256; cv=none; d={self.domain}; s={self.selector}; b="
        seal = self._finished(Field(b"arc-seal", own.encode()), [found, message])
        return b"".join(one.raw + b"\r\n" for one in (seal, message, found)) + raw

    def _finished(self, own: Field, covered: list[Field]) -> Field:
        signature = self._signature(signed_data(covered, own, "relaxed"))
        return Field(own.name, own.raw + base64.b64encode(signature))

    def _signature(self, data: bytes) -> bytes:
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(data, PKCS1v15(), SHA256())
        return self.key.sign(hashlib.sha256(data).digest())
