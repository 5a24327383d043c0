"""Own words and quoted words of a mail told apart; nothing is cut, so that whatever was folded can be unfolded."""

from __future__ import annotations

from postroom.core.message.quotes_html import may_quote, split_html
from postroom.core.message.quotes_text import Split, split_text

__all__ = ["Split", "may_quote", "split_html", "split_text"]
