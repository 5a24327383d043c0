"""Step 1: letters and a copy for each recipient, as rows: they are in the queue when the transaction commits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from postroom.core.addresses import Address
from postroom.core.delivery.states import DELIVERIES
from postroom.core.delivery.waiting import Reason
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.infra import secrets
from postroom.infra.clock import now
from postroom.infra.database.base import insert_numbered, insert_values, wake
from postroom.outbound.models import Delivery, Lane, Letter, LetterFile


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when the copies of a letter wait, for what, and that in a sentence which says until when."""

    until: datetime
    reason: Reason
    words: str


@dataclass(frozen=True, slots=True)
class NewLetter:
    """What one message says to one audience in one language; see `outbound.models.Letter` for each value.

    `domain` is the id of the alias domain that answers come to. `reply_to` is an untagged address of ours. `files` are
    (id of the file, content id or empty). Ids are without angle brackets. `forced_server` is the id of a server,
    `DEFAULT_SERVER` for that of the configuration, None where the choice is free. `secret` takes the place of
    `NOT_KEPT` on the wire, and nowhere else. `wait` None: its copies are due at once.
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
    secret: str = field(default="", repr=False)
    wait: Wait | None = None


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
    keys = insert_numbered(Letter, LETTER, [_letter(new, at) for new, _ in letters])
    lanes = [lane] * len(keys) if isinstance(lane, Lane) else lane
    copies = [
        _copy(key, new, recipient, its_lane, at)
        for key, its_lane, (new, recipients) in zip(keys, lanes, letters, strict=True)
        for recipient in recipients
    ]
    ids = iter(insert_numbered(Delivery, COPY, copies))
    insert_values(LetterFile, ("letter", "file", "content_id", "position"), _files(keys, letters))
    wake()
    return [list(islice(ids, len(recipients))) for _, recipients in letters]


LETTER = (
    "company", "domain", "about", "author_name", "author_email", "author_user", "to", "cc", "reply_to", "subject",
    "html", "text", "message_id", "in_reply_to", "references", "is_automatic", "forced_server",
    "by_default_server", "secret", "created_at",
)  # fmt: skip
COPY = (
    "letter", "company", "address", "name", "lane", "state", "dispatch", "attempts", "words", "due", "lease_token",
    "lease_until", "created_at", "renewed_at", "settled_at", "destination", "reason", "reply_class",
    "server",
)  # fmt: skip


def _letter(new: NewLetter, at: datetime) -> tuple[Any, ...]:
    """A letter's row, in the order of `LETTER`."""
    return (
        new.company, new.domain, new.about, new.author.name, new.author.email, new.author_user, _people(new.to),
        _people(new.cc), new.reply_to, new.subject, new.html, new.text, new.message_id, new.in_reply_to,
        list(new.references), new.is_automatic, new.forced_server or None,
        new.forced_server == DEFAULT_SERVER or None, secrets.encrypt(new.secret) or None, at,
    )  # fmt: skip


def _people(addresses: Sequence[Address]) -> list[list[str]]:
    return [[one.email, one.name] for one in addresses]


def _copy(letter: int, new: NewLetter, to: Recipient, lane: Lane, at: datetime) -> tuple[Any, ...]:
    """A copy's row, in the order of `COPY`."""
    wait = new.wait
    until, reason, words = (wait.until, wait.reason.value, wait.words) if wait else (at, "", "")
    return (
        letter, new.company, to.address, to.name, lane, DELIVERIES.start.value, None, 0, words, until, "", None, at,
        until if wait else None, None, to.address.rpartition("@")[2], reason, "", None,
    )  # fmt: skip


def _files(
    keys: Sequence[int], letters: Sequence[tuple[NewLetter, Sequence[Recipient]]]
) -> Iterable[tuple[int, int, str, int]]:
    for key, (new, _) in zip(keys, letters, strict=True):
        for position, (file, content_id) in enumerate(new.files):
            yield key, file, content_id, position
