"""The inbox: conversations of which somebody has not read everything that they were told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from postroom.directory.models import User
from postroom.infra.paging import Page
from postroom.records.models import Record

PAGE = 50


@dataclass(frozen=True, slots=True)
class Unread:
    """A conversation with unread messages. `key` is its newest unread notification; `message` the newest unread message
    with `author`, `snippet` and `at`; `people` wrote the unread ones, newest first.
    """

    key: int
    record: Record
    message: int
    author: str
    snippet: str
    at: datetime
    people: tuple[str, ...]
    count: int
    internal: bool


def unread(user: User, *, before: int | None = None, limit: int = PAGE) -> Page[Unread]:
    """Conversations with unread messages, newest first, those before the key `before`."""
    raise NotImplementedError


def unread_count(user: User) -> int:
    """How many conversations have unread messages."""
    raise NotImplementedError
