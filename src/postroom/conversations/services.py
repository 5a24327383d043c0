"""The verbs of conversations: post messages and notes, follow, keep track of one's reading, accept what is unverified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.conversations.models import Follower, Message
from postroom.core.addresses import Address
from postroom.core.errors import PostroomError
from postroom.directory.models import User


class CannotPost(PostroomError):
    """Something of a conversation that cannot be as asked; the words say why and what to do."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to go with a message. `content_type` is what its sender says it is."""

    name: str
    content_type: str
    data: bytes


def post_message(
    *,
    user: User,
    record_id: int,
    body: str,
    subject: str = "",
    to: Sequence[Address] | None = None,
    cc: Sequence[Address] = (),
    uploads: Sequence[Upload] = (),
    mentions: Sequence[int] = (),
) -> Message:
    """Write in the conversation of a record, to the people outside (`to` None: those that `audience` suggests) and to
    its followers. `body` is plain text, `mentions` are contacts of our own people. The author follows from now on.

    Raises:
        CannotPost: the record is not there for `user`, or something of the message cannot be; nothing was written.
        OSError: a file could not be written.

    """
    raise NotImplementedError


def post_note(
    *, user: User, record_id: int, body: str, uploads: Sequence[Upload] = (), mentions: Sequence[int] = ()
) -> Message:
    """Write an internal note: only our own people hear of it, those who follow notes and those mentioned.

    Raises:
        CannotPost: the record is not there for `user`, or something of the note cannot be; nothing was written.
        OSError: a file could not be written.

    """
    raise NotImplementedError


def follow(
    *, user: User, record_id: int, contact_id: int | None = None, discussions: bool = True, notes: bool = False
) -> Follower:
    """Let a contact hear of a conversation (None: `user` themselves), or change what they hear of.

    Raises:
        CannotPost: the record or the contact is not there, or somebody outside was to hear of notes.

    """
    raise NotImplementedError


def unfollow(*, user: User, record_id: int, contact_id: int | None = None) -> bool:
    """Let a contact (None: `user` themselves) hear of a conversation no more; whether they did before.

    Raises:
        CannotPost: the record is not there for `user`.

    """
    raise NotImplementedError


def mark_read(*, user: User, record_id: int) -> int:
    """What `user` was told of a conversation in the inbox is read; returns how many messages that were.

    Raises:
        CannotPost: the record is not there for `user`.

    """
    raise NotImplementedError


def mark_unread(*, user: User, message_id: int) -> None:
    """A message stands unread in the inbox of `user`, whether or not they were told of it before.

    Raises:
        CannotPost: the message is not there for `user`.

    """
    raise NotImplementedError


def accept_message(*, user: User, message_id: int) -> Message:
    """Believe an outsider's or a claimed member's message: it is sent on to those who would have heard of it.

    Raises:
        CannotPost: the message is not there for `user`, or there is nothing to accept.

    """
    raise NotImplementedError
