"""Giving many records to somebody at once: those that cannot be given are named, the others are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction

from postroom.directory.access import companies
from postroom.directory.models import Membership, User
from postroom.directory.roles import Permission
from postroom.infra.changes import tell
from postroom.infra.clock import now
from postroom.records.editing import keep_changes
from postroom.records.events import records_assigned
from postroom.records.models import Record
from postroom.records.problems import CannotDo

MOST = 500  # records at once


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that was not given, and why. `number` as people read it."""

    record_id: int
    number: str
    why: str


@dataclass(frozen=True, slots=True)
class Assigned:
    """The ids of records that are now the owner's, and those that are not."""

    done: tuple[int, ...] = ()
    refused: tuple[Refused, ...] = ()


def assign_many(*, user: User, record_ids: Collection[int], owner_id: int | None) -> Assigned:
    """Give these records to somebody (None: to nobody); a fixed number of queries.

    Raises:
        CannotDo: too many at once, or nobody of any company of `user` has this id.

    """
    wanted = list(dict.fromkeys(record_ids))
    if len(wanted) > MOST:
        raise CannotDo(f"At most {MOST} records at once; these are {len(wanted)}.", "record_ids")
    writable = companies(user, Permission.RECORDS_WRITE)
    theirs = _companies_of(owner_id, writable)
    with transaction.atomic():
        mine = Record.objects.filter(company_id__in=companies(user, Permission.RECORDS_READ))
        rows = {row.pk: row for row in mine.filter(pk__in=wanted).order_by("pk")}
        refused = [one for pk in wanted if (one := _refused(pk, rows.get(pk), user, writable, theirs))]
        left_out = {one.record_id for one in refused}
        done = [pk for pk in wanted if pk not in left_out]
        _give(user, [rows[pk] for pk in done if rows[pk].owner_id != owner_id], owner_id)
    return Assigned(tuple(done), tuple(refused))


def _companies_of(owner: int | None, writable: frozenset[int]) -> frozenset[int]:
    """Where somebody may own records, of the companies in which the user may give them."""
    if owner is None:
        return writable
    rows = Membership.objects.filter(user=owner, user__is_active=True, company_id__in=writable)
    theirs = frozenset(rows.values_list("company_id", flat=True))
    if not theirs:
        raise CannotDo("Choose somebody of your company, or nobody.", "owner_id")
    return theirs


def _refused(
    pk: int, row: Record | None, user: User, writable: frozenset[int], theirs: frozenset[int]
) -> Refused | None:
    if row is None:
        return Refused(pk, str(pk), "It is not there any more.")
    if row.company_id not in writable:
        return Refused(pk, row.number, f"{user.name} may read it, but not change it.")
    if row.company_id not in theirs:
        return Refused(pk, row.number, "It belongs to another company than its new owner.")
    return None


def _give(user: User, rows: Sequence[Record], owner: int | None) -> None:
    """Within a transaction: one statement for the records, one for the log, one for the news. Conversations are locked
    before records, and those in their order, as by whoever posts; whose a record was is read with its lock.
    """
    if not rows:
        return
    at = now()
    for row in rows:
        row.owner_id = owner
    if owner is not None:
        records_assigned.send(rows)
    before = _taken([row.pk for row in rows], owner)
    Record.objects.filter(pk__in=before).update(owner=owner, active_at=at)
    names = _names({one for one in (owner, *before.values()) if one})
    said = names.get(owner or 0, "")
    keep_changes(user, at, [(pk, "owner", names.get(one or 0, ""), said) for pk, one in before.items()])
    tell([(row.company_id, "record", row.ref) for row in rows if row.pk in before])


def _taken(keys: Sequence[int], owner: int | None) -> dict[int, int | None]:
    """Whose the records are that are not the owner's yet, in the order of their ids; nobody else changes them now."""
    rows = Record.objects.select_for_update(no_key=True).filter(pk__in=keys).exclude(owner=owner)
    return dict(rows.order_by("pk").values_list("pk", "owner_id"))


def _names(users: Collection[int]) -> dict[int, str]:
    return dict(User.objects.filter(pk__in=users).values_list("pk", "name"))
