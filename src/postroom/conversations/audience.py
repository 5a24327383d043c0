"""Who will read what somebody is about to write, and from which address it will leave: said before anyone types."""

from __future__ import annotations

from dataclasses import dataclass

from postroom.core.sending.facts import Choice
from postroom.directory.models import User


@dataclass(frozen=True, slots=True)
class Suggested:
    """Somebody who will hear. `field` is `to` or `cc`; `channel` is `mail` or `inbox`; `fixed` means that they hear
    because they follow, whether or not they are named. `contact` and `user` are ids or 0.
    """

    email: str
    name: str
    because: str
    field: str = "to"
    channel: str = "mail"
    contact: int = 0
    user: int = 0
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class ComposerAudience:
    """`sender`: the server and the From as they will be; `outside` the people outside, removable where they are not
    fixed; `inside` our own people who follow.
    """

    sender: Choice
    outside: tuple[Suggested, ...]
    inside: tuple[Suggested, ...]


def audience(user: User, record_id: int, *, internal: bool = False) -> ComposerAudience | None:
    """The audience of a message, or of a note (`internal`), that `user` would write; None where the record is not there
    for them. A fixed number of queries.
    """
    raise NotImplementedError


def people(user: User, record_id: int, text: str, limit: int = 10) -> tuple[Suggested, ...]:
    """Our own people whose name or address begins with `text`, for mentions; one query besides that of the record."""
    raise NotImplementedError
