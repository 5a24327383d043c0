"""What of a mail's From misleads those who read it, whoever sent it: marks, each with a sentence and an advice.

A mark says what can be seen in the mail and in what we know of our own people; it decides nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from postroom.core.addresses import Address, normalise
from postroom.core.authentication.lookalikes import (
    Lookalikes,
    disguised_label,
    spoken_domain,
    words,
)
from postroom.core.authentication.organizations import belongs, registered
from postroom.core.message.mail import Mail

LONGEST_THING = 120  # characters of a mail's own that a mark repeats
LONGEST_READ = 1000  # characters of a name or subject that are looked at
MOST_AUTHORS = 20
FEWEST_WORDS = 2  # of a member's name: a single one is anybody's

# Where anybody has an address: that a member has one there makes it none of ours.
PROVIDERS = frozenset({
    "126.com", "163.com", "aol.com", "fastmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.com", "gmx.de",
    "gmx.net", "googlemail.com", "hotmail.com", "icloud.com", "laposte.net", "libero.it", "live.com", "mac.com",
    "mail.com", "mail.ru", "me.com", "msn.com", "naver.com", "orange.fr", "outlook.com", "proton.me",
    "protonmail.com", "qq.com", "rocketmail.com", "t-online.de", "wanadoo.fr", "web.de", "wp.pl", "yahoo.com",
    "yandex.com", "yandex.ru", "ymail.com", "zoho.com",
})  # fmt: skip

_ASK = "Ask the person in another way before you do what it asks for."
_LOOK = "Look at the address, not at the name."
_OVERRIDES = re.compile("[\u202d\u202e]")
_EMBEDDINGS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_HIDDEN = re.compile(
    "(?<=[A-Za-z\u00c0-\u024f\u0370-\u052f0-9])[\u00ad\u034f\u115f\u1160\u180e\u200b-\u200d\u2060-\u2064\u3164\ufeff\uffa0"
    "\U000e0001-\U000e007f]+(?=[A-Za-z\u00c0-\u024f\u0370-\u052f0-9])"
)
_NAMED_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that misleads. `key` is one of `MEANINGS`, `thing` is what it is about, such as a domain, or empty."""

    key: str
    thing: str = ""

    @property
    def kept(self) -> str:
        """As rows and the API have it: the key, then the thing after a colon."""
        return f"{self.key}:{self.thing}" if self.thing else self.key

    @property
    def text(self) -> str:
        """What misleads, in a sentence."""
        return MEANINGS[self.key][0].format(thing=self.thing)

    @property
    def advice(self) -> str:
        """What a reader should do."""
        return MEANINGS[self.key][1]


MEANINGS: Mapping[str, tuple[str, str]] = {
    "two-froms": (
        "It has {thing} From lines: other programs may show another author than this one.",
        "Do not rely on any of them.",
    ),
    "several-authors": ("Its From names several authors: {thing}.", "Only one of them may have written it."),
    "address-as-name": ("Its author goes by the name of another address: {thing}.", _LOOK),
    "member-name": ("It bears the name of {thing}, one of our people, and comes from a foreign address.", _ASK),
    "look-alike": ("Its domain looks like {thing}, and is another.", "Compare them letter by letter. " + _ASK),
    "disguised-letters": (
        "Its domain {thing} has letters of another alphabet that look like Latin ones.",
        "Take it for a stranger's, whatever it looks like.",
    ),
    "turned-text": (
        "Characters that turn the direction of writing stand in its {thing}: it may not read as it was written.",
        _LOOK,
    ),
    "hidden-characters": (
        "Characters that nobody sees stand within words of its {thing}.",
        "They hide words from filters; people have no use for them.",
    ),
}


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What a company knows of itself: `domains` are its own, `familiar` those at which its members have their addresses
    (both as A-labels), `people` the members' names, `is_member` whether the mail's address is one of theirs.
    """

    domains: frozenset[str] = frozenset()
    familiar: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    is_member: bool = False


NOBODY = Acquaintance()


def marks(mail: Mail, known: Acquaintance = NOBODY) -> tuple[Mark, ...]:
    """What of this mail's From misleads, the gravest first; linear in the length of what is looked at."""
    return tuple(mark for look in _LOOKS for mark in look(mail, known))


def read_marks(kept: Iterable[object]) -> tuple[Mark, ...]:
    """Marks as rows keep them; what is none of ours is passed over."""
    found = (str(one).partition(":") for one in kept)
    return tuple(Mark(key, thing) for key, _, thing in found if key in MEANINGS)


def _two_froms(mail: Mail, _known: Acquaintance) -> Iterator[Mark]:
    count = len(mail.headers.raw("From"))
    if count > 1:
        yield Mark("two-froms", str(count))


def _several(mail: Mail, _known: Acquaintance) -> Iterator[Mark]:
    found = list(dict.fromkeys(one.email for one in mail.authors[:MOST_AUTHORS]))
    if len(found) > 1 and len(mail.headers.raw("From")) <= 1:
        yield Mark("several-authors", _thing(" and ".join(found[:2]) + (" and more" if len(found) > 2 else "")))


def _address_as_name(mail: Mail, _known: Acquaintance) -> Iterator[Mark]:
    """A name that holds an address of another organisation; one of the same is a habit of offices."""
    for one in _authors(mail):
        for shown in _NAMED_ADDRESS.findall(_plain(one.name)):
            email = normalise(shown)
            if email and email != one.email and not belongs(email.rpartition("@")[2], one.domain):
                yield Mark("address-as-name", _thing(email))
                return


def _member_name(mail: Mail, known: Acquaintance) -> Iterator[Mark]:
    author = mail.author
    if author is None or known.is_member or not author.name or _is_ours(author.domain, known):
        return
    if member := _people(known.people).find(words(_plain(author.name))):
        yield Mark("member-name", _thing(member))


def _look_alike(mail: Mail, known: Acquaintance) -> Iterator[Mark]:
    if not (known.domains or known.familiar):
        return
    book = _domains(known.domains, known.familiar)
    for one in _authors(mail):
        if (
            one.domain not in PROVIDERS
            and not _is_ours(one.domain, known)
            and (found := book.find(*registered(one.domain), one.domain))
        ):
            yield Mark("look-alike", _thing(found))
            return


def _disguised(mail: Mail, _known: Acquaintance) -> Iterator[Mark]:
    for one in _authors(mail):
        if not one.domain.isascii() or "xn--" in one.domain:
            spoken = spoken_domain(one.domain)
            if disguised_label(spoken):
                yield Mark("disguised-letters", _thing(f"{spoken} ({one.domain})" if spoken != one.domain else spoken))
                return


def _turned(mail: Mail, _known: Acquaintance) -> Iterator[Mark]:
    """Overrides always; embeddings and isolates where they are not closed: what follows is turned as well."""
    yield from (Mark("turned-text", place) for place, text in _texts(mail) if _turns(text))


def _turns(text: str) -> bool:
    if _OVERRIDES.search(text):
        return True
    found = _EMBEDDINGS.findall(text)
    opened = sum(one in "\u202a\u202b\u2066\u2067\u2068" for one in found)
    return 2 * opened != len(found)


def _hidden(mail: Mail, _known: Acquaintance) -> Iterator[Mark]:
    """Within words of scripts that have no use for them: joiners belong to emoji and to other scripts."""
    yield from (Mark("hidden-characters", place) for place, text in _texts(mail) if _HIDDEN.search(text))


_LOOKS: Sequence[Callable[[Mail, Acquaintance], Iterator[Mark]]] = (
    _two_froms, _several, _look_alike, _disguised, _address_as_name, _member_name, _turned, _hidden,
)  # fmt: skip


def _authors(mail: Mail) -> Sequence[Address]:
    return mail.authors[:MOST_AUTHORS]


def _texts(mail: Mail) -> Iterator[tuple[str, str]]:
    names = " ".join(one.name[:LONGEST_READ] for one in _authors(mail))
    yield from ((place, text) for place, text in (("name", names), ("subject", mail.subject[:LONGEST_READ]))
                if not text.isascii())  # fmt: skip


def _plain(name: str) -> str:
    """A name as people see it: without what has no shape, full-width letters as plain ones."""
    name = name[:LONGEST_READ]
    if name.isascii():
        return name
    return "".join(one for one in unicodedata.normalize("NFKC", name) if unicodedata.category(one) != "Cf")


def _thing(text: str) -> str:
    """What a mark repeats, harmless: nothing that can't be seen, so long at most."""
    return "".join(one for one in text if one.isprintable())[:LONGEST_THING]


def _is_ours(domain: str, known: Acquaintance) -> bool:
    return any(domain == own or domain.endswith(f".{own}") for own in known.domains)


@lru_cache(maxsize=256)
def _domains(own: frozenset[str], familiar: frozenset[str]) -> Lookalikes:
    return Lookalikes(registered(one) for one in own | (familiar - PROVIDERS))


@dataclass(frozen=True, slots=True)
class _People:
    """Names of people, found by their words in any order; a name may stand among other words."""

    by_word: Mapping[str, Sequence[tuple[frozenset[str], str]]] = field(default_factory=dict)

    def find(self, said: frozenset[str]) -> str:
        """The member whose whole name is said; empty where it is nobody's."""
        for word in sorted(said):
            for name, person in self.by_word.get(word, ()):
                if name <= said:
                    return person
        return ""


@lru_cache(maxsize=256)
def _people(names: frozenset[str]) -> _People:
    found: dict[str, list[tuple[frozenset[str], str]]] = {}
    for name in sorted(names):
        parts = words(name)
        if len(parts) >= FEWEST_WORDS:
            found.setdefault(max(parts, key=len), []).append((parts, name))
    return _People(found)
