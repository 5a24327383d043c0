"""Step 3: the server and the From of each letter, and why; one row a letter unless it came out otherwise.

A copy for which a person chose a server has a choice of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType

from postroom.core.addresses import Address
from postroom.core.sending.facts import DEFAULT_SERVER, Choice, SendingFacts
from postroom.core.sending.server_choice import choose_server
from postroom.infra.clock import now
from postroom.infra.database.base import insert, load
from postroom.infra.database.shapes import link, new
from postroom.outbound.choice import facts_for, grounds
from postroom.outbound.models import Delivery, Dispatch, Letter, LetterFile
from postroom.outbound.servers.circuits import down_facts
from postroom.outbound.steps.fit import fitted

NO_FILES: Mapping[int, Sequence[LetterFile]] = MappingProxyType({})
_Grounds = tuple[object, ...]  # what one choice comes from
Asked = tuple[int, int | None]  # a letter, and the server that a person chose for copies of it
Down = tuple[tuple[int, str], ...]  # the servers that are down, by id, each with since when
_SAME = ("server_id", "from_name", "from_email", "return_path", "reply_tag", "return_tag", "case", "because", "linked")


def choose(rows: Sequence[Delivery], files: Mapping[int, Sequence[LetterFile]] = NO_FILES) -> None:
    """Within a transaction: give each copy the choice of its letter, or of the server that a person chose for it; at
    most two queries besides the cached facts. `files` are those of the letters.
    """
    letters = {row.letter_id: row.letter for row in rows}
    known = grounds({(letter.company_id, letter.domain_id) for letter in letters.values()})
    before, down, at = _before(letters), down_facts(), now()
    choices: dict[_Grounds, Choice] = {}
    chosen: dict[Asked, Dispatch] = {}
    made: list[Dispatch] = []
    for key in dict.fromkeys((row.letter_id, row.server) for row in rows):
        letter = letters[key[0]]
        ground = known[letter.company_id, letter.domain_id]
        found = _fitted(_row(letter, _choice(letter, ground, down, key[1], choices), at), letter, files, ground)
        chosen[key] = next((one for one in before.get(letter.pk, ()) if _same(one, found)), found)
        chosen[key].problem = found.problem
        if chosen[key] is found:
            made.append(found)
    insert(made)
    for row in rows:
        choice = chosen[row.letter_id, row.server]
        row.dispatch_id = choice.pk
        link(row, "dispatch", choice)


def dispatch(
    letter: Letter, ground: SendingFacts, files: Sequence[LetterFile] = (), server: int | None = None
) -> Dispatch:
    """The choice for a letter with these files as a row that is not written yet; `server` is the id of one that a
    person chose.
    """
    row = _row(letter, _chosen(letter, ground, down_facts(), server), now())
    return _fitted(row, letter, {letter.pk: files}, ground)


def _fitted(row: Dispatch, letter: Letter, files: Mapping[int, Sequence[LetterFile]], ground: SendingFacts) -> Dispatch:
    own = files.get(letter.pk, ())
    return fitted(row, letter, own, ground.server(row.server_id)) if own else row


def _choice(
    letter: Letter, ground: SendingFacts, down: Down, server: int | None, choices: dict[_Grounds, Choice]
) -> Choice:
    """Letters of a batch that were written by the same person, with the same address for answers, share one choice."""
    place, by = (letter.company_id, letter.domain_id), (letter.author_email, letter.author_name, letter.author_user_id)
    key = (place, by, letter.forced, letter.reply_to, server)
    if key not in choices:
        choices[key] = _chosen(letter, ground, down, server)
    return choices[key]


def _chosen(letter: Letter, ground: SendingFacts, down: Down, server: int | None) -> Choice:
    author = Address(letter.author_email, letter.author_name)
    forced = letter.forced if server is None else server
    facts = facts_for(ground, letter.author_user_id, forced, letter.reply_to, by_person=server is not None)
    return choose_server(author, replace(facts, down=down) if down else facts)


def _row(letter: Letter, choice: Choice, at: datetime) -> Dispatch:
    return new(
        Dispatch,
        letter_id=letter.pk,
        server_id=None if choice.server in {None, DEFAULT_SERVER} else choice.server,
        server_name=choice.server_name,
        from_name=choice.author.name,
        from_email=choice.author.email,
        return_path=choice.return_path,
        reply_tag=choice.reply_tag,
        return_tag=choice.return_tag,
        case=choice.case,
        admitted=choice.admitted,
        because=choice.because,
        trace=choice.trace,  # shared: it is written as JSON once
        created_at=at,
    )


def _before(letters: Collection[int]) -> dict[int, list[Dispatch]]:
    """The choices of each letter so far, the last first."""
    found: dict[int, list[Dispatch]] = {}
    for row in sorted(load(Dispatch, letters, by="letter"), key=attrgetter("pk"), reverse=True):
        found.setdefault(row.letter_id, []).append(row)
    return found


def _same(one: Dispatch, other: Dispatch) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _SAME)
