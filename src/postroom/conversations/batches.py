"""One text to several records: who would get it, writing it down, undoing it before anything leaves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from postroom.conversations import hearers
from postroom.conversations.checks import CannotPost, checked_body, checked_uploads, one_line
from postroom.conversations.composing import Upload, kept_file
from postroom.conversations.leaving import Departure, departure
from postroom.conversations.models import Batch, BatchFile, BatchItem
from postroom.conversations.suggestions import of_ours
from postroom.core.addresses import Address, normalise, valid
from postroom.core.errors import PostroomError
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.database.base import insert_values
from postroom.records.models import Record

MOST = 1000  # records of one batch

State = Batch.State


class NoBatch(PostroomError):
    """There is no such batch for this user."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A record and the contact who gets its message; without an address `why` says why nobody does."""

    record: Record
    to: Address | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is: of `total` records so many are posted and so many left out."""

    batch: Batch
    total: int
    posted: int
    left_out: int

    @property
    def waiting(self) -> int:
        return self.total - self.posted - self.left_out


def reached(user: User, record_ids: Collection[int]) -> list[Reached]:
    """Who would get a message of each of these records, in their order; a fixed number of queries. Those that are not
    there for `user` are left out.

    Raises:
        CannotPost: there are too many.

    """
    wanted = list(dict.fromkeys(record_ids))
    if len(wanted) > MOST:
        raise CannotPost(f"That are {len(wanted):,} records: one text goes to {MOST:,} at most.")
    mine = Record.objects.filter(company_id__in=companies(user, Permission.RECORDS_READ), pk__in=wanted)
    rows = {row.pk: row for row in mine.select_related("contact")}
    return reach(user, [rows[pk] for pk in wanted if pk in rows])


def reach(user: User, records: Sequence[Record]) -> list[Reached]:
    """The same for records that `user` may read."""
    contacts = hearers.contacts({one.contact_id for one in records if one.contact_id})
    own = of_ours(email for one in contacts.values() for email in one.emails[:1])
    writable = companies(user, Permission.RECORDS_WRITE)
    return [_reached(user, one, contacts.get(one.contact_id or 0), own, writable) for one in records]


def _reached(
    user: User, record: Record, known: hearers.Known | None, own: Collection[str], writable: Collection[int]
) -> Reached:
    email = known.emails[0] if known and known.emails else ""
    if record.company_id not in writable:
        return Reached(record, why=f"{user.name} may read it, but not write in it.")
    if known is None:
        return Reached(record, why="It has no contact.")
    if not email:
        return Reached(record, why=f"{known.name} has no address.")
    if not valid(email):
        return Reached(record, why=f"{email} is no address that mail can reach.")
    if email in own:
        return Reached(record, why=f"{email} is an address of ours.")
    if known.user == user.pk or known.left:
        return Reached(record, why=f"Its contact is {'you' if known.user == user.pk else 'no longer one of us'}.")
    return Reached(record, Address(normalise(email), known.name))


def write_to_many(
    *,
    user: User,
    record_ids: Collection[int],
    body: str,
    subject: str = "",
    uploads: Sequence[Upload] = (),
    followers: bool = True,
    later: datetime | None = None,
    undo_seconds: float | None = None,
    again: int = 0,
    kept: Sequence[int] = (),
) -> Batch:
    """Write one text to each of these records: to its contact and, with `followers`, to those who follow it. Nobody
    learns who else got it. An empty `subject` is each record's own. It is posted after the time to undo it, or at
    `later`. `kept` are files of an earlier batch, `again`, of `user`.

    Raises:
        CannotPost: there are none or too many, nobody would get it, or something of the text cannot be.
        OSError: a file could not be written.

    """
    found = reached(user, record_ids)
    if not any(one.to for one in found):
        raise CannotPost("Nobody would get it: none of these records has a contact with an address.")
    files = _kept_files(user, again, kept)
    text = checked_body(body, uploads, bare=bool(files))
    checked_uploads(uploads, sum(one.file.size for one in files))
    going = departure(user, later, undo_seconds) or Departure(now())
    with transaction.atomic():
        batch = Batch.objects.create(
            user=user, subject=one_line(subject), body=text, followers=followers, at=going.at,
            scheduled=going.scheduled, created_at=now(),
        )  # fmt: skip
        insert_values(BatchItem, ("batch", "record", "message", "why"), _items(batch, found))
        company = found[0].record.company_id
        keys = [
            *(kept_file(one, number, company) for number, one in enumerate(uploads, 1)),
            *(f.file_id for f in files),
        ]
        insert_values(BatchFile, ("batch", "file", "position"), [(batch.pk, k, n) for n, k in enumerate(keys)])
    return batch


def _items(batch: Batch, found: Sequence[Reached]) -> list[tuple[int, int, None, str]]:
    return [(batch.pk, one.record.pk, None, one.why) for one in found]


def _kept_files(user: User, again: int, kept: Sequence[int]) -> list[BatchFile]:
    mine = BatchFile.objects.filter(batch=again, batch__user=user, pk__in=kept).select_related("file")
    files = list(mine.order_by("position")) if kept else []
    if len(files) != len(set(kept)):
        raise CannotPost("A file of the earlier text is not there any more. Attach it again.")
    return files


def progress(user: User, pk: int) -> Progress:
    """How far a batch of `user` is; two queries.

    Raises:
        NoBatch: there is none for them.

    """
    batch = Batch.objects.filter(user=user, pk=pk).first()
    if batch is None:
        raise NoBatch(f"There is no batch {pk}.")
    rows = batch.items.values_list("message", "why")
    posted = sum(message is not None for message, _ in rows)
    left_out = sum(message is None and bool(why) for message, why in rows)
    return Progress(batch, len(rows), posted, left_out)


def left_out(batch: Batch, limit: int) -> list[tuple[Record, str]]:
    """The first records of a batch that have no message, and why."""
    rows = batch.items.exclude(why="").filter(message=None).select_related("record").order_by("pk")
    return [(one.record, one.why) for one in rows[:limit]]


def stop(*, user: User, batch_id: int) -> Batch:
    """Undo a batch before anything of it was posted, or post nothing more of it: one conditional statement each, so
    that whoever posts it sees it.

    Raises:
        NoBatch: there is none for `user`.
        CannotPost: all of it was posted.

    """
    found = Batch.objects.filter(user=user, pk=batch_id)
    ended = {"ended_at": now()}
    if not found.filter(state=State.WAITS).update(state=State.UNDONE, **ended):
        stopped = found.filter(state=State.POSTING).update(state=State.STOPPED, **ended)
        if not stopped and not found.exists():
            raise NoBatch(f"There is no batch {batch_id}.")
        if not stopped:
            raise CannotPost("It is too late: nothing of it waits any more.")
    return found.get()
