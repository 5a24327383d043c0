"""Which lines of a text are quoted: a mark for each line, and where a quotation begins that reaches to the end."""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from postroom.core.message import quote_markers as markers

MOST_CANDIDATES = 2000  # lines that are looked at closely; later ones count as plain words
MOST_ATTRIBUTION = 3  # lines of a wrapped attribution
MOST_BROKEN_ATTRIBUTION = 6  # lines where its address was torn apart, blank ones among them
WRAPPED = 70  # characters of a quoted line that may have been broken by wrapping

_ENDS = frozenset(":：-_>=*")  # with what an announcing line may end


class Mark(IntEnum):
    """What is known of a line."""

    WORDS = 0
    QUOTE = 1  # quoted, but perhaps only to be answered
    ATTRIBUTED = 2  # quoted by a mail program, as what is answered
    REST = 3  # a quotation begins here that reaches to the end


def find_marks(lines: Sequence[str], given: Sequence[Mark] | None = None) -> tuple[list[Mark], int]:
    """A mark for each line, and the line at which a quotation begins that reaches to the end (or their number).

    Behind the line that announces a forwarded mail nothing is marked: what is passed on is there to be read.
    """
    words, quote, rest = Mark.WORDS, Mark.QUOTE, Mark.REST
    marks = list(given) if given else [words] * len(lines)
    candidates = 0
    for place, whole in enumerate(lines):
        line = whole.strip()
        known = marks[place]
        if known is rest:
            return marks, _with_divider(lines, place)
        if not line:
            continue
        if line[0] == ">" and not (line[-1] in ":：" and markers.closes_address(line)):
            if known is words:
                marks[place] = quote
            if marks[place - 1] is words:
                _join_wrapped(lines, marks, place)
            continue
        if candidates > MOST_CANDIDATES or not _is_candidate(line):
            continue
        candidates += 1
        if markers.is_forward(line):
            _unmark(marks, place)
            break
        begin = _announced(lines, marks, place, line) if known is words else None
        if begin is not None:
            return marks, _with_divider(lines, begin)
    return marks, len(lines)


def _announced(lines: Sequence[str], marks: list[Mark], place: int, line: str) -> int | None:
    """Mark the lines that announce the quote below them; where they announce all the rest, give the first of them."""
    begin = _quotation(lines, marks, place, line)
    if begin is None:
        if line[0] == ">":
            marks[place] = Mark.QUOTE
        return None
    if not _quote_follows(lines, marks, place + 1):
        return begin
    marks[begin : place + 1] = [Mark.ATTRIBUTED] * (place + 1 - begin)
    return None


def _is_candidate(line: str) -> bool:
    """A quick look: whether the line can announce anything; most lines cannot."""
    if line[-1] in _ENDS or line[0] == "-":
        return True
    if ":" not in line and "：" not in line:
        return False
    if line[0].isdigit() and "GMT" in line:
        return True
    return (":" in line[:30] or "：" in line[:30]) and len(line) < markers.LONGEST_LINE * 3


def _quotation(lines: Sequence[str], marks: Sequence[Mark], place: int, line: str) -> int | None:
    """The line where a quotation begins that this line announces, or None."""
    if markers.is_original(line):
        return place
    if markers.header_kind(line) in ("from", "sent"):
        below = place > 0 and _divider_above(lines, place)
        if markers.is_copied_header(lines, place, after_divider=below):
            return place
    if line[-1] in ":：->" or "GMT" in line:
        return _attribution(lines, marks, place)
    return None


def _attribution(lines: Sequence[str], marks: Sequence[Mark], place: int) -> int | None:
    """The first line of the attribution that ends at `place`, or None.

    A window that begins as attributions do is preferred to one that only ends as they do.
    """
    torn = lines[place].lstrip().startswith(">")
    before_quote = _quote_follows(lines, marks, place + 1)
    smallest: int | None = None
    text = ""
    for begin in range(place, max(-1, place - (MOST_BROKEN_ATTRIBUTION if torn else MOST_ATTRIBUTION)), -1):
        line = lines[begin].strip()
        if (not line and not torn) or marks[begin] is not Mark.WORDS:
            break
        if len(line) + len(text) > markers.LONGEST_LINE:
            break
        text = f"{line} {text}".strip()
        if line and markers.is_attribution(text, before_quote=before_quote):
            if markers.may_open(line):
                return begin
            if smallest is None and markers.begins_with_name(text):
                smallest = begin
    return None if torn else smallest


def _quote_follows(lines: Sequence[str], marks: Sequence[Mark], start: int) -> bool:
    """Whether the next line with words, at most four lines below, is quoted."""
    for place in range(start, min(start + 4, len(lines))):
        if lines[place] and not lines[place].isspace():
            return marks[place] is not Mark.WORDS or lines[place].lstrip()[0] == ">"
    return False


def _divider_above(lines: Sequence[str], place: int) -> bool:
    for above in range(place - 1, max(-1, place - 4), -1):
        line = lines[above].strip()
        if line:
            return len(line) >= 5 and markers.is_divider(line)
    return False


def _with_divider(lines: Sequence[str], begin: int) -> int:
    """`begin`, or the first of the blank lines and dividers right above it."""
    while begin > 0 and markers.is_divider(lines[begin - 1].strip()):
        begin -= 1
    return begin


def _join_wrapped(lines: Sequence[str], marks: list[Mark], place: int) -> None:
    """Mark the line above as quoted where it is but the end of a quoted line that a mail program broke."""
    if place < 2 or marks[place - 1] is not Mark.WORDS or marks[place - 2] is Mark.WORDS:
        return
    rest = lines[place - 1].strip()
    if rest and len(lines[place - 2]) >= WRAPPED and not rest[0].isupper() and len(rest) < WRAPPED:
        marks[place - 1] = Mark.QUOTE


def _unmark(marks: list[Mark], start: int) -> None:
    marks[start:] = [Mark.WORDS] * (len(marks) - start)
