"""The errors that the rules of mail raise; reading mail raises none of them, writing mail may.

PostroomError
├── InvalidHeader    a header name or value that would break out of its line
└── InvalidAddress   an address that cannot be written into a header or an envelope
"""

from __future__ import annotations


class PostroomError(Exception):
    """Root of all errors that Postroom raises on purpose."""


class InvalidHeader(PostroomError, ValueError):
    """A header field that cannot be written safely: a bad name, or CR, LF or NUL in the value (RFC 5322 §2.2)."""


class InvalidAddress(PostroomError, ValueError):
    """An address without a local part or a domain, or with characters that no mailbox may have."""
