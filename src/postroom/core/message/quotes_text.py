"""Own words and quoted words of plain text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Split:
    """`own` is what the writer wrote, `quoted` what it answers and what follows; together they hold every word.

    `inline` means that answers stand between quotes: then nothing is folded and all is `own`.
    """

    own: str
    quoted: str
    inline: bool = False


def split_text(text: str) -> Split:
    """The Split of a text body."""
    lines = text.split("\n")
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].startswith(">")):
        end -= 1
    if not any(line.startswith(">") for line in lines[end:]):
        return Split(text.strip(), "")
    return Split("\n".join(lines[:end]).strip(), "\n".join(lines[end:]).strip())
