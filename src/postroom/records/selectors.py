"""Questions about records: lists by key, one record with its stages."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from postroom.directory.access import companies
from postroom.directory.models import ContactAddress, User
from postroom.directory.roles import Permission
from postroom.infra.database.prepared import prepared
from postroom.records.models import Record, Stage

PAGE = 50


def record(user: User, type: str, pk: int) -> Record | None:
    """One record with all that its page names, or None where it isn't there for `user`."""
    return next(iter(_record(sorted(companies(user, Permission.RECORDS_READ)), type, pk)), None)


@prepared
def _record(companies: Sequence[int], type: str, pk: int) -> QuerySet[Record]:
    found = Record.objects.select_related("contact", "desk__alias__domain", "owner", "stage", "company")
    return found.filter(company__in=companies, type=type, pk=pk)


def record_by_id(user: User, pk: int) -> Record | None:
    """One record of whatever type, or None where it isn't there for `user`."""
    return next(iter(_record_by_id(sorted(companies(user, Permission.RECORDS_READ)), pk)), None)


@prepared
def _record_by_id(companies: Sequence[int], pk: int) -> QuerySet[Record]:
    return Record.objects.select_related("contact", "desk", "owner", "stage").filter(company__in=companies, pk=pk)


def by_refs(user: User, refs: Collection[str]) -> dict[str, Record]:
    """The records that these references name, such as `lead:12`, as far as they are there for `user`, with type and
    title alone; one query.
    """
    numbers = [
        int(number) for _, _, number in (ref.partition(":") for ref in refs) if number.isascii() and number.isdigit()
    ]
    mine = companies(user, Permission.RECORDS_READ)  # not asked of the database: it would go through all of a company
    found = {record.ref: record for record in _titles(numbers) if record.company_id in mine}
    return {ref: found[ref] for ref in refs if ref in found}


@prepared
def _titles(ids: Sequence[int]) -> QuerySet[Record]:
    return Record.objects.filter(pk__in=ids).only("type", "title", "company_id")


def stages_of(record: Record) -> list[Stage]:
    """The stages of the record's desk, in order."""
    return _stages(record.desk_id) if record.desk_id else []


@prepared
def _stages(desk: int) -> QuerySet[Stage]:
    return Stage.objects.filter(desk=desk).order_by("position")


def addresses_of(record: Record) -> list[str]:
    """The addresses of the record's contact, the primary one first."""
    return [] if record.contact_id is None else _addresses(record.contact_id)


@prepared
def _addresses(contact: int) -> QuerySet[ContactAddress, str]:
    rows = ContactAddress.objects.filter(contact=contact).order_by("-primary", "email")
    return rows.values_list("email", flat=True)


def addresses_of_contacts(contacts: Collection[int]) -> dict[int, str]:
    """The primary address of each of these contacts, by id; one query. For those who may read their records."""
    rows = ContactAddress.objects.filter(contact__in=contacts).order_by("primary", "-pk")
    return dict(rows.values_list("contact_id", "email"))
