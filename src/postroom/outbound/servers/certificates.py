"""What a server's certificate says, in words."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Certificate:
    """For which names it was made, by whom, and until when it holds."""

    names: tuple[str, ...]
    issuer: str
    until: datetime

    @property
    def words(self) -> str:
        return f"certificate of {self.owners}, valid until {self.until:%Y-%m-%d}"

    @property
    def owners(self) -> str:
        more = len(self.names) - MOST_NAMES
        return ", ".join(self.names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "") or "nobody"


def certificate_of(secured: ssl.SSLSocket) -> Certificate | None:
    """The certificate that a server showed; None where it cannot be read."""
    raw = secured.getpeercert(binary_form=True)
    try:
        return _read(x509.load_der_x509_certificate(raw)) if raw else None
    except ValueError:
        return None


def _read(one: x509.Certificate) -> Certificate:
    try:
        listed = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        names = [*listed.get_values_for_type(x509.DNSName), *map(str, listed.get_values_for_type(x509.IPAddress))]
    except x509.ExtensionNotFound:
        names = [_shown(part) for part in one.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    issuers = [
        _shown(part)
        for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for part in one.issuer.get_attributes_for_oid(kind)
    ]
    return Certificate(tuple(names), issuers[0] if issuers else "", one.not_valid_after_utc)


def _shown(part: x509.NameAttribute[str | bytes]) -> str:
    value = part.value
    return value if isinstance(value, str) else value.decode("utf-8", "replace")
