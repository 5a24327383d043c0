"""Step 3: the server and the From of each letter, and why; one row a letter unless it came out otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from postroom.core.addresses import Address
from postroom.core.sending.facts import DEFAULT_SERVER, Choice, SendingFacts
from postroom.core.sending.server_choice import choose_server
from postroom.infra.clock import now
from postroom.infra.database.base import insert
from postroom.outbound.choice import facts_for, grounds
from postroom.outbound.models import Delivery, Dispatch, Letter

_SAME = ("server_id", "from_name", "from_email", "return_path", "reply_tag", "return_tag", "case", "because")


def choose(rows: Sequence[Delivery]) -> None:
    """Within a transaction: give each copy the choice of its letter; at most two queries besides the cached facts."""
    letters = {row.letter_id: row.letter for row in rows}
    known = grounds({(letter.company_id, letter.domain_id) for letter in letters.values()})
    last = _last(letters)
    chosen: dict[int, Dispatch] = {}
    for pk, letter in letters.items():
        found = dispatch(letter, known[letter.company_id, letter.domain_id])
        chosen[pk] = last[pk] if pk in last and _same(last[pk], found) else found
    insert(choice for key, choice in chosen.items() if choice is not last.get(key))
    for row in rows:
        row.dispatch = chosen[row.letter_id]


def dispatch(letter: Letter, ground: SendingFacts) -> Dispatch:
    """The choice for a letter as a row that is not written yet."""
    author = Address(letter.author_email, letter.author_name)
    facts = facts_for(ground, letter.author_user_id, letter.forced, letter.reply_to)
    return _row(letter, choose_server(author, facts))


def _row(letter: Letter, choice: Choice) -> Dispatch:
    return Dispatch(
        letter=letter,
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
        trace=list(choice.trace),
        created_at=now(),
    )


def _last(letters: Iterable[int]) -> dict[int, Dispatch]:
    return {row.letter_id: row for row in Dispatch.objects.filter(letter__in=letters).order_by("pk")}


def _same(one: Dispatch, other: Dispatch) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _SAME)
