"""Which lines of a text are quoted: a mark for each line, and where a quotation begins that reaches to the end."""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, IntEnum, auto

from postroom.core.frozen import frozen
from postroom.core.message import quote_markers as markers
from postroom.core.message.copied_headers import MOST_ABOVE, header_kind, is_copied_header, kinds_below

MOST_CANDIDATES = 2000  # lines that are looked at closely; later ones count as plain words
MOST_ATTRIBUTION = 3  # lines of a wrapped attribution
MOST_BROKEN_ATTRIBUTION = 6  # lines where its address was torn apart, blank ones among them
WRAPPED = 71  # characters of a quoted line and the word below it that may have been broken by wrapping

_ENDS = frozenset(":：-_>=*")  # with what an announcing line may end
_CLOSES = frozenset(":：>")  # with what a line ends that begins with `>` but is no quote


class Mark(IntEnum):
    """What is known of a line."""

    WORDS = 0
    QUOTE = 1  # quoted, but perhaps only to be answered
    ATTRIBUTED = 2  # quoted by a mail program, as what is answered
    REST = 3  # a quotation begins here that reaches to the end


class Purpose(Enum):
    """What the header of a mail says of its quotation."""

    UNKNOWN = auto()
    ANSWER = auto()
    NEW = auto()  # it answers nothing: headers copied into it are of a mail that is passed on
    FORWARD = auto()  # its first quotation is what is passed on


@frozen
class Marks:
    """A mark for each line. From the line `rest` on all is quoted; from the line `passed_on` on all is another mail
    that is there to be read, and marked as plain words. Either is the number of lines where there is none.
    """

    lines: list[Mark]
    rest: int
    passed_on: int


def find_marks(lines: Sequence[str], given: Sequence[Mark] | None = None, purpose: Purpose = Purpose.UNKNOWN) -> Marks:
    """What each line is, where `given` is what the markup of HTML says, and `purpose` what the header of the mail."""
    marks = list(given) if given else [Mark.WORDS] * len(lines)
    forward = purpose is Purpose.FORWARD
    sign = _first_sign(lines, marks) if forward else len(lines)
    kind, place = _first_of_all_the_rest(lines, marks, sign, purpose)
    if forward or kind is Mark.WORDS:
        begin = _with_divider(lines, _with_attribution(lines, marks, place)) if place < len(lines) else place
        _unmark(marks, begin)
        return Marks(marks, len(lines), begin)
    return Marks(marks, _with_divider(lines, place) if place < len(lines) else place, len(lines))


def _first_sign(lines: Sequence[str], marks: Sequence[Mark]) -> int:
    """The first line that a sign or the markup sets apart."""
    for place, line in enumerate(lines):
        if marks[place] is not Mark.WORDS or (line[:1] == ">" and _is_quoted(line.strip())):
            return place
    return len(lines)


def _first_of_all_the_rest(lines: Sequence[str], marks: list[Mark], end: int, purpose: Purpose) -> tuple[Mark, int]:
    """Mark the lines up to the one from which on all is of one kind: the REST of a quotation, or WORDS passed on."""
    words, quote, rest = Mark.WORDS, Mark.QUOTE, Mark.REST
    candidates = 0
    for place in range(end):
        line = lines[place].strip()
        known = marks[place]
        if known is rest:
            return _kind_of(lines, place, purpose), place
        if not line:
            continue
        if line[0] == ">" and (line[-1] not in _CLOSES or _is_quoted(line)):
            if known is words:
                marks[place] = quote
            if marks[place - 1] is words:
                _join_wrapped(lines, marks, place)
            continue
        if candidates > MOST_CANDIDATES or not _is_candidate(line):
            continue
        candidates += 1
        if markers.is_forward(line) and _begins_quote(lines, marks, place):
            return words, place
        begin = _announced(lines, marks, place, line) if known is words else None
        if begin is not None:
            return _kind_of(lines, begin, purpose), begin
    return rest, end


def _kind_of(lines: Sequence[str], begin: int, purpose: Purpose) -> Mark:
    """Whether what begins there is quoted to the end, or passed on: only who passes a mail on copies its Message-ID."""
    kinds = () if purpose is Purpose.ANSWER else kinds_below(lines, begin)
    return Mark.WORDS if "id" in kinds or (purpose is Purpose.NEW and "from" in kinds) else Mark.REST


def _is_quoted(line: str) -> bool:
    """Whether a line that begins with `>` is quoted, not part of what announces a quote."""
    return line[-1] not in _CLOSES or not (markers.closes_address(line) or markers.is_groupwise(line))


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


def _begins_quote(lines: Sequence[str], marks: Sequence[Mark], place: int) -> bool:
    """Whether a line that announces a forwarded mail opens its quotation: within one it is quoted itself."""
    if marks[place] is Mark.WORDS:
        return True
    for above in range(place - 1, max(-1, place - 5), -1):
        if lines[above] and not lines[above].isspace():
            return marks[above] is Mark.WORDS
    return True


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
    if markers.is_original(line) or markers.is_groupwise(line):
        return place
    if ":" in line or "：" in line:
        below = place > 0 and _divider_above(lines, place)
        if (below or header_kind(line) in ("from", "sent")) and is_copied_header(lines, place, after_divider=below):
            return place
    if line[-1] in ":：->" or "GMT" in line:
        return _attribution(lines, marks, place)
    return None


def _attribution(lines: Sequence[str], marks: Sequence[Mark], place: int) -> int | None:
    """The first line of the attribution that ends at `place`, or None.

    A window that begins as attributions do, or with an address, is preferred to one that only ends as they do.
    """
    torn = lines[place].lstrip().startswith(">")
    before_quote = _quote_follows(lines, marks, place + 1)
    named: int | None = None
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
                return begin - _names_above(lines, marks, begin)
            if named is None and markers.begins_with_address(text):
                named = begin
            if smallest is None and markers.begins_with_name(text):
                smallest = begin
    return None if torn else smallest if named is None else named


def _names_above(lines: Sequence[str], marks: Sequence[Mark], begin: int) -> bool:
    """Whether an attribution was wrapped behind the name and address with which it begins on the line above."""
    if not begin or marks[begin - 1] is not Mark.WORDS:
        return False
    above = lines[begin - 1].strip()
    return above[-1:] not in (".", "!", "?") and len(above) < WRAPPED and markers.begins_with_address(above)


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


def _with_attribution(lines: Sequence[str], marks: Sequence[Mark], begin: int) -> int:
    """`begin`, or the first of the lines right above it that announce what stands there."""
    first = begin
    for above in range(begin - 1, max(-1, begin - MOST_ABOVE), -1):
        if marks[above] is Mark.ATTRIBUTED:
            first = above
        elif lines[above].strip():
            break
    return first


def _join_wrapped(lines: Sequence[str], marks: list[Mark], place: int) -> None:
    """Mark the line above as quoted where it is but the end of a quoted line that a mail program broke."""
    if place < 2 or marks[place - 1] is not Mark.WORDS or marks[place - 2] is Mark.WORDS:
        return
    rest = lines[place - 1].strip()
    first, _, _ = rest.partition(" ")
    if rest and len(lines[place - 2]) + len(first) >= WRAPPED and not rest[0].isupper() and len(rest) < WRAPPED:
        marks[place - 1] = Mark.QUOTE


def _unmark(marks: list[Mark], start: int) -> None:
    marks[start:] = [Mark.WORDS] * (len(marks) - start)
