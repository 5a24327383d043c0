"""What the verbs of records refuse."""

from __future__ import annotations

from collections.abc import Mapping

from postroom.core.errors import PostroomError


class CannotDo(PostroomError):
    """A record or desk that cannot be as asked; the words say why and what to do.

    `problems` says it for each field that is wrong; `field` is the first of them, empty where none is to blame.
    """

    def __init__(self, words: str = "", field: str = "", problems: Mapping[str, str] | None = None) -> None:
        self.problems = dict(problems) if problems else {field: words} if field else {}
        super().__init__(words or " ".join(self.problems.values()))
        self.field = field or next(iter(self.problems), "")


class NoRecord(CannotDo):
    """There is no such record for this user."""
