"""Own words and quoted words of a mail told apart; nothing is cut, so that whatever was folded can be unfolded."""

from __future__ import annotations

from postroom.core.message.quotes_text import Split, split_text
from postroom.core.message.sanitize import text_of

__all__ = ["Split", "split_html", "split_text"]


def split_html(html: str) -> tuple[str, Split]:
    """Sanitised HTML with its quotation marked, and the Split of its text."""
    return html, split_text(text_of(html))
