"""To whom a message went and what became of each copy, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from postroom.directory.models import User


@dataclass(frozen=True, slots=True)
class CopyShown:
    """One person who was told. `state` is that of the delivery, or `unread` and `read` in the inbox; `words` says it in
    a sentence; `delivery_id` is 0 in the inbox.
    """

    name: str
    email: str
    channel: str
    state: str
    words: str
    because: str
    delivery_id: int = 0
    read_at: datetime | None = None


def states_of(user: User, message_ids: Sequence[int]) -> dict[int, list[CopyShown]]:
    """Who was told of each of these messages, in the order in which they were; one query, for what `user` may read."""
    raise NotImplementedError
