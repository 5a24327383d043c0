"""Sanitised HTML read into the lines that a reader sees, each with what its markup says of quoting, and its places."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from postroom.core.message.markup import VOID
from postroom.core.message.quote_lines import Mark

RULE = "-----"  # how a drawn line reads
LONGEST_KEPT = 200  # characters of a tag whose meaning is kept: programs write the same few over and over
MOST_KEPT = 1024  # tags
MOST_BROKEN_TAGS = 100  # what looks like a tag and is none; the sanitiser leaves none

_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]{0,30})((?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>""")
_SPACE = re.compile(r"[ \t\r\n\f\u00a0]{2,}|[\t\r\n\f\u00a0]")  # a lone space stays as it is
_NAMES = re.compile(r'\s(?:class|id|type)="([^"]*)"')


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _words(
    "address article aside blockquote center dd details dir div dl dt fieldset figcaption figure footer form h1 h2 h3"
    " h4 h5 h6 header hr li main menu nav ol p pre section summary table tbody tfoot thead tr ul"
)
_PARAGRAPHS = _words("p blockquote h1 h2 h3 h4 h5 h6 pre")

# A mail program puts the whole quotation into such an element.
_WRAPPER = re.compile(
    r"(?:x_|ecx)?(?:gmail_quote|gmail_quote_container|gmail_quote_attribution|gmail_attr|yahoo_quoted.*|.{0,40}yahoo_quoted"
    r"|moz-cite-prefix|moz-forward-container|protonmail_quote|tutanota_quote|fairemail_quote|zmail_extra|isreplycontent"
    r"|ms-outlook-mobile-reference-message|reply-intro|outlookmessageheader|cite)",
    re.IGNORECASE,
)
# From such an element on all is quoted, down to the end of the mail.
_STARTER = re.compile(
    r"(?:x_|ecx)?(?:divrplyfwdmsg|appendonsend|olk_src_body_section|stopspelling"
    r"|(?:mail-editor-)?reference-message-container)",
    re.IGNORECASE,
)
# A mail program keeps the writer's signature in such an element.
_SIGNATURE = re.compile(r"(?:[\w-]{0,60}[_-])?signature(?:[_-][\w-]{0,60})?|bloop_sign\w{0,30}", re.IGNORECASE)
# The line that Outlook and Windows Mail draw above a copied header.
_RULED = re.compile(
    r"border-top:\s*(?:solid|1(?:\.0)?p[tx] solid)\s*#(?:e1e1e1|b5c4df)|border-top:\s*#(?:e1e1e1|b5c4df)\s+1"
    r"|border-top-color:\s*(?:rgb\(229, ?229, ?229\)|#e5e5e5)",
    re.IGNORECASE,
)
_INDENT = re.compile(r"margin:\s*0(?:px)?\s+0(?:px)?\s+0(?:px)?\s+40px|border:\s*none", re.IGNORECASE)


# Plain tuples, since a page has hundreds: of an element where its open tag starts and ends, and the number of the
# element around it; of a piece (words, a picture, a rule, a line break) where it starts and ends, its line and element.
Element = tuple[int, int, int]
PARENT = 2  # the place of the third
Piece = tuple[int, int, int, int]


@dataclass(slots=True)
class Page:
    """HTML as lines. `marks` has one mark a line, `rules` names the lines that are drawn, not written, `signed` those
    of an element in which a mail program keeps the signature. `quotes` are the outermost elements that quote without
    naming a mail program.

    The first element stands for the mail as a whole.
    """

    lines: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    rules: list[int] = field(default_factory=list)
    signed: list[int] = field(default_factory=list)
    quotes: list[int] = field(default_factory=list)
    elements: list[Element] = field(default_factory=lambda: [(0, 0, 0)])
    pieces: list[Piece] = field(default_factory=list)


# An element that is open: its name and number, what it says of quoting, whether it is within a signature, and whether
# it differs in one of those from the element around it.
_Open = tuple[str, int, Mark, bool, bool]
_WORDS, _QUOTE, _REST = Mark.WORDS, Mark.QUOTE, Mark.REST


@dataclass(frozen=True, slots=True)
class _Tag:
    """What a tag tells by itself: of which element it is the begin or the end, whether that stands on lines of its own
    or is a paragraph, what it says of quoting, whether it names a signature, and whether a line is drawn above it.
    """

    name: str
    ends: bool
    void: bool
    block: bool
    paragraph: bool
    mark: Mark = _WORDS
    signs: bool = False
    ruled: bool = False


@dataclass(slots=True)
class _Reader:
    """The page so far, the line being written, and the elements that are open."""

    page: Page = field(default_factory=Page)
    words: list[str] = field(default_factory=list)
    drawn: bool = False  # something stands on the present line
    rest: bool = False  # the present line begins a quotation that reaches to the end
    opened: list[_Open] = field(default_factory=lambda: [("", 0, _WORDS, False, False)])
    pre: int = 0

    def end_line(self) -> None:
        """End the present line, even where it is empty."""
        page = self.page
        _, _, mark, signed, _ = self.opened[-1]
        if signed:
            page.signed.append(len(page.lines))
        page.lines.append("".join(self.words).strip())
        page.marks.append(_REST if self.rest else mark)
        self.words.clear()
        self.drawn = self.rest = False

    def break_line(self, *, paragraph: bool = False) -> None:
        """End the present line unless nothing stands on it; leave an empty one where a paragraph ends."""
        if self.drawn:
            self.end_line()
        if paragraph and self.page.lines and self.page.lines[-1]:
            self.end_line()

    def add(self, words: str, start: int, end: int) -> None:
        """Put words or a picture on the present line."""
        self.page.pieces.append((start, end, len(self.page.lines), self.opened[-1][1]))
        self.words.append(words)
        self.drawn = True


def read_page(html: str) -> Page:
    """The lines of sanitised HTML; linear in its length, for any other text too."""
    reader = _Reader()
    for start, end, tag in _tokens(html):
        if tag is None:
            _read_words(reader, html[start:end], start, end)
        elif tag.ends:
            _close(reader, tag)
        elif tag.void:
            _read_void(reader, tag, start, end)
        else:
            _open(reader, tag, start, end)
    reader.end_line()
    return reader.page


def _tokens(html: str) -> Iterator[tuple[int, int, _Tag | None]]:
    """Each tag, and each run of words between tags, in order."""
    pieces = html.split("<")
    place = len(pieces[0])
    if place:
        yield 0, place, None
    for piece in pieces[1:]:
        source, angle, words = piece.partition(">")
        tag = _tag(source) if angle else None
        if tag is None:
            yield from _odd_tokens(html, place)
            return
        end = place + len(source) + 2
        yield place, end, tag
        place = end
        if words:
            place += len(words)
            yield end, place, None


def _odd_tokens(html: str, place: int) -> Iterator[tuple[int, int, _Tag | None]]:
    """The tokens from `place` on, where a value holds an angle, or the HTML is not what the sanitiser writes."""
    broken = 0
    found = html.find("<", place)
    while found >= 0 and broken <= MOST_BROKEN_TAGS:
        tag = _TAG.match(html, found)
        if tag is None:
            broken += 1
            found = html.find("<", found + 1)
            continue
        if place < found:
            yield place, found, None
        place = tag.end()
        yield found, place, _read_tag(html[found + 1 : place - 1])
        found = html.find("<", place)
    if place < len(html):
        yield place, len(html), None


def _tag(source: str) -> _Tag | None:
    """What stands between two angles, or None where that is no whole tag."""
    return _kept_tag(source) if len(source) <= LONGEST_KEPT else _whole_tag(source)


def _whole_tag(source: str) -> _Tag | None:
    if source.count('"') % 2 or not (source[:1].isalpha() or source[:1] == "/"):
        return None
    return _read_tag(source)


_kept_tag = lru_cache(maxsize=MOST_KEPT)(_whole_tag)


def _read_tag(source: str) -> _Tag:
    if source[0] == "/":
        name = source[1:].lower()
        return _Tag(name, ends=True, void=False, block=name in _BLOCKS, paragraph=name in _PARAGRAPHS)
    name, space, rest = source.partition(" ")
    name, attributes = name.lower(), space + rest
    return _Tag(
        name,
        ends=False,
        void=name in VOID,
        block=name in _BLOCKS,
        paragraph=name in _PARAGRAPHS,
        mark=_mark_of(name, attributes),
        signs="ign" in attributes and _names_signature(attributes),
        ruled="border-top" in attributes and name != "td" and _RULED.search(attributes) is not None,
    )


def _read_words(reader: _Reader, source: str, start: int, end: int) -> None:
    if reader.pre and "\n" in source:
        for line in source.splitlines(keepends=True):
            words = entities.unescape(line)
            if not words.isspace():
                reader.add(words, start, start + len(line))
            start += len(line)
            if line[-1] == "\n":
                reader.end_line()
        return
    words = _unescaped(source) if "&" in source else source
    if _has_odd_space(words):
        words = _SPACE.sub(" ", words)
    if words != " ":
        reader.add(words, start, end)
    elif reader.words:
        reader.words.append(" ")


def _has_odd_space(words: str) -> bool:
    """A quick look: whether `_SPACE` finds anything."""
    if "  " in words or "\n" in words or "\u00a0" in words:
        return True
    return "\t" in words or "\r" in words or "\f" in words


def _unescaped(source: str) -> str:
    """Words as they read; the sanitiser writes but five entities, for which no search is needed."""
    words = source.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&nbsp;", "\u00a0")
    if "&" in words.replace("&amp;", ""):
        return entities.unescape(source)
    return words.replace("&amp;", "&")


def _open(reader: _Reader, tag: _Tag, start: int, end: int) -> None:
    page, mark = reader.page, tag.mark
    if tag.block or mark is not _WORDS or tag.signs:
        reader.break_line(paragraph=tag.paragraph)
    if mark is _REST:
        reader.rest, mark = True, _WORDS
    if tag.ruled:
        _draw_rule(reader)
    _, parent, around, signed, _ = reader.opened[-1]
    number = len(page.elements)
    page.elements.append((start, end, parent))
    if mark is _QUOTE and around is _WORDS:
        page.quotes.append(number)
    within = around if mark is _WORDS else max(mark, around)
    differs = within is not around or (tag.signs and not signed)
    reader.opened.append((tag.name, number, within, signed or tag.signs, differs))
    if tag.name == "pre":
        reader.pre += 1


def _read_void(reader: _Reader, tag: _Tag, start: int, end: int) -> None:
    if tag.name == "img":
        reader.add("", start, end)
    elif tag.name == "br":
        reader.add("", start, end)
        reader.end_line()
    elif tag.name == "hr":
        reader.break_line()
        reader.rest = tag.mark is _REST
        reader.page.pieces.append((start, end, len(reader.page.lines), reader.opened[-1][1]))
        _draw_rule(reader)


def _draw_rule(reader: _Reader) -> None:
    reader.page.rules.append(len(reader.page.lines))
    reader.words.append(RULE)
    reader.end_line()


def _close(reader: _Reader, tag: _Tag) -> None:
    """End the element; an end tag that fits no open element says nothing."""
    opened = reader.opened
    if len(opened) < 2 or opened[-1][0] != tag.name:
        return
    if tag.name in ("td", "th"):
        reader.words.append(" ")
    differs = opened[-1][-1]
    if tag.block or differs:
        reader.break_line(paragraph=tag.paragraph and not differs)
    opened.pop()
    if tag.name == "pre":
        reader.pre -= 1


def _mark_of(name: str, attributes: str) -> Mark:
    """What the tag alone says of quoting."""
    if name == "blockquote":
        return _mark_of_blockquote(attributes)
    for names in _NAMES.findall(attributes) if attributes else ():
        for one in names.split():
            if _WRAPPER.fullmatch(one):
                return Mark.ATTRIBUTED
            if _STARTER.fullmatch(one):
                return Mark.REST
    return Mark.WORDS


def _names_signature(attributes: str) -> bool:
    return any(_SIGNATURE.fullmatch(one) for names in _NAMES.findall(attributes) for one in names.split())


def _mark_of_blockquote(attributes: str) -> Mark:
    """A quote of a mail program, a quote by hand, or just words moved to the right, as Gmail's button does it."""
    if 'type="cite"' in attributes.lower():
        return Mark.ATTRIBUTED
    if _INDENT.search(attributes) or ("gmail_quote" in attributes and "border-left" not in attributes):
        return Mark.WORDS
    return Mark.QUOTE
