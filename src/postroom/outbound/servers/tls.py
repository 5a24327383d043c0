"""TLS with a server: whom we trust, and the certificate by which we are known."""

from __future__ import annotations

import os
import ssl
import tempfile
from functools import lru_cache

from postroom.outbound.transports.protocol import Server


def context_of(server: Server) -> ssl.SSLContext:
    """The authorities that this machine trusts, or those of SSL_CERT_FILE, and the client's certificate.

    Raises:
        ssl.SSLError: the certificate or its key can't be used.

    """
    unverified = server.encryption.endswith("unverified")
    return _context(unverified, os.environ.get("SSL_CERT_FILE", ""), server.certificate)


@lru_cache(maxsize=64)
def _context(unverified: bool, authorities: str, certificate: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authorities or None)
    if unverified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        _load(context, certificate)
    return context


def _load(context: ssl.SSLContext, certificate: str) -> None:
    """OpenSSL reads files only: one that nobody else can open, for as long as that takes."""
    with tempfile.NamedTemporaryFile("w", prefix="postroom-", suffix=".pem") as file:
        file.write(certificate)
        file.flush()
        context.load_cert_chain(file.name)
