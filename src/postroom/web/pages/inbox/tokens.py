"""What undoes an act, as a word that goes to the page and comes back with the button Undo."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core import signing

from postroom.conversations.inbox_services import Handled
from postroom.directory.models import User

KEPT_SECONDS = 86_400  # a page that was left open for longer undoes nothing


def token_of(user: User, done: Handled) -> str:
    """The act in a word that only `user` can give back; empty where there is nothing to undo."""
    if not done.count and not done.before:
        return ""
    before = [(name, value.isoformat() if isinstance(value, datetime) else value) for name, value in done.before]
    read_at = done.read_at.isoformat() if done.count and done.read_at else ""
    return signing.dumps([done.record, read_at, before], salt=_salt(user))


def act_of(user: User, token: str) -> Handled | None:
    """The act that a word stands for; None where it is none of `user`, or too old."""
    try:
        record, read_at, before = signing.loads(token, salt=_salt(user), max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return None
    values = tuple((name, _moment(value)) for name, value in before)
    return Handled(record, read_at=_moment(read_at) or None, before=values)


def _moment(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else value


def _salt(user: User) -> str:
    return f"inbox:{user.pk}"
