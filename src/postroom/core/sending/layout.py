"""What a copy looks like: the words of a message, and for our own people who wrote, where, and why they get it."""

from __future__ import annotations

import html as entities
from dataclasses import dataclass
from enum import StrEnum


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


def letter_html(facts: LayoutFacts) -> str:
    """The HTML of a copy, a whole document."""
    return facts.body_html


def letter_text(facts: LayoutFacts) -> str:
    """The same as text, for clients without HTML."""
    return facts.body_text


def plain_to_html(text: str) -> str:
    """Plain text as HTML: paragraphs, line breaks, links to http(s) and mailto; everything else escaped."""
    return f"<p>{entities.escape(text)}</p>"
