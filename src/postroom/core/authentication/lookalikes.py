"""Which names look like others: skeletons (UTS 39 §4) by a small table of our own, slips of one letter, mixed scripts.

The table holds what passes for a Latin letter in a domain or a name in small letters; it is not all of Unicode's.
"""

# ruff: noqa: RUF001  letters of other scripts are meant

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

LONGEST_LABEL = 63  # characters (RFC 1035 §2.3.4)
LONGEST_NAME = 253
SHORTEST_SLIP = 5  # letters of a label that may be a slip of another: shorter ones are one letter apart by chance

_LOOKS = {
    "a": "аɑαạ", "b": "ьƅ", "c": "сϲ", "d": "ԁɗđ", "e": "еєεҽ", "f": "ғƒ", "g": "ɡցɢ", "h": "һհħ", "i": "іıιɩɪӏ¡",
    "j": "јյϳ", "k": "кκĸ", "l": "ⅼłʟ|ǀ", "m": "мṃ", "n": "пոη", "o": "оοօσøᴏ", "p": "рρ", "q": "ԛզ", "r": "гᴦ",
    "s": "ѕꜱ", "t": "тτŧ", "u": "սυʋ", "v": "ѵνᴠ", "w": "ԝωѡ", "x": "хχ", "y": "уүγ", "z": "ᴢ", "-": "‐‑‒–—−ー",
}  # fmt: skip
_LOOKS_LIKE = {ord(other): letter for letter, others in _LOOKS.items() for other in others}
_DIGITS = str.maketrans("013458", "olease")
_SPOKEN = {"rn": "m", "vv": "w", "cl": "d"}
_PAIRS = re.compile("|".join(_SPOKEN))
_CJK = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"})
_POSING = frozenset("асԁеһіјӏорԛѕԝхуьҽпгѵѡαικνορτυωη")  # Cyrillic and Greek letters that pass at a glance
_WORD = re.compile(r"[^\W\d_]+")


def skeleton(text: str) -> str:
    """What text looks like: two that are mistaken for each other have the same. Accents do not count."""
    text = text.lower()
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text).casefold()
        text = "".join(one for one in plain if not unicodedata.category(one).startswith(("M", "Cf")))
        text = text.translate(_LOOKS_LIKE)
    return _PAIRS.sub(lambda pair: _SPOKEN[pair[0]], text)


def without_digits(text: str) -> str:
    """A skeleton in which digits count as the letters that they stand in for."""
    return text.translate(_DIGITS)


def spoken_domain(domain: str) -> str:
    """A domain as it is shown to people: A-labels (RFC 5890) that can be read are read."""
    if "xn--" not in domain:
        return domain
    return ".".join(_label(one) for one in domain[:LONGEST_NAME].split("."))


def _label(label: str) -> str:
    if not label.startswith("xn--") or len(label) > LONGEST_LABEL:
        return label
    try:
        read = label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    return read if read.isprintable() else label


def disguised_label(domain: str) -> str:
    """The first label of a (spoken) domain that mixes scripts which no language writes together, or that is of another
    script and looks Latin throughout while the domain ends in Latin letters (UTS 39 §5.2); empty where none does.
    """
    labels = domain[:LONGEST_NAME].split(".")
    ends_latin = labels[-1].isascii()
    return next((one for one in labels if not one.isascii() and (_is_mixed(one) or (ends_latin and _poses(one)))), "")


def _is_mixed(label: str) -> bool:
    scripts = _scripts(label)
    return len(scripts) > 1 and not scripts - {"LATIN"} <= _CJK


def _poses(label: str) -> bool:
    """Whether every letter that it has is of another script and passes for a Latin one."""
    return all(one in _POSING for one in label if one.isalpha())


def _scripts(text: str) -> set[str]:
    return {unicodedata.name(one, "?").partition(" ")[0] for one in text if one.isalpha()}


def words(name: str) -> frozenset[str]:
    """The words of a person's name as they look, in no order: `Keller, Ana` is `ana keller`."""
    return frozenset(_WORD.findall(skeleton(name[:LONGEST_NAME])))


def shortened(label: str) -> Iterator[str]:
    """A label, and it without each of its letters: what is one slip away from it shares one of these with it."""
    yield label
    yield from (label[:place] + label[place + 1 :] for place in range(len(label)))


def is_slip(one: str, other: str) -> bool:
    """Whether one letter is wrong, missing, too many, or changed places with the next. That one digit stands for
    another is none: names are counted so.
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = _common(one, other)
    end = _common(one[start:][::-1], other[start:][::-1])
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    if len(left) == len(right) == 1:
        return not (left.isdigit() and right.isdigit())
    if {len(left), len(right)} == {0, 1}:
        return not (left + right).isdigit()
    return len(left) == 2 and left == right[::-1]


def _common(one: str, other: str) -> int:
    """How many letters both begin with."""
    return next((place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
                min(len(one), len(other)))  # fmt: skip


class Lookalikes:
    """Domains that are known, to be compared with others; how many there are does not make a comparison dearer."""

    def __init__(self, domains: Iterable[tuple[str, str]]) -> None:
        """`domains` are (registered domain, its public suffix), in small letters."""
        self._known: set[str] = set()
        self._looks: dict[str, str] = {}
        self._near: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for domain, suffix in sorted(domains):
            self._add(domain, suffix)

    def _add(self, domain: str, suffix: str) -> None:
        self._known.add(domain)
        spoken = spoken_domain(domain)
        self._looks.setdefault(skeleton(spoken), domain)
        label = skeleton(spoken.removesuffix(f".{suffix}"))
        if len(label) < SHORTEST_SLIP:
            return
        self._looks.setdefault(without_digits(skeleton(spoken)), domain)
        for piece in shortened(label):
            self._near.setdefault((suffix, piece), []).append((label, domain))

    def find(self, registered: str, suffix: str, whole: str) -> str:
        """The known domain that a registered one looks like, or that stands at the front of the whole name, as in
        `acme.example.other.example`; empty where it is known itself, or like none.
        """
        if registered in self._known:
            return ""
        spoken = spoken_domain(registered)
        look = skeleton(spoken)
        found = self._looks.get(look) or self._looks.get(without_digits(look), "")
        return found or self._slip(skeleton(spoken.removesuffix(f".{suffix}")), suffix) or self._in_front(whole)

    def _slip(self, label: str, suffix: str) -> str:
        if not SHORTEST_SLIP - 1 <= len(label) <= LONGEST_LABEL:
            return ""
        near = (one for piece in shortened(label) for one in self._near.get((suffix, piece), ()))
        return next((domain for known, domain in near if is_slip(known, label)), "")

    def _in_front(self, whole: str) -> str:
        labels = whole[:LONGEST_NAME].split(".")
        runs = (".".join(labels[start:end]) for start in range(len(labels)) for end in range(start + 2, start + 5)
                if end < len(labels))  # fmt: skip
        return next((run for run in runs if run in self._known), "")
