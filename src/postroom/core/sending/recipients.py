"""Who hears of a message, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from postroom.core.addresses import normalise, valid

MAIL, INBOX = "mail", "inbox"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may hear. `user` is the id of one of our own people, 0 for everybody else; `contact` likewise.

    `channel` is `mail` or `inbox`; who isn't ours is told by mail whatever it says. `discussions` and `notes` say what
    they follow; for the mentioned and the chosen they don't matter.
    """

    email: str
    name: str = ""
    contact: int = 0
    user: int = 0
    channel: str = MAIL
    discussions: bool = True
    notes: bool = False
    language: str = ""


@dataclass(frozen=True, slots=True)
class Hearing:
    """A message and everybody around it.

    `internal`: a note. `already`: normalised addresses that have the mail (To, Cc, From), in any case. `chosen`: who
    was written into the composer's To or Cc. `outside`: whether people who are not ours may hear; of a note they never
    do. The author is known by address, user or contact, whichever is not empty.
    """

    internal: bool = False
    author_email: str = ""
    author_user: int = 0
    author_contact: int = 0
    followers: tuple[Person, ...] = ()
    mentioned: tuple[Person, ...] = ()
    chosen: tuple[Person, ...] = ()
    already: frozenset[str] = frozenset()
    outside: bool = True


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who hears, by `person.channel`; `because` continues "Mary …"."""

    person: Person
    because: str


@dataclass(frozen=True, slots=True)
class Spared:
    """Somebody who doesn't hear; `because` continues "Mary …"."""

    person: Person
    because: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody around a message: each is told once or spared."""

    told: tuple[Told, ...]
    spared: tuple[Spared, ...]


MENTIONED = "was mentioned"
CHOSEN = "was chosen as a recipient"
FOLLOWS = "follows discussions"
FOLLOWS_NOTES = "follows notes"

AUTHOR = "wrote it"
HAS_IT = "has it already: was in To or Cc"
TWICE = "is told already"
NOTE_INSIDE = "is not one of us, and a note stays inside"
KEPT_INSIDE = "is not one of us, and this one stays inside"
NO_DISCUSSIONS = "doesn't follow discussions"
NO_NOTES = "doesn't follow notes"
NO_ADDRESS = "has no address that mail can reach"

_Key = tuple[str, str | int]


def who_hears(hearing: Hearing) -> Audience:
    """Everybody who hears of a message and everybody who doesn't, in order: mentioned, chosen, followers.

    Nobody hears twice: who shares an address, a user or a contact with somebody before them is the same person. So is
    who shares one with the author, or with somebody in To or Cc.
    """
    told: list[Told] = []
    spared: list[Spared] = []
    author = set(_keys(hearing.author_email, hearing.author_user, hearing.author_contact))
    have_it: set[_Key] = {("email", _same(email)) for email in hearing.already}
    heard: set[_Key] = set()
    for person, because in _asked(hearing):
        keys = set(_keys(person.email, person.user, person.contact))
        if not keys.isdisjoint(author):
            author |= keys
            spared.append(Spared(person, AUTHOR))
        elif not keys.isdisjoint(have_it):
            have_it |= keys
            spared.append(Spared(person, HAS_IT))
        elif not keys.isdisjoint(heard):
            heard |= keys
            spared.append(Spared(person, TWICE))
        elif why_not := _why_not(person, because, hearing):
            spared.append(Spared(person, why_not))
        else:
            heard |= keys
            fits = person.user or person.channel == MAIL
            told.append(Told(person if fits else replace(person, channel=MAIL), because))
    return Audience(tuple(told), tuple(spared))


def _asked(hearing: Hearing) -> Iterable[tuple[Person, str]]:
    """Everybody with the reason for which they would hear, the strongest first."""
    yield from ((person, MENTIONED) for person in hearing.mentioned)
    yield from ((person, CHOSEN) for person in hearing.chosen)
    follows = FOLLOWS_NOTES if hearing.internal else FOLLOWS
    yield from ((person, follows) for person in hearing.followers)


def _why_not(person: Person, because: str, hearing: Hearing) -> str:
    if not person.user and hearing.internal:
        return NOTE_INSIDE
    if not person.user and not hearing.outside:
        return KEPT_INSIDE
    if because == FOLLOWS_NOTES and not person.notes:
        return NO_NOTES
    if because == FOLLOWS and not person.discussions:
        return NO_DISCUSSIONS
    by_mail = not person.user or person.channel != INBOX
    return NO_ADDRESS if by_mail and not valid(person.email) else ""


def _keys(email: str, user: int, contact: int) -> Iterable[_Key]:
    if email:
        yield "email", _same(email)
    if user:
        yield "user", user
    if contact:
        yield "contact", contact


def _same(email: str) -> str:
    return normalise(email) or email.lower()
