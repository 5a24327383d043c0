"""Words as a search knows them, of a text and of a question, so that both meet whatever their case and accents.

A word is a run of letters and digits. What stands together without a space (`a@b.example`, `INV-2024/17`) is known by
its parts and by each two neighbours, joined by `JOINT`: so it is found whole, by part, and as it is typed. Scripts that
write no spaces are known by their characters, and found by neighbours in the same way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

JOINT = "·"
LONGEST_WORD = 40  # characters of a word that count
LONGEST_QUESTION = 200  # characters
MOST_WORDS = 12  # of a question
LONGEST_TEXT = 8000  # characters of one text that are read
MOST_KEPT = 2000  # words of all texts together: what is more is there to cost something
SHORTEST_BEGINNING = 2  # letters from which on what is typed may begin a word

_MARKS = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_LETTERS = str.maketrans(  # those that no normal form takes apart
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "\u0131": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_PART = re.compile(f"(?=[^\\W_])[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")  # vowel signs are no letters of their own
_ALONE = re.compile(f"(?=[^\\W_])[{_UNSPACED}]")
# Around words, and in none: what an ASCII keyboard has, dashes, quotation marks, dots.
_AROUND = ".,;:!?()[]{}<>\"'`*_-/\\|#+=~\u2013\u2014\u2026\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for: all of `words`, and a word that begins with `begins` (empty: no such)."""

    words: tuple[str, ...] = ()
    begins: str = ""

    def __bool__(self) -> bool:
        return bool(self.words or self.begins)

    def is_about(self, word: str) -> bool:
        """Whether a word, folded, is one of those that were asked for, or a part of such a one."""
        asked = {part for one in self.words for part in one.split(JOINT)}
        *before, last = self.begins.split(JOINT)
        return word in asked or word in before or bool(last and word.startswith(last))


def fold(text: str) -> str:
    """A text without case and accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", apart)).casefold().translate(_LETTERS)


def words(texts: Iterable[str]) -> str:
    """The words of texts as an index keeps them: each once, with a space before each."""
    found: dict[str, None] = {}
    for text in texts:
        folded = fold(text[:LONGEST_TEXT])
        spaced = _ALONE.search(folded) is None
        for chunk in dict.fromkeys(folded.split()):
            word = chunk.strip(_AROUND)
            if spaced and word.isalnum():  # nearly all: nothing is to be taken apart
                found[word[:LONGEST_WORD]] = None
                continue
            parts = _parts(word)
            found.update(dict.fromkeys(parts))
            found.update(dict.fromkeys(map(JOINT.join, pairwise(parts))))
        if len(found) >= MOST_KEPT:
            return "".join(f" {word}" for word in islice(found, MOST_KEPT))
    return "".join(f" {word}" for word in found)


def question(text: str) -> Question:
    """What somebody means who typed this: each word, and the last one as far as it is typed."""
    chunks = list(_chunks(text[:LONGEST_QUESTION]))
    named = [list(map(JOINT.join, pairwise(parts))) if len(parts) > 1 else parts for parts in chunks]
    asked = [word for some in named for word in some]
    begins = "" if not asked or text[:LONGEST_QUESTION][-1:].isspace() else asked.pop()
    if len(begins) < SHORTEST_BEGINNING or _ALONE.match(begins[-1:]):
        asked += [begins] * bool(_ALONE.match(begins[-1:]))
        begins = ""
    return Question(tuple(dict.fromkeys(asked))[:MOST_WORDS], begins)


def _chunks(text: str) -> Iterator[list[str]]:
    """The parts of each run without a space that has some."""
    for chunk in fold(text).split():
        if parts := _parts(chunk):
            yield parts


def _parts(chunk: str) -> list[str]:
    return [part[:LONGEST_WORD] for part in _PART.findall(chunk)]
