"""Step 1: letters and a copy for each recipient, as rows: they are in the queue when the transaction commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from postroom.core.addresses import Address
from postroom.infra.clock import now
from postroom.infra.database.base import insert, insert_values, wake
from postroom.outbound.models import Delivery, Lane, Letter, LetterFile


@dataclass(frozen=True, slots=True)
class NewLetter:
    """What one message says to one audience in one language; see `outbound.models.Letter` for each value.

    `domain` is the id of the alias domain that answers come to. `reply_to` is an untagged address of ours. `files` are
    (id of the file, content id or empty). Ids are without angle brackets.
    """

    company: int
    domain: int | None
    about: str
    author: Address
    author_user: int | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: str
    subject: str
    html: str
    text: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    files: tuple[tuple[int, str], ...] = ()
    is_automatic: bool = False
    forced_server: int | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """An envelope recipient: a normalised address, and a name for the To of a copy that names its own recipient."""

    address: str
    name: str = ""


def expand(
    letters: Sequence[tuple[NewLetter, Sequence[Recipient]]], lane: Lane | Sequence[Lane] = Lane.NOTIFICATION
) -> list[list[int]]:
    """Within a transaction: write the letters and their copies; returns the ids of the deliveries, letter by letter.

    Two statements for all, one more where there are files. `lane` is one for all, or one for each letter.
    """
    at = now()
    rows = insert([_letter(new, at) for new, _ in letters])
    lanes = [lane] * len(rows) if isinstance(lane, Lane) else lane
    copies = [
        [_delivery(row, recipient, its_lane, at) for recipient in recipients]
        for row, its_lane, (_, recipients) in zip(rows, lanes, letters, strict=True)
    ]
    insert(copy for some in copies for copy in some)
    insert_values(LetterFile, ("letter", "file", "content_id", "position"), _files(rows, letters))
    wake()
    return [[copy.pk for copy in some] for some in copies]


def _letter(new: NewLetter, at: datetime) -> Letter:
    return Letter(
        company_id=new.company,
        domain_id=new.domain,
        about=new.about,
        author_name=new.author.name,
        author_email=new.author.email,
        author_user_id=new.author_user,
        to=[[one.email, one.name] for one in new.to],
        cc=[[one.email, one.name] for one in new.cc],
        reply_to=new.reply_to,
        subject=new.subject,
        html=new.html,
        text=new.text,
        message_id=new.message_id,
        in_reply_to=new.in_reply_to,
        references=list(new.references),
        is_automatic=new.is_automatic,
        forced_server_id=new.forced_server,
        created_at=at,
    )


def _delivery(letter: Letter, recipient: Recipient, lane: Lane, at: datetime) -> Delivery:
    return Delivery(
        letter_id=letter.pk,
        company_id=letter.company_id,
        address=recipient.address,
        name=recipient.name,
        lane=lane,
        due=at,
        created_at=at,
    )


def _files(
    rows: Sequence[Letter], letters: Sequence[tuple[NewLetter, Sequence[Recipient]]]
) -> Iterable[tuple[int, int, str, int]]:
    for row, (new, _) in zip(rows, letters, strict=True):
        for position, (file, content_id) in enumerate(new.files):
            yield row.pk, file, content_id, position
