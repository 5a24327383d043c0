"""A certificate authority for a test, and certificates of servers that it vouches for."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Files:
    """PEM files: the authority's certificate, the server's, and the server's key."""

    authority: Path
    certificate: Path
    key: Path


def make_certificates(folder: Path, *names: str) -> Files:
    """An authority and a certificate for these host names and addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Authority of a test")
    root = _builder(root_name, root_name, root_key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    key_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    signed_root = root.add_extension(key_id, False).add_extension(usage, True).sign(root_key, hashes.SHA256())
    server = _builder(_name(names[0]), root_name, key).add_extension(x509.SubjectAlternativeName(_names(names)), False)
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    signed = server.add_extension(authority_id, False).sign(root_key, hashes.SHA256())
    files = Files(folder / "authority.pem", folder / "server.pem", folder / "server.key")
    files.authority.write_bytes(signed_root.public_bytes(serialization.Encoding.PEM))
    files.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    at = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(at - DAY).not_valid_after(at + DAY)


def _names(names: tuple[str, ...]) -> list[x509.GeneralName]:
    return [x509.IPAddress(ipaddress.ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names]
