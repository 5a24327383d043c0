"""Secrets at rest: encrypted with the newest key (Fernet), read with any of them.

The keys come from the setting `encryption_keys`, newest first; without it one is made once and kept in `var`. Rotation:
put a new key in front, encrypt every secret anew by `renewed`, then leave the old key out.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from postroom.core.errors import PostroomError
from postroom.infra.config import config

SETTING = "POSTROOM_ENCRYPTION_KEYS"


class CannotDecrypt(PostroomError):
    """A key is no key, or none of them reads a secret; the words name the setting and never a key."""


def encrypt(text: str) -> bytes:
    """What may be kept of a secret. Nothing stays nothing: b"" for "".

    Raises:
        CannotDecrypt: a key of the setting is no key.

    """
    return _box().encrypt(text.encode()) if text else b""


def decrypt(kept: bytes) -> str:
    """The secret of which `kept` was kept.

    Raises:
        CannotDecrypt: no key of the setting was used for it, or one is no key.

    """
    if not kept:
        return ""
    try:
        return _box().decrypt(kept).decode()
    except InvalidToken:
        raise CannotDecrypt(
            f"A secret can't be read: it was encrypted with a key that {SETTING} ({_place()}) does not have."
            " Put that key back into it, or enter the secret again."
        ) from None


def renewed(kept: bytes) -> bytes:
    """The same secret, encrypted with the newest key.

    Raises:
        CannotDecrypt: as for `decrypt`.

    """
    return encrypt(decrypt(kept))


def new_key() -> str:
    """A key for the setting."""
    return Fernet.generate_key().decode()


def _place() -> str:
    return "set" if config().encryption_keys else f"not set, so {config().var / 'encryption_key'}"


def _box() -> MultiFernet:
    return _box_of(config().encryption_secret())


@lru_cache(maxsize=4)
def _box_of(keys: str) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for part in keys.split(",") if (key := part.strip())])
    except ValueError:
        raise CannotDecrypt(
            f"A key of {SETTING} ({_place()}) is no key: each is 32 bytes in URL-safe base64, 44 characters."
        ) from None
