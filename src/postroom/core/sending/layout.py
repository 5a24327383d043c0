"""What a copy looks like: the words of a message, and for our own people who wrote, where, and why they get it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from postroom.core.sending.phrases import phrases


class Why(StrEnum):
    """Why one of our people gets a copy."""

    FOLLOWS = "follows"
    MENTIONED = "mentioned"
    CHOSEN = "chosen"
    ANSWERED = "answered"


class Doubt(StrEnum):
    """What nothing proves about a message; the values are those of `Message.Standing`."""

    NONE = ""
    OUTSIDER = "outsider"
    CLAIMED_MEMBER = "claimed-member"
    REPLY_LINK = "reply-link"


@dataclass(frozen=True, slots=True)
class LayoutFacts:
    """A message as one audience gets it.

    `body_html` is sanitised, `body_text` the same as text. `member`: for our own people, with `author` (a name),
    `number` and `title` of the record, `url` of its page, `why`, `note` and `doubt`. Others get the body and the
    `signature` (plain text) alone. `language` is a code such as `de` or `pt-BR`; one without phrases reads English.
    """

    body_html: str
    body_text: str
    member: bool = False
    author: str = ""
    number: str = ""
    title: str = ""
    url: str = ""
    why: Why = Why.FOLLOWS
    note: bool = False
    doubt: Doubt = Doubt.NONE
    signature: str = ""
    language: str = "en"


# Styles stand in the tags: mail clients drop everything else. Colours that hold on white and on black.
_FACE = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:14px;line-height:1.5"
_QUIET = "color:#6b7b81;font-size:12px"
_BUTTON = (
    "display:inline-block;background:#00656e;color:#f8fdfd;text-decoration:none;font-weight:600;padding:8px 14px;"
    "border-radius:6px"
)
_LINE = "margin:0 0 14px;padding:0 0 10px;border-bottom:1px solid #d7e0e2"
_WARN = "margin:0 0 14px;padding:8px 12px;border-left:4px solid #845011;background:#fff2da;color:#845011"
_NOTE = "margin:0 0 14px;padding:8px 12px;border-left:4px solid #e6d08c;background:#fdf6db;color:#6b4c16"
_LONGEST_NAME = 200  # characters of an author, a number or a title


def letter_html(facts: LayoutFacts) -> str:
    """The HTML of a copy, a whole document."""
    body = _member_html(facts) if facts.member else _outside_html(facts)
    return (
        f'<!DOCTYPE html><html lang="{escape(facts.language)}"><head><meta charset="utf-8">'
        f'<meta name="color-scheme" content="light dark"></head><body><div style="{_FACE}">{body}</div></body></html>'
    )


def _member_html(facts: LayoutFacts) -> str:
    words = phrases(facts.language)
    head = _NOTE if facts.note else _LINE
    parts = [f'<div style="{head}">{escape(_head(facts, words))}</div>']
    if facts.doubt:
        parts.append(f'<div style="{_WARN}">{escape(words[facts.doubt])}</div>')
    parts.append(facts.body_html)
    if facts.url:
        button = escape(_open(facts, words))
        parts.append(f'<p style="margin:18px 0 6px"><a href="{escape(facts.url)}" style="{_BUTTON}">{button}</a></p>')
    parts.append(f'<p style="{_QUIET}">{escape(_why(facts, words))}</p>')
    return "".join(parts)


def _outside_html(facts: LayoutFacts) -> str:
    if not facts.signature.strip():
        return facts.body_html
    lines = "<br>".join(map(escape, facts.signature.strip().splitlines()))
    return f'{facts.body_html}<p style="{_QUIET};font-size:13px">-- <br>{lines}</p>'


def _head(facts: LayoutFacts, words: Mapping[str, str]) -> str:
    phrase = words["noted" if facts.note else "wrote"]
    return phrase.format(author=_line(facts.author), number=_line(facts.number), title=_line(facts.title))


def _open(facts: LayoutFacts, words: Mapping[str, str]) -> str:
    return words["open"].format(number=_line(facts.number))


def _why(facts: LayoutFacts, words: Mapping[str, str]) -> str:
    return words[facts.why].format(number=_line(facts.number))


def _line(name: str) -> str:
    """A name on one line: with line breaks in it, it could write lines of its own into the text."""
    return " ".join(name.split())[:_LONGEST_NAME]


def letter_text(facts: LayoutFacts) -> str:
    """The same as text, for clients without HTML."""
    body = facts.body_text.strip("\r\n")
    if not facts.member:
        signature = facts.signature.strip()
        return f"{body}\n\n-- \n{signature}\n" if signature else f"{body}\n"
    words = phrases(facts.language)
    parts = [_head(facts, words)]
    if facts.doubt:
        parts.append(words[facts.doubt])
    parts.append(body)
    if facts.url:
        parts.append(f"{_open(facts, words)}: {facts.url}")
    parts.append(_why(facts, words))
    return "\n\n".join(parts) + "\n"


_LINK = re.compile(r"\b(?:https?://|mailto:)[^\s<>\"'.,;:!?)\]}][^\s<>\"']{0,2000}")
_TRAILING = ".,;:!?)]}"


def plain_to_html(text: str) -> str:
    """Plain text as HTML: paragraphs, line breaks, links to http(s) and mailto; everything else escaped."""
    blocks: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line.strip():
            blocks[-1].append(_linked(line.rstrip()))
        elif blocks[-1]:
            blocks.append([])
    return "".join(f"<p>{'<br>'.join(lines)}</p>" for lines in blocks if lines)


def _linked(line: str) -> str:
    found, at = [], 0
    for match in _LINK.finditer(line) if ":" in line else ():
        url = match.group().rstrip(_TRAILING)
        end = match.start() + len(url)
        found.append(escape(line[at : match.start()]))
        found.append(f'<a href="{escape(url)}">{escape(url)}</a>')
        at = end
    found.append(escape(line[at:]))
    return "".join(found).replace("  ", " &nbsp;")
