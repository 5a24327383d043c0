"""What somebody took back before it left, until they send it or throw it away: text, people and files, none is lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.conversations.access import may_write
from postroom.conversations.checks import CannotPost
from postroom.conversations.models import Attachment, Draft, DraftFile, Leaving, Message, Thread
from postroom.conversations.selectors import thread_key
from postroom.directory.models import User
from postroom.infra.clock import now
from postroom.infra.database.base import insert, insert_values
from postroom.infra.paging import Page, page_of
from postroom.records.models import Record

PAGE = 20


@dataclass(frozen=True, slots=True)
class Resumed:
    """A draft that becomes a message, with those of its files that go along; `id` 0: there is none."""

    id: int = 0
    files: tuple[DraftFile, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of these files."""
        return sum(one.file.size for one in self.files)


def draft_of(user: User, record: Record, pk: int = 0) -> Draft | None:
    """The newest draft of `user` in a conversation that they may write in, or that one; one query, and one for its
    files.
    """
    mine = Draft.objects.filter(user=user, thread=thread_key(record))
    if pk:
        mine = mine.filter(pk=pk)
    return mine.prefetch_related("files__file").order_by("-pk").first()


def drafts(user: User, record: Record, *, before: int | None = None, limit: int = PAGE) -> Page[Draft]:
    """The drafts of `user` in a conversation that they may read, newest first."""
    rows = Draft.objects.filter(user=user, thread=thread_key(record)).select_related("thread")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: limit + 1])
    return page_of(found, [row.pk for row in found], limit)


def draft(user: User, pk: int) -> Draft | None:
    """One draft of `user`, or None where it isn't there for them any more."""
    found = Draft.objects.filter(user=user, pk=pk).select_related("thread__record").first()
    return found if found and may_write(user, found.company_id) else None


def discard(*, user: User, draft_id: int) -> Record:
    """Throw a draft away; returns the record in whose conversation it was.

    Raises:
        CannotPost: it isn't there for `user`.

    """
    found = draft(user, draft_id)
    if found is None:
        raise CannotPost("This draft was sent or thrown away already.")
    found.delete()
    return found.thread.record


def resumed_draft(user: User, record: Record, draft_id: int, kept: Sequence[int]) -> Resumed:
    """A draft with those of its files that are kept; none where nothing of a draft was asked for.

    Raises:
        CannotPost: the files are not there any more, so that the message would go without them.

    """
    found = draft(user, draft_id) if draft_id else None
    if found is None or found.thread.record_id != record.pk:
        if kept:
            raise CannotPost("The draft with these files was sent or thrown away elsewhere. Attach them again.")
        return Resumed()
    files = tuple(found.files.select_related("file").filter(pk__in=kept).order_by("position"))
    if len(files) != len(set(kept)):
        raise CannotPost("A file of the draft is not there any more. Attach it again.")
    return Resumed(found.pk, files)


def forget_draft(resumed: Resumed) -> None:
    """Within a transaction: it is a message now."""
    if resumed.id:
        Draft.objects.filter(pk=resumed.id).delete()


def keep_draft(message: Message, leaving: Leaving, thread: Thread) -> Draft | None:
    """Within a transaction: what its writer had in the composer; None where the writer is no more."""
    if message.user_id is None:
        return None
    (made,) = insert(
        [
            Draft(
                user_id=message.user_id,
                thread=thread,
                company_id=message.company_id,
                subject=message.subject,
                body=message.own_text,
                to=message.to,
                cc=message.cc,
                answers=leaving.answers,
                forwards=leaving.forwards,
                carried=leaving.carried,
                mentions=leaving.mentions,
                created_at=now(),
            )
        ]
    )
    own = Attachment.objects.filter(message=message, position__lt=leaving.files).order_by("position")
    files = [(made.pk, one.file_id, one.position) for one in own]
    insert_values(DraftFile, ("draft", "file", "position"), files)
    return made
