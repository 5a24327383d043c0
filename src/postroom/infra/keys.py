"""Where a list that is sorted by more than its ids goes on, as an address carries it."""

from __future__ import annotations

import base64
import binascii
import json

LONGEST = 2000  # characters


def write_key(value: object, pk: int) -> str:
    """The place behind a row: what the list is sorted by (a text, or nothing), and the row's id."""
    written = json.dumps([value, pk], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def read_key(written: str) -> tuple[str, int] | None:
    """What `write_key` wrote, an empty text for nothing; None for an empty place, or one that is none of ours."""
    if not 0 < len(written) <= LONGEST:
        return None
    try:
        found = json.loads(base64.b64decode(f"{written}===", altchars=b"-_").decode())
    except (ValueError, TypeError, RecursionError, binascii.Error):
        return None
    if not (isinstance(found, list) and len(found) == 2):
        return None
    value, pk = found
    if not isinstance(value, str | None) or not isinstance(pk, int) or not 0 < pk < 2**63:
        return None
    text = (value or "").replace("\0", "")
    return None if any("\ud800" <= letter <= "\udfff" for letter in text) else (text, pk)
