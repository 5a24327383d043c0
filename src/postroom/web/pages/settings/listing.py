"""Addresses of the pages of a list."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse


def next_url(name: str, before: int | str | None, **asked: str) -> str:
    """Where a list goes on from `before`; its beginning for an empty text, nothing for None."""
    if before is None:
        return ""
    given = {**{word: value for word, value in asked.items() if value}, **({"before": before} if before else {})}
    return f"{reverse(name)}?{urlencode(given)}" if given else reverse(name)
