"""Own words and quoted words of HTML: its lines are told apart as those of text, helped by the markup.

Works on what the sanitiser wrote: every element is closed, values stand in double quotes. The HTML is not taken apart
into a tree but marked in place, so that nothing can get lost and deep nesting costs nothing.
"""

from __future__ import annotations

import re
from itertools import starmap

from postroom.core.message.html_lines import Page, read_page
from postroom.core.message.markup import plain_text
from postroom.core.message.quotes_text import Split, fold, joined, split_text
from postroom.core.message.sanitize import OWN_MARK

QUOTE_CLASS = OWN_MARK
_MARKUP = re.compile(
    r"<blockquote|<hr|&gt;|quote|moz-cite|divRplyFwdMsg|appendonsend|stopSpelling|OutlookMessageHeader|border-top"
)
MOST_TAGS = 100_000  # more is no letter: its text is split, its HTML stays unmarked


def may_quote(html: str) -> bool:
    """Whether there is markup by which programs set quotes apart; without it only words can tell of one."""
    return _MARKUP.search(html) is not None


def split_html(html: str) -> tuple[str, Split]:
    """Sanitised HTML with the class `pr-quote` on the elements that hold its quotation, and the Split of its text.

    Nothing is cut: without these classes, and the spans that carry them around bare words, the HTML is as it was.
    """
    if html.count("<") > MOST_TAGS:
        return html, split_text(plain_text(html))
    page = read_page(html)
    folded, inline = fold(page.lines, page.marks)
    lines = page.lines
    for place in page.rules:
        lines[place] = ""
    if not any(line.strip() for line, away in zip(lines, folded, strict=True) if not away):
        folded = [False] * len(folded)  # what stood above the quotation was a ruler
    split = Split(joined(lines, folded, away=False), joined(lines, folded, away=True), inline)
    return (_marked(html, page, folded) if any(folded) else html), split


def _marked(html: str, page: Page, folded: list[bool]) -> str:
    """The HTML with the class added: to the outermost elements that show nothing but quoted lines, and around words."""
    whole = _wholly_folded(page, folded)
    changes: list[tuple[int, int, str]] = []
    for place, element in enumerate(page.elements):
        if whole[place] and not whole[element.parent]:
            changes.append((element.start, element.end, _with_class(html[element.start : element.end])))
    for piece in page.pieces:
        if folded[piece.line] and not whole[piece.element]:
            source = html[piece.start : piece.end]
            wrapped = _with_class(source) if source[0] == "<" else f'<span class="{QUOTE_CLASS}">{source}</span>'
            changes.append((piece.start, piece.end, wrapped))
    out: list[str] = []
    place = 0
    for start, end, new in sorted(changes):
        out += (html[place:start], new)
        place = end
    return "".join([*out, html[place:]])


def _wholly_folded(page: Page, folded: list[bool]) -> list[bool]:
    """For each element whether it shows something and all of it is folded; the first stands for the mail itself."""
    shown = [0] * len(page.elements)
    away = [0] * len(page.elements)
    for piece in page.pieces:
        shown[piece.element] += 1
        away[piece.element] += folded[piece.line]
    for place in range(len(page.elements) - 1, 0, -1):
        parent = page.elements[place].parent
        shown[parent] += shown[place]
        away[parent] += away[place]
    whole = list(starmap(_is_whole, zip(shown, away, strict=True)))
    whole[0] = False
    return whole


def _is_whole(shown: int, away: int) -> bool:
    return 0 < shown == away


def _with_class(tag: str) -> str:
    name, space, rest = tag.partition(" ")
    before, has_class, after = rest.partition('class="')
    if has_class and (not before or before[-1] == " "):
        values, quote, more = after.partition('"')
        if QUOTE_CLASS in values.split():
            return tag
        return f'{name} {before}class="{values} {QUOTE_CLASS}{quote}{more}'
    if space:
        return f'{name} class="{QUOTE_CLASS}" {rest}'
    return f'{name[:-1]} class="{QUOTE_CLASS}">'
