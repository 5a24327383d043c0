"""Who hears of messages, and how: decided by `core.sending.recipients`, written as rows and letters, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.conversations.models import Message, Thread
from postroom.core.addresses import Address


@dataclass(frozen=True, slots=True)
class Posted:
    """A message that was just written, and what is known of its people besides its followers.

    `body_html` (sanitised) and `body_text` are what its letters say. `mentioned` are ids of contacts of our own people;
    `to` and `cc` outside recipients that somebody chose; `already` the addresses that have it (To, Cc and From of a
    mail that came). `outside`: people who are not ours may hear. `answers` is the message that it answers, 0 where that
    is not known: who wrote a note hears of the answers to it.
    """

    message: Message
    thread: Thread
    body_html: str
    body_text: str
    mentioned: tuple[int, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    already: frozenset[str] = frozenset()
    outside: bool = True
    answers: int = 0


def notify(posted: Sequence[Posted]) -> None:
    """Within a transaction: tell whoever is to hear of these messages; a fixed number of queries.

    Writes notifications, letters and their copies, the ids of ours under which mail is sent on, and each message's
    trace: who was told, who was not, and why.
    """
