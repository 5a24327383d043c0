"""Copies that leave: their letters, the choice of server, every try."""

from __future__ import annotations

from typing import Any, Self

from ninja import Schema

from postroom.api.schemas.common import Person, Step, Time, people_of
from postroom.core.sending.facts import Choice
from postroom.outbound.models import ENDED_BADLY, Attempt, Delivery, Dispatch, Lane, Letter
from postroom.outbound.replies import described
from postroom.outbound.selectors import Shown, is_delayed

ITS_TURN = "It is due, and leaves as soon as it is its turn."  # of a copy that waits for nothing else


class ChoiceOut(Schema):
    """Which server a mail leaves by, from which address, and why. `server` 0 is the default server, None: none.

    `admitted` is false where no server admits the From: it leaves none the less, and receivers may doubt it.
    """

    server: int | None
    server_name: str
    author: Person
    return_path: str
    case: str
    admitted: bool
    because: str
    trace: list[Step]

    @classmethod
    def of(cls, choice: Choice, **more: Any) -> Self:
        """A choice beforehand; `more` are the fields that a kind of this has besides."""
        return cls(
            **more,
            server=choice.server,
            server_name=choice.server_name,
            author=Person(email=choice.author.email, name=choice.author.name),
            return_path=choice.return_path,
            case=choice.case,
            admitted=choice.admitted,
            because=choice.because,
            trace=[Step(**step) for step in choice.trace],
        )

    @classmethod
    def made(cls, dispatch: Dispatch) -> ChoiceOut:
        """A choice as it was made for a letter."""
        return cls(
            server=dispatch.server_id or 0,
            server_name=dispatch.server_name,
            author=Person(email=dispatch.from_email, name=dispatch.from_name),
            return_path=dispatch.return_path,
            case=dispatch.case,
            admitted=dispatch.admitted,
            because=dispatch.because,
            trace=[Step(**step) for step in dispatch.trace],
        )


class LetterOut(Schema):
    """What a copy says, as it says it to everybody of its audience."""

    id: int
    author: Person
    to: list[Person]
    cc: list[Person]
    reply_to: str
    subject: str
    message_id: str
    in_reply_to: str
    references: list[str]
    automatic: bool
    html: str
    text: str

    @classmethod
    def of(cls, letter: Letter) -> LetterOut:
        return cls(
            id=letter.pk,
            author=Person(email=letter.author_email, name=letter.author_name),
            to=people_of(letter.to),
            cc=people_of(letter.cc),
            reply_to=letter.reply_to,
            subject=letter.subject,
            message_id=letter.message_id,
            in_reply_to=letter.in_reply_to,
            references=letter.references,
            automatic=letter.is_automatic,
            html=letter.html,
            text=letter.text,
        )


class AttemptOut(Schema):
    """One try to hand a copy over: how far it came, and the server's own words."""

    number: int
    began_at: Time
    ended_at: Time | None
    outcome: str
    phase: str
    code: int
    enhanced: str
    words: str
    message_id: str
    server: str
    author: Person

    @classmethod
    def of(cls, attempt: Attempt) -> AttemptOut:
        by = attempt.dispatch
        return cls(
            number=attempt.number,
            began_at=attempt.began_at,
            ended_at=attempt.ended_at,
            outcome=attempt.outcome,
            phase=attempt.phase,
            code=attempt.code,
            enhanced=attempt.enhanced,
            words=attempt.words,
            message_id=attempt.message_id,
            server=by.server_name,
            author=Person(email=by.from_email, name=by.from_name),
        )


class DeliveryOut(Schema):
    """A copy for one recipient. `about` is the record that it belongs to, `due` when it is tried next. `reason` is the
    key of what it waits for, until `waits_until`; both are empty where it is due or does not wait. `reply_class` is the
    class of the last reply that was not a yes, `advice` what to do about it. `delayed`: it is late through trouble
    outside. `chosen_server` is the id of the server that somebody chose for it, 0 for the default one.
    """

    id: int
    company: int
    state: str
    words: str
    reason: str
    reply_class: str
    advice: str
    delayed: bool
    recipient: Person
    about: str
    subject: str
    message_id: str
    server: str
    author: Person
    attempts: int
    due: Time | None
    waits_until: Time | None
    lane: str
    destination: str
    chosen_server: int | None
    created_at: Time
    settled_at: Time | None

    @classmethod
    def of(cls, row: Delivery) -> DeliveryOut:
        return cls(**_fields(row))


class DeliveryWhole(DeliveryOut):
    """A copy with its letter, the last choice of server (None: nobody chose yet) and every try, oldest first."""

    letter: LetterOut
    dispatch: ChoiceOut | None
    tries: list[AttemptOut]

    @classmethod
    def of_shown(cls, shown: Shown) -> DeliveryWhole:
        row = shown.delivery
        return cls(
            **_fields(row),
            letter=LetterOut.of(row.letter),
            dispatch=ChoiceOut.made(row.dispatch) if row.dispatch else None,
            tries=[AttemptOut.of(one) for one in shown.tries],
        )


def _fields(row: Delivery) -> dict[str, Any]:
    by, letter, meant = row.dispatch, row.letter, described(row.reply_class)
    author = Person(email=letter.author_email, name=letter.author_name)
    return {
        "id": row.pk,
        "company": row.company_id,
        "state": row.state,
        "words": row.words or (ITS_TURN if row.due else ""),
        "reason": row.reason if row.due else "",
        "reply_class": row.reply_class,
        "advice": meant.to_do(ended=row.state in ENDED_BADLY) if meant else "",
        "delayed": is_delayed(row),
        "recipient": Person(email=row.address, name=row.name),
        "about": letter.about,
        "subject": letter.subject,
        "message_id": letter.message_id,
        "server": by.server_name if by else "",
        "author": Person(email=by.from_email, name=by.from_name) if by else author,
        "attempts": row.attempts,
        "due": row.due,
        "waits_until": row.due if row.reason else None,
        "lane": Lane(row.lane).label,
        "destination": row.destination,
        "chosen_server": row.server,
        "created_at": row.created_at,
        "settled_at": row.settled_at,
    }


class DeliveryPage(Schema):
    """Copies, newest first."""

    items: list[DeliveryOut]
    next: str | None
