"""Certificates for servers under test: an authority of our own, and what it vouches for."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _name(words: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, words)])


@dataclass
class Authority:
    """One that nobody trusts by itself: trust it by SSL_CERT_FILE=`file`."""

    folder: Path
    words: str = "Authority of the tests"
    key: ec.EllipticCurvePrivateKey = field(default_factory=_key)
    count: int = 0

    def __post_init__(self) -> None:
        self.file = self.folder / f"authority-{id(self)}.pem"
        made = self._made(_name(self.words), self.key, _now(), _now() + timedelta(days=365))
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_usage(ca=True), critical=True)
        self.file.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def context(self, *names: str, days: float = 90) -> ssl.SSLContext:
        """What a server needs to be one of these names; negative `days`: until so long ago."""
        key = _key()
        until = _now() + timedelta(days=days)
        made = self._made(_name(names[0]), key, min(_now(), until) - timedelta(days=1), until)
        return self._context(made, key, names)

    def _context(
        self, made: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, names: tuple[str, ...]
    ) -> ssl.SSLContext:
        made = made.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        self.count += 1
        path = self.folder / f"server-{id(self)}-{self.count}.pem"
        path.write_bytes(_pem(key) + made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(path)
        return context

    def client(self, name: str, days: float = 90) -> tuple[str, str]:
        """A certificate by which a client is known, and its key, both as PEM text."""
        key, until = _key(), _now() + timedelta(days=days)
        made = self._made(_name(name), key, min(_now(), until) - timedelta(days=1), until).sign(
            self.key, hashes.SHA256()
        )
        return made.public_bytes(serialization.Encoding.PEM).decode(), _pem(key).decode()

    def wanting(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """The context of a server that lets in only clients for whom this authority vouches."""
        context.load_verify_locations(self.file)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def self_signed(self, *names: str) -> ssl.SSLContext:
        """What a server is that vouches for itself."""
        return Authority(self.folder, names[0])._as_leaf(names)

    def _as_leaf(self, names: tuple[str, ...]) -> ssl.SSLContext:
        made = self._made(_name(self.words), self.key, _now(), _now() + timedelta(days=90))
        return self._context(made, self.key, names)

    def _made(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, since: datetime, until: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_name(self.words))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(since - timedelta(minutes=1))
            .not_valid_after(until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _general(name: str) -> x509.GeneralName:
    return x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip
