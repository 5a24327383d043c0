"""A trace in words: steps as pages, rows and the API hold them."""

from __future__ import annotations

Step = dict[str, str]
"""One line of a trace: `step` names what was looked at, `text` says what came of it, in a sentence."""


def readable(text: str) -> str:
    """Words in which somebody else's stand, such as a record of DNS: what cannot be printed is shown as a mark."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
