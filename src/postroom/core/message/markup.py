"""HTML cut into tags and text without building a tree: linear on any input, for depth checks and for plain text."""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator

_NAME = re.compile(r"</?([a-zA-Z][^\s/>]{0,30})")
_ATTRIBUTES = re.compile(r"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_COMMENT_END = re.compile(r"--!?>")
_RAW_END = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "noscript", "xmp", "iframe", "noembed", "noframes")
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOID = _words("area base br col embed hr img input link meta param source track wbr")
_IMPLIED = _words("p li td tr th dd dt option tbody thead tfoot html head body o:p")
_PARAGRAPHS = _words("p blockquote h1 h2 h3 h4 h5 h6 pre")
_BLOCKS = _words(
    "address article aside center dd details dir div dl dt fieldset figcaption figure footer form header hr li main"
    " menu nav ol section summary table tbody tfoot thead tr ul"
)
_SPACE = re.compile(r"[ \t\r\n\f\u00a0\x01\x02]{2,}|[\t\r\n\f\u00a0\x01\x02]")  # a lone space stays as it is
_BREAKS = re.compile(r"[\x01\x02\n][ \x01\x02\n]*")


def tokens(html: str) -> Iterator[tuple[str, str]]:
    """("text", words as written), ("open", name), ("close", name), names in lower case, in order.

    Comments, declarations and the contents of raw elements such as script are left out.
    """
    place, quotes_close = 0, True
    while (tag := html.find("<", place)) >= 0:
        if tag > place:
            yield "text", html[place:tag]
        name_match = _NAME.match(html, tag)
        if name_match is None:
            place = _after_other(html, tag)
            if place == tag:
                yield "text", "<"
                place += 1
            continue
        place = name_match.end()
        if html.startswith(">", place):
            place += 1
        else:
            closed = _ATTRIBUTES.match(html, place) if quotes_close else None
            quotes_close = closed is not None
            place = closed.end() if closed else html.find(">", place) + 1 or len(html)
        name = name_match[1].lower()
        if html[tag + 1] == "/":
            yield "close", name
            continue
        yield "open", name
        if name in _RAW_END:
            end = _RAW_END[name].search(html, place)
            place = end.start() if end else len(html)
    if place < len(html):
        yield "text", html[place:]


def _after_other(html: str, tag: int) -> int:
    """The place behind a comment, declaration or broken end tag; the same place where `<` is just a character."""
    if html.startswith("<!--", tag):
        end = _COMMENT_END.search(html, tag + 2)
        return end.end() if end else len(html)
    if html.startswith(("<!", "<?", "</"), tag):
        return html.find(">", tag) + 1 or len(html)
    return tag


def depth(html: str) -> int:
    """How many elements are open at once at most; those that need no end tag do not count."""
    open_now: dict[str, int] = {}
    now = deepest = 0
    for kind, name in tokens(html):
        if kind == "text" or name in VOID or name in _IMPLIED:
            continue
        if kind == "open":
            open_now[name] = open_now.get(name, 0) + 1
            now += 1
            deepest = max(deepest, now)
        elif open_now.get(name):
            open_now[name] -= 1
            now -= 1
    return deepest


def plain_text(html: str) -> str:
    """The words of HTML as a reader sees them: a line for each block, a blank line between paragraphs."""
    pieces: list[str] = []
    in_pre = 0
    for kind, value in tokens(html):
        if kind == "text":
            words = entities.unescape(value) if "&" in value else value
            pieces.append(words.replace("\r", "").replace("\u00a0", " ") if in_pre else _SPACE.sub(" ", words))
        elif value == "br":
            pieces.append("\n")
        elif value in _PARAGRAPHS:
            in_pre = max(0, in_pre + (1 if kind == "open" else -1)) if value == "pre" else in_pre
            pieces.append("\x02")
        elif value in _BLOCKS:
            pieces.append("\x01")
        elif value in ("td", "th") and kind == "close":
            pieces.append(" ")
    text = _SPACES.sub(" ", "".join(pieces))
    return _BREAKS.sub(_line_break, text).replace(" \n", "\n").replace("\0", "").strip()


def _line_break(match: re.Match[str]) -> str:
    """One line break for a run of block edges and `<br>`s, two where a paragraph ends or a line was left empty.

    A `<br>` at the end of a block adds nothing; one that is alone in its block is an empty line.
    """
    run = match[0]
    lines = run.count("\n")
    if run[0] != "\n":
        lines += 1
    return "\n" * min(2, max(lines, 2 if "\x02" in run else 1))


_SPACES = re.compile(r" {2,}")
