"""The certificate by which a server knows us: read from what somebody pasted, told by its subject and its last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils.translation import gettext as _

from postroom.core.errors import PostroomError

LONGEST = 64 * 1024  # characters of key and chain together


class NoCertificate(PostroomError):
    """What was pasted is no key, no certificate, or the two do not belong together; `field` says which of them."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """`pem` is what TLS needs: the key, then the chain; it is kept encrypted. The rest may be shown."""

    pem: str
    subject: str
    until: datetime


def read_pair(certificate: str, key: str) -> ClientCertificate:
    """The pair of a PEM certificate (with its chain, if it has one) and its PEM private key.

    Raises:
        NoCertificate: what is wrong, and with which of the two.

    """
    chain = _chain(certificate)
    private = _key(key)
    if _public(private) != chain[0].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise NoCertificate("certificate_key", _("This key does not belong to the certificate: paste its own."))
    plain = private.private_bytes(
        Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    pem = plain + "".join(one.public_bytes(Encoding.PEM).decode() for one in chain)
    return ClientCertificate(pem, chain[0].subject.rfc4514_string(), chain[0].not_valid_after_utc)


def _chain(text: str) -> list[x509.Certificate]:
    if len(text) > LONGEST:
        raise NoCertificate(
            "certificate",
            _("At most %(most)s characters: paste the certificate and its chain alone.") % {"most": f"{LONGEST:,}"},
        )
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        words = _("This is no certificate: paste the whole PEM text, from BEGIN CERTIFICATE to END CERTIFICATE.")
        raise NoCertificate("certificate", words) from None


def _key(text: str) -> PrivateKeyTypes:
    if len(text) > LONGEST:
        raise NoCertificate(
            "certificate_key", _("At most %(most)s characters: paste the key alone.") % {"most": f"{LONGEST:,}"}
        )
    try:
        return serialization.load_pem_private_key(text.encode(), password=None)
    except TypeError:
        words = _("This key is locked with a password: paste it without one. It is kept encrypted here.")
    except (ValueError, UnsupportedAlgorithm):
        words = _("This is no private key: paste the whole PEM text, from BEGIN PRIVATE KEY to END PRIVATE KEY.")
    raise NoCertificate("certificate_key", words)


def _public(private: PrivateKeyTypes) -> bytes:
    return private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
