"""Making and changing records by hand: each verb asks who, keeps what it changed in words, and tells the pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Unpack

from django.db import transaction

from postroom.directory.access import companies
from postroom.directory.contacts import find_or_make
from postroom.directory.models import Contact, User
from postroom.directory.roles import Permission
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.infra.database.base import insert
from postroom.infra.search.index import mark
from postroom.records.entering import Entered, checked, new_contact
from postroom.records.events import records_assigned, records_made
from postroom.records.models import Desk, FieldChange, Record, Stage
from postroom.records.problems import CannotDo, NoRecord
from postroom.records.record_types import Seed, UnknownRecordType, record_type

COLUMNS = {
    "title": "title",
    "contact": "contact_id",
    "desk": "desk_id",
    "owner": "owner_id",
    "stage": "stage_id",
    "notes": "notes",
}
"""What a change log calls a field, and the column that holds it, in the order in which a form has them."""
TRIES = 5


class _Moved(Exception):
    """Somebody else gave the record to another owner between the look at it and the lock."""


def create_record(
    *,
    user: User,
    type: str,
    title: str,
    desk_id: int,
    contact_id: int | None = None,
    owner_id: int | None = None,
    stage_id: int | None = None,
    notes: str = "",
    contact_email: str = "",
    contact_name: str = "",
) -> Record:
    """Make a record on a desk, at its first stage where none is named; its conversation is followed as the desk says.

    Raises:
        CannotDo: what is wrong, by field; nothing was written.

    """
    desk = _own_desk(user, type, desk_id)
    given: Entered = {"title": title, "notes": notes, "desk_id": desk.pk, "owner_id": owner_id}
    given |= {"contact_id": contact_id, "contact_email": contact_email, "contact_name": contact_name}
    if stage_id is not None:
        given["stage_id"] = stage_id
    entered = checked(given, desk.company_id, type, desk.pk)
    stage = _stage(desk.pk, stage_id)
    at = now()
    with transaction.atomic():
        contact_id = _contact(entered, desk.company_id)
        place = (desk.pk, owner_id, stage.pk if stage else None)
        (record,) = record_type(type).create([Seed(desk.company_id, entered["title"], at, contact_id, *place)])
        record.notes = entered["notes"]
        record.closed_at = at if stage and stage.closes else None
        record.save(update_fields=["notes", "closed_at"])
        records_made.send([record])
        if owner_id is not None:
            records_assigned.send([record])
        _mark(record)
        tell([(record.company_id, "record", record.ref)])
    return record


def edit_record(*, user: User, record_id: int, **fields: Unpack[Entered]) -> Record:
    """Change what is named of a record; on another desk it stands at the stage of the same name, else at the first.

    Raises:
        NoRecord: it is not there for `user`.
        CannotDo: what is wrong, by field; nothing was written.

    """
    return change_record(user=user, record_id=record_id, entered=lambda _record: fields)


def change_record(*, user: User, record_id: int, entered: Callable[[Record], Entered]) -> Record:
    """The same, for what is only known of the record as it is once nobody else changes it; asked more than once.

    Raises:
        NoRecord, CannotDo: as `edit_record`.

    """
    for _ in range(TRIES):
        with suppress(_Moved), transaction.atomic():
            return _change(user, record_id, entered)
    raise CannotDo("Others are changing this record at the moment: try again.")


def _change(user: User, record_id: int, entered: Callable[[Record], Entered]) -> Record:
    """Within a transaction: change the row while nobody else does. A new owner's conversation is locked before it, as
    by whoever posts there.
    """
    told = _tell_owner(own_record(user, record_id), entered)
    record = own_record(user, record_id, lock=True)
    fields = checked(entered(record), record.company_id, record.type, record.desk_id)
    before = {name: getattr(record, column) for name, column in COLUMNS.items()}
    words = _words(record)
    _fill(record, fields)
    changed = [name for name, column in COLUMNS.items() if getattr(record, column) != before[name]]
    if "owner" in changed and record.owner_id not in {told, None}:
        raise _Moved
    if changed:
        _keep(user, record, changed, words)
    return record


def _tell_owner(record: Record, entered: Callable[[Record], Entered]) -> int | None:
    """Let the new owner follow, where there is one; who that is."""
    fields = entered(record)
    owner = fields.get("owner_id")
    if owner is None or owner == record.owner_id:
        return None
    checked(fields, record.company_id, record.type, record.desk_id)
    record.owner_id = owner
    records_assigned.send([record])
    return owner


def move_to_stage(*, user: User, record_id: int, stage_id: int) -> Record:
    """Move a record to a stage of its desk; it is closed there where the stage closes, else open.

    Raises:
        NoRecord, CannotDo: as `edit_record`.

    """
    return edit_record(user=user, record_id=record_id, stage_id=stage_id)


def assign(*, user: User, record_id: int, owner_id: int | None) -> Record:
    """Give a record to somebody of its company, or to nobody.

    Raises:
        NoRecord, CannotDo: as `edit_record`.

    """
    return edit_record(user=user, record_id=record_id, owner_id=owner_id)


def own_record(user: User, record_id: int, *, lock: bool = False) -> Record:
    """A record that `user` may change; `lock`, within a transaction: kept from others meanwhile.

    Raises:
        NoRecord: it is not there for them.
        CannotDo: they may read it, but not change it.

    """
    mine = companies(user, Permission.RECORDS_READ)
    rows = Record.objects.select_for_update(no_key=True) if lock else Record.objects.all()
    record = rows.filter(company_id__in=mine, pk=record_id).first()
    if record is None:
        raise NoRecord(f"There is no record {record_id}.")
    if record.company_id not in companies(user, Permission.RECORDS_WRITE):
        raise CannotDo(f"{user.name} may read {record.number}, but not change it.")
    return record


def _own_desk(user: User, type: str, desk_id: int) -> Desk:
    try:
        record_type(type)
    except UnknownRecordType as error:
        raise CannotDo(str(error), "type") from None
    mine = companies(user, Permission.RECORDS_WRITE)
    desk = Desk.objects.filter(pk=desk_id, record_type=type, company_id__in=mine).first()
    if desk is None:
        raise CannotDo("Choose a desk of the list.", "desk_id")
    return desk


def _stage(desk: int | None, stage: int | None, name: str = "") -> Stage | None:
    """A stage of a desk by id, else by name, else its first."""
    stages = Stage.objects.filter(desk=desk or 0).order_by("position")
    if stage is not None:
        return stages.filter(pk=stage).first()
    return (stages.filter(name=name).first() if name else None) or stages.first()


def _contact(entered: Entered, company: int) -> int | None:
    new = new_contact(entered, company)
    return next(iter(find_or_make(new).values())) if new else entered.get("contact_id")


def _fill(record: Record, entered: Entered) -> None:
    """Write what was entered into the row, with what follows from it."""
    desk_before, stage_before = record.desk_id, record.stage
    for name in ("title", "notes", "desk_id", "owner_id", "stage_id"):
        if name in entered:
            setattr(record, name, entered[name])
    if "contact_id" in entered or entered.get("contact_email"):
        record.contact_id = _contact(entered, record.company_id)
    if record.desk_id != desk_before and entered.get("stage_id") is None:
        record.stage = _stage(record.desk_id, None, stage_before.name if stage_before else "")
    if record.stage_id != (stage_before.pk if stage_before else None):
        closes = record.stage is not None and record.stage.closes
        record.closed_at = (record.closed_at or now()) if closes else None


def _keep(user: User, record: Record, changed: list[str], before: dict[str, str]) -> None:
    """Write the row and its log, and tell whoever has to know."""
    at, after = now(), _words(record)
    record.active_at = at
    also = ["closed_at"] if "stage" in changed else []
    record.save(update_fields=[*(COLUMNS[name] for name in changed), *also, "active_at"])
    keep_changes(user, at, [(record.pk, name, before[name], after[name]) for name in changed])
    if {"title", "contact", "notes"} & set(changed):
        _mark(record)
    tell([(record.company_id, "record", record.ref)])


def _mark(record: Record) -> None:
    """Let the record be found, and its contact, who may be new."""
    mark({"record": [record.pk], "contact": [record.contact_id] if record.contact_id else []})


def keep_changes(user: User, at: datetime, rows: list[tuple[int, str, str, str]]) -> None:
    """Within a transaction: rows of the change log, each with record, field, and what it said before and says now."""
    insert(
        FieldChange(record_id=record, user=user, field=field, before=before, after=after, at=at)
        for record, field, before, after in rows
    )


def _words(record: Record) -> dict[str, str]:
    return dict(_said(record))


def _said(record: Record) -> Iterator[tuple[str, str]]:
    """Each field as people read it."""
    contact = Contact.objects.filter(pk=record.contact_id).first() if record.contact_id else None
    owner = User.objects.filter(pk=record.owner_id).first() if record.owner_id else None
    yield "title", record.title
    yield "contact", contact.name if contact else ""
    yield "desk", record.desk.name if record.desk else ""
    yield "owner", owner.name if owner else ""
    yield "stage", record.stage.name if record.stage else ""
    yield "notes", record.notes
