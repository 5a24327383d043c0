"""Own words and quoted words of HTML: its lines are told apart as those of text, helped by the markup.

Works on what the sanitiser wrote: every element is closed, values stand in double quotes. The HTML is not taken apart
into a tree but marked in place, so that nothing can get lost and deep nesting costs nothing.
"""

from __future__ import annotations

from itertools import starmap

from postroom.core.message.html_lines import PARENT, Page, read_page
from postroom.core.message.markup import plain_text
from postroom.core.message.quote_lines import Mark, Purpose
from postroom.core.message.quotes_text import Folding, Split, fold, split_of, split_text, with_something_own
from postroom.core.message.sanitize import OWN_MARK

QUOTE_CLASS = OWN_MARK
_MARKUP = (
    *("quote", "&gt;", "<hr", "border-top", "moz-cite", "divRplyFwdMsg", "appendonsend", "stopSpelling"),
    "OutlookMessageHeader",
)
MOST_TAGS = 100_000  # more is no letter: its text is split, its HTML stays unmarked


def may_quote(html: str) -> bool:
    """Whether there is markup by which programs set quotes apart; without it only words can tell of one."""
    return any(sign in html for sign in _MARKUP)


def split_html(html: str, purpose: Purpose = Purpose.UNKNOWN) -> tuple[str, Split]:
    """Sanitised HTML with the class `pr-quote` on the elements that hold what is folded away, and the Split of its
    text. `purpose` is what the header of the mail says.

    Nothing is cut: without these classes, and the spans that carry them around bare words, the HTML is as it was.
    """
    if html.count("<") > MOST_TAGS:
        return html, split_text(plain_text(html), purpose)
    page = read_page(html)
    lines = page.lines
    _mark_last_of_letter(page)
    folding = fold(lines, page.marks, page.signed, purpose=purpose)
    says = folding.says
    if page.rules:
        for place in page.rules:
            lines[place] = ""
        says = with_something_own(lines, says)  # what stood above the quotation was a ruler
    split = split_of(lines, Folding(says, folding.inline, folding.passed_on))
    return (_marked(html, page, list(map(bool, says))) if any(says) else html), split


def _mark_last_of_letter(page: Page) -> None:
    """Where a lone quote ends the element that holds the words above it, it ends the letter: what stands behind that
    element was added on the way, as a mail server adds a disclaimer, and is no answer.
    """
    if len(page.quotes) != 1 or max(page.marks) is not Mark.QUOTE:
        return
    letter = page.elements[page.quotes[0]][PARENT]
    behind = range(letter + 1, len(page.elements))
    end = next((place for place in behind if page.elements[place][PARENT] < letter), len(page.elements))
    words = [line for _, _, line, element in page.pieces if letter <= element < end and page.lines[line]]
    if letter and words and page.marks[words[0]] is Mark.WORDS and page.marks[words[-1]] is Mark.QUOTE:
        page.marks[:] = [Mark.ATTRIBUTED if mark is Mark.QUOTE else mark for mark in page.marks]


def _marked(html: str, page: Page, folded: list[bool]) -> str:
    """The HTML with the class added: to the outermost elements that show nothing but quoted lines, and around words."""
    whole = _wholly_folded(page, folded)
    changes: list[tuple[int, int, str]] = []
    for place, (start, end, parent) in enumerate(page.elements):
        if whole[place] and not whole[parent]:
            changes.append((start, end, _with_class(html[start:end])))
    for start, end, line, element in page.pieces:
        if folded[line] and not whole[element]:
            source = html[start:end]
            wrapped = _with_class(source) if source[0] == "<" else f'<span class="{QUOTE_CLASS}">{source}</span>'
            changes.append((start, end, wrapped))
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
    for _, _, line, element in page.pieces:
        shown[element] += 1
        away[element] += folded[line]
    for place in range(len(page.elements) - 1, 0, -1):
        parent = page.elements[place][PARENT]
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
