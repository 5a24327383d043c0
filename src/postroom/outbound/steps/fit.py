"""Step 3b: what the chosen server can't take as it is. Attachments above its size become links; a copy that it can't
take at all fails with the reason before anything is sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from postroom.core.addresses import Address
from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.core.sending import fitting, international
from postroom.core.sending.facts import SendingFacts, ServerFact
from postroom.core.sending.fitting import Fitting, Part
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database import base
from postroom.infra.database.prepared import prepared
from postroom.outbound.choice import Place, grounds
from postroom.outbound.events import DeliveryNews
from postroom.outbound.models import Delivery, Dispatch, Letter, LetterFile
from postroom.outbound.news import tell

NO_PUBLIC_URL = (
    " No public address of this installation is set, so nobody could follow a link: set POSTROOM_PUBLIC_URL to the"
    " address under which people outside reach it, then send again."
)
SETTLED = ("state", "words", "reason", "due", "settled_at", "dispatch")


def files_of(letters: Iterable[int]) -> dict[int, list[LetterFile]]:
    """The files of these letters with their blobs, in order; one query."""
    files: dict[int, list[LetterFile]] = defaultdict(list)
    for file in _files_of(sorted(set(letters))):
        files[file.letter_id].append(file)
    return files


@prepared
def _files_of(letters: Sequence[int]) -> QuerySet[LetterFile]:
    return LetterFile.objects.filter(letter__in=letters).select_related("file__blob").order_by("position")


def fitted(row: Dispatch, letter: Letter, files: Sequence[LetterFile], server: ServerFact | None) -> Dispatch:
    """The choice with the files that leave as links, why, and, where nothing helps, the problem."""
    if server is None or not server.max_size or not files:
        return row
    parts = parts_of(files, html=bool(letter.html))
    found = fitting.fit(_text_size(row, letter), parts, server.max_size)
    if found.whole <= server.max_size:
        return row
    return _linked(row, found, parts, server)


def parts_of(files: Iterable[LetterFile], *, html: bool) -> list[Part]:
    """Files of a letter as the estimate takes them; those that its HTML shows are inline."""
    return [Part(one.pk, one.file.name, one.file.size, inline=bool(one.content_id) and html) for one in files]


def _text_size(row: Dispatch, letter: Letter) -> int:
    people = [Address(email, name) for email, name in (*letter.to, *letter.cc)]
    people += [Address(row.from_email, row.from_name)] * 3  # From, Reply-To with its tag, a recipient of its own
    return fitting.text_size(letter.text, letter.html, people, letter.subject) + sum(map(len, letter.references))


def _linked(row: Dispatch, found: Fitting, parts: Sequence[Part], server: ServerFact) -> Dispatch:
    if server.size_assumed and not config().has_public_url:
        said = f"{fitting.size_words(found.whole)} may be more than {server.name} takes. No public address is set under"
        row.trace = [
            *row.trace,
            {"step": "size", "text": f"{said} which files could be fetched, so all of them go along."},
        ]
        return row
    said = fitting.because(found, parts, server.max_size, server.name, assumed=server.size_assumed)
    if found.rest > server.max_size and not server.size_assumed:
        said = row.problem = fitting.too_large(found, server.max_size, server.name)
    elif found.linked and not config().has_public_url:
        row.problem = said + NO_PUBLIC_URL
    if not row.problem:
        row.linked = list(found.linked) or None
    row.trace = [*row.trace, {"step": "size", "text": said}]  # letters share the one that they begin with
    return row


def refuse(rows: Sequence[Delivery]) -> list[Delivery]:
    """Within a transaction: of copies that have their choice, let those fail that its server can't take; the others."""
    places = list(map(_place, rows))
    known = grounds(places)
    problems = {
        row.pk: words for row, place in zip(rows, places, strict=True) if (words := problem_of(row, known[place]))
    }
    bad = [row for row in rows if row.pk in problems]
    for row in bad:
        row.state = DELIVERIES.advance(DeliveryState.CLAIMED, DeliveryEvent.GIVE_UP)
        row.words, row.reason = problems[row.pk], ""
        row.due, row.settled_at = None, now()
    if bad:
        ours = base.move(Delivery, bad, SETTLED, before=DeliveryState.CLAIMED)
        tell([DeliveryNews(row.pk, row.company_id, row.state) for row in bad if base.claim_of(row) in ours])
    return [row for row in rows if row.pk not in problems]


def problem_of(row: Delivery, facts: SendingFacts) -> str:
    """Why the chosen server can't take a copy, in a sentence; else empty."""
    choice = row.dispatch
    assert choice is not None
    if choice.problem:
        return choice.problem
    server = facts.server(choice.server_id)
    lacks = server is not None and server.smtputf8 is False
    if row.address.isascii() and not lacks:
        return ""
    letter = row.letter
    others = (choice.from_email, letter.reply_to, *(email for email, _ in (*letter.to, *letter.cc)))
    return international.problem(row.address, others if lacks else (), choice.server_name, offered=not lacks)


def _place(row: Delivery) -> Place:
    letter = row.letter
    return letter.company_id, letter.domain_id
