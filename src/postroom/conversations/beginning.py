"""Beginning a conversation: a record on a desk, and its first message, together or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from postroom.conversations.checks import CannotPost, checked_people, one_line
from postroom.conversations.composing import Upload
from postroom.conversations.models import Message
from postroom.conversations.services import post_message
from postroom.core.addresses import Address
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records.editing import create_record
from postroom.records.models import Desk, Record
from postroom.records.problems import CannotDo


def desks_of(user: User) -> list[Desk]:
    """The desks on which `user` may begin a conversation, by type and name."""
    mine = Desk.objects.filter(company_id__in=companies(user, Permission.RECORDS_WRITE))
    return list(mine.select_related("company").order_by("record_type", "name", "pk"))


def begin(
    *,
    user: User,
    desk_id: int,
    subject: str,
    body: str,
    to: Sequence[Address],
    cc: Sequence[Address] = (),
    uploads: Sequence[Upload] = (),
    later: datetime | None = None,
    undo_seconds: float | None = None,
) -> Message:
    """Write to somebody about something new: a record of the desk, owned by `user`, whose contact is the first of `to`.
    `later` and `undo_seconds` as in `post_message`.

    Raises:
        CannotPost: the desk is not there for `user`, or something of the message cannot be; nothing was written.
        OSError: a file could not be written.

    """
    desk = _desk(user, desk_id)
    title = one_line(subject)
    if not title:
        raise CannotPost("Give it a subject: what is it about?")
    named, copied = checked_people(to, cc)
    if not named:
        raise CannotPost("Say to whom it goes.")
    with transaction.atomic():
        record = _record(user, desk, title, named[0])
        return post_message(
            user=user, record_id=record.pk, body=body, subject=title, to=named, cc=copied, uploads=uploads,
            later=later, undo_seconds=undo_seconds,
        )  # fmt: skip


def _desk(user: User, desk_id: int) -> Desk:
    desk = next((one for one in desks_of(user) if one.pk == desk_id), None)
    if desk is None:
        raise CannotPost(f"There is no desk {desk_id} on which {user.name} may begin a conversation.")
    return desk


def _record(user: User, desk: Desk, title: str, first: Address) -> Record:
    """What the conversation is about, owned by who begins it."""
    try:
        return create_record(
            user=user, type=desk.record_type, title=title, desk_id=desk.pk, owner_id=user.pk,
            contact_email=first.email, contact_name=first.name,
        )  # fmt: skip
    except CannotDo as problem:
        raise CannotPost(str(problem)) from problem
