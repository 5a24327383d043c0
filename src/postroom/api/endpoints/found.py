"""What several endpoints look up first: there for the asking user, or an answer that says what is not."""

from __future__ import annotations

from http import HTTPStatus

from postroom.api.problems import Problem, not_found
from postroom.conversations import selectors as conversations
from postroom.conversations.access import may_write
from postroom.conversations.models import Message
from postroom.directory.models import User
from postroom.records.models import Record
from postroom.records.selectors import record_by_id


def record_of(user: User, pk: int) -> Record:
    """A record that the user may read, or 404."""
    record = record_by_id(user, pk)
    if record is None:
        raise not_found("record")
    return record


def writable_record(user: User, pk: int) -> Record:
    """A record in whose conversation the user may write, or 404 and 403."""
    record = record_of(user, pk)
    if not may_write(user, record.company_id):
        raise Problem(HTTPStatus.FORBIDDEN, f"{user.name} may read {record.number}, but not write in it.")
    return record


def message_of(user: User, pk: int) -> Message:
    """A message that the user may read, or 404."""
    message = conversations.message(user, pk)
    if message is None:
        raise not_found("message")
    return message


def writable_message(user: User, pk: int) -> Message:
    """A message in whose conversation the user may write, or 404 and 403."""
    message = message_of(user, pk)
    if not may_write(user, message.company_id):
        raise Problem(HTTPStatus.FORBIDDEN, f"{user.name} may read this conversation, but not write in it.")
    return message
