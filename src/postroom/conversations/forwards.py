"""Who wrote first what one of us passed on: offered as the contact of the record that it made, taken by a person, and
given back.

That one of us passed a mail on is proved; what stands in it is hearsay, which anybody can write. So nothing follows
from it by itself, and who is taken as contact is no more believed than before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from django.db import transaction
from django.db.models import QuerySet

from postroom.conversations.checks import CannotPost, writable
from postroom.conversations.models import Forwarded, Message, Participant, Thread
from postroom.conversations.people import Came, note_people
from postroom.conversations.selectors import thread_key
from postroom.conversations.suggestions import of_ours
from postroom.core.addresses import Address, normalise, valid
from postroom.directory.contacts_lists import living
from postroom.directory.facts import members_by_email
from postroom.directory.models import User
from postroom.directory.selectors import contact_at
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import insert_values
from postroom.infra.database.prepared import prepared
from postroom.records.editing import edit_record
from postroom.records.entering import Entered
from postroom.records.models import Record
from postroom.records.problems import CannotDo

LONGEST_NAME = 120  # characters, as records take them
LONGEST_ADDRESS = 320


@dataclass(frozen=True, slots=True)
class Passed:
    """A message that made a record, and who wrote first what it passes on."""

    message: Message
    writer: Address


@dataclass(frozen=True, slots=True)
class Offer:
    """Who wrote first what one of us, `by`, passed on: `by_user` is that user's id, 0 where they are none any more.
    `taken_by` names who made them the record's contact, and when; `contact` is theirs where they are known.
    """

    email: str
    name: str
    by: str
    by_user: int = 0
    contact: int = 0
    taken: bool = False
    taken_by: str = ""
    taken_at: datetime | None = None

    @property
    def shown(self) -> str:
        return self.name or self.email


def note_forwards(passed: Sequence[Passed]) -> None:
    """Within a transaction: offer these writers, but for our own people and addresses of ours; a fixed number of
    statements, none where there are no forwards.
    """
    named = [(one.message, email, one.writer.name) for one in passed if (email := _usable(one.writer.email))]
    if not named:
        return
    emails = {email for _, email, _ in named}
    own, members = of_ours(emails), members_by_email(emails)
    rows = [
        (message.thread_id, message.pk, email, " ".join(name.split())[:LONGEST_NAME], 0, False, None, None)
        for message, email, name in named
        if email not in own and message.company_id not in members.get(email, ())
    ]
    names = ("thread", "message", "email", "name", "former", "joined", "taken_by", "taken_at")
    insert_values(Forwarded, names, rows, skip_known=True)


def _usable(email: str) -> str:
    """The address as we keep it; empty where it is none."""
    plain = normalise(email.strip())
    return plain if valid(plain) and len(plain) <= LONGEST_ADDRESS else ""


def offer_of(record: Record) -> Offer | None:
    """Who is offered as the contact of a record that the caller may read, or was taken; None where nobody is. One
    query, two where there is an offer. Nobody is offered any more once somebody chose a contact.
    """
    row = next(iter(_forwarded(thread_key(record))), None)
    if row is None:
        return None
    contact = contact_at(record.company_id, row.email) or 0
    taken, author = row.taken_at is not None, row.message.author
    is_contact = contact != 0 and contact == record.contact_id
    if is_contact != taken or not (taken or record.contact_id in (None, row.message.author_id)):
        return None  # they were it before, or somebody chose another since
    return Offer(
        email=row.email,
        name=row.name,
        by=(author.name if author else "") or row.message.author_name or row.message.author_email,
        by_user=(author.user_id if author else 0) or 0,
        contact=contact,
        taken=taken,
        taken_by=row.taken_by.name if row.taken_by else "",
        taken_at=row.taken_at,
    )


@prepared
def _forwarded(thread: int) -> QuerySet[Forwarded]:
    rows = Forwarded.objects.filter(thread=thread).select_related("message__author", "taken_by")
    return rows.only("email", "name", "taken_at", "taken_by__name", "message__author__name", "message__author__user",
                     "message__author_name", "message__author_email")  # fmt: skip


def take_writer(*, user: User, record_id: int) -> Record:
    """Make who wrote first the record's contact and one of the people of its conversation.

    Raises:
        CannotPost: the record is not there for `user`, or there is nobody to take.

    """
    record = writable(user, record_id)
    with transaction.atomic():
        row, offer = _locked(record)
        if row is None or offer is None or offer.taken:
            raise CannotPost(
                f"There is nobody to be made the contact of {record.number}: it may have been done already."
            )
        row.former = record.contact_id or 0
        changed = _edited(user, record, contact_email=row.email, contact_name=row.name)
        row.joined = not Participant.objects.filter(thread=row.thread_id, email=row.email).exists()
        note_people({(row.thread_id, row.email): Came(row.name, Participant.Way.FORWARDED)})
        row.taken_by, row.taken_at = user, now()
        row.save(update_fields=["former", "joined", "taken_by", "taken_at"])
        tell([(record.company_id, "thread", record.ref)])
    return changed


def give_back_writer(*, user: User, record_id: int) -> Record:
    """Undo it: the record's contact is who it was before. Who takes part by it alone does so no more, unless something
    was written in the conversation since.

    Raises:
        CannotPost: the record is not there for `user`, or nobody was taken, or somebody chose another contact since.

    """
    record = writable(user, record_id)
    with transaction.atomic():
        row, offer = _locked(record)
        if row is None or offer is None or not offer.taken:
            raise CannotPost(f"There is nothing to undo: the contact of {record.number} was changed since.")
        changed = _edited(user, record, contact_id=living(row.former))
        since = Message.objects.filter(thread=row.thread_id, received_at__gt=row.taken_at)
        if row.joined and not since.exists():
            Participant.objects.filter(thread=row.thread_id, email=row.email).delete()
        row.former, row.joined, row.taken_by, row.taken_at = 0, False, None, None
        row.save(update_fields=["former", "joined", "taken_by", "taken_at"])
        tell([(record.company_id, "thread", record.ref)])
    return changed


def _locked(record: Record) -> tuple[Forwarded | None, Offer | None]:
    """The row and what it offers now, kept from others by the lock that whoever posts takes first."""
    thread = Thread.objects.filter(record=record).select_for_update().first()
    record.refresh_from_db(fields=["contact"])
    return Forwarded.objects.filter(thread=thread).first() if thread else None, offer_of(record)


def _edited(user: User, record: Record, **fields: Unpack[Entered]) -> Record:
    try:
        return edit_record(user=user, record_id=record.pk, **fields)
    except CannotDo as problem:
        raise CannotPost(str(problem)) from None
