"""The words of a mail and of Outlook's envelopes in it, each once: nothing that somebody wrote is left unshown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html import escape

from postroom.core.message.mail import Mail
from postroom.core.message.markup import plain_text
from postroom.core.message.tnef import Tnef

SHORT_NOTE = 500  # characters without blanks; a text as short may be a note or the foot of a list, not the mail's words

# What a text made of HTML has in addition: where its links lead, and where its pictures were.
_ADDED = re.compile(r"<(?:https?|mailto|tel):[^<>]{0,2000}>|\[cid:[^\[\]]{0,500}\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What was written in one place, as text, as HTML or as both; `words` without blanks, to be compared; `bare`
    without what a program added when it made a text of HTML.
    """

    text: str
    html: str
    words: str
    bare: str

    def says(self, words: str) -> bool:
        return words in self.words or words in self.bare


@dataclass(slots=True)
class Words:
    """What a mail says, and its envelopes besides. Those come first: what stands around them is mostly a note that
    there is one, or the foot of a list.
    """

    mail: Mail
    besides: list[_Piece] = field(default_factory=list)
    own: _Piece | None = field(init=False)

    def __post_init__(self) -> None:
        text, html = self.mail.text, self.mail.html
        said = f"{text}\n{plain_text(html)}" if html.strip() else text
        self.own = _piece(text, html, said) if text.strip() or html.strip() else None

    @property
    def are_none(self) -> bool:
        """Whether nobody has said anything so far."""
        return self.own is None and not self.besides

    def add(self, envelope: Tnef) -> bool:
        """What an envelope says, unless it was said; False where it has words that are not to be had here."""
        read = envelope.text if envelope.text.strip() else plain_text(envelope.html)
        piece = _piece(envelope.text, envelope.html, read)
        if not piece.words and not (self.are_none and envelope.html.strip()):
            return not (envelope.formatted and self._is_short_note()) and not (envelope.is_empty and self.are_none)
        if not any(one.says(piece.words) for one in self._pieces()):
            self.besides.append(piece)
            if self.own and not self.own.html.strip() and self.own.words in piece.words:
                self.own = None
        return True

    def _pieces(self) -> list[_Piece]:
        return [*self.besides, self.own] if self.own else self.besides

    def _is_short_note(self) -> bool:
        return not self.besides and (self.own is None or len(self.own.words) <= SHORT_NOTE)

    def told(self) -> Mail:
        """The mail with all of it, as text, and as HTML too where any of it is."""
        if not self.besides:
            return self.mail
        pieces = self._pieces()
        if len(pieces) == 1:
            return replace(self.mail, text=pieces[0].text, html=pieces[0].html)
        html = "\n".join(map(_as_html, pieces)) if any(one.html.strip() for one in pieces) else ""
        return replace(self.mail, text="\n\n".join(filter(None, map(_as_text, pieces))), html=html)


def _piece(text: str, html: str, said: str) -> _Piece:
    return _Piece(text, html, _without_blanks(said), _without_blanks(_ADDED.sub("", said)))


def _without_blanks(text: str) -> str:
    return "".join(text.split())


def _as_text(piece: _Piece) -> str:
    return piece.text.strip("\n") if piece.text.strip() else plain_text(piece.html).strip("\n")


def _as_html(piece: _Piece) -> str:
    if piece.html.strip():
        return f"<div>{piece.html}</div>"
    return f"<div>{escape(piece.text).replace(chr(10), '<br>')}</div>"
