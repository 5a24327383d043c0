"""The one-time code that lets whoever started an empty installation set it up in a browser; a file under `var`.

It is there as long as nobody can sign in. Knows no framework: `serve` prints it without loading one.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from postroom.infra.config import config, kept

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # nothing that is read as something else
GROUPS, LENGTH = 3, 4  # 60 bits


def make() -> str:
    """The code; made at the first call, and the same until it is forgotten."""
    return kept(_path(), _new)


def known() -> str:
    """The code that is in force; empty where there is none."""
    try:
        return _path().read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def forget() -> bool:
    """Make the code worthless for ever; whether there was one: of several who ask at once, one is told so."""
    try:
        _path().unlink()
    except FileNotFoundError:
        return False
    return True


def matches(given: str) -> bool:
    """Whether somebody gave the code, however they wrote it."""
    code = known()
    return bool(code) and hmac.compare_digest(digest(given), digest(code))


def digest(code: str) -> str:
    """What a session remembers of a code: SHA-256 of its letters and digits in capitals."""
    plain = "".join(letter for letter in code[:100].upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def _new() -> str:
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(GROUPS))


def _path() -> Path:
    return config().var / "setup_code"
