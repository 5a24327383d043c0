"""Questions about records: lists by key, one record with its stages."""

from __future__ import annotations

from collections.abc import Collection

from postroom.directory.models import ContactAddress, User
from postroom.records.access import readable
from postroom.records.models import Record, Stage

PAGE = 50


def record(user: User, type: str, pk: int) -> Record | None:
    """One record with all that its page names, or None where it isn't there for `user`."""
    found = readable(user).select_related("contact", "desk__alias__domain", "owner", "stage", "company")
    return found.filter(type=type, pk=pk).first()


def record_by_id(user: User, pk: int) -> Record | None:
    """One record of whatever type, or None where it isn't there for `user`."""
    return readable(user).select_related("contact", "desk", "owner", "stage").filter(pk=pk).first()


def by_refs(user: User, refs: Collection[str]) -> dict[str, Record]:
    """The records that these references name, such as `lead:12`, as far as they are there for `user`, with type and
    title alone; one query.
    """
    numbers = [
        int(number) for _, _, number in (ref.partition(":") for ref in refs) if number.isascii() and number.isdigit()
    ]
    rows = readable(user).only("type", "title")
    found = {record.ref: record for record in rows.filter(pk__in=numbers)} if numbers else {}
    return {ref: found[ref] for ref in refs if ref in found}


def stages_of(record: Record) -> list[Stage]:
    """The stages of the record's desk, in order."""
    return list(Stage.objects.filter(desk_id=record.desk_id).order_by("position")) if record.desk_id else []


def addresses_of(record: Record) -> list[str]:
    """The addresses of the record's contact, the primary one first."""
    if record.contact_id is None:
        return []
    rows = ContactAddress.objects.filter(contact_id=record.contact_id).order_by("-primary", "email")
    return list(rows.values_list("email", flat=True))


def addresses_of_contacts(contacts: Collection[int]) -> dict[int, str]:
    """The primary address of each of these contacts, by id; one query. For those who may read their records."""
    rows = ContactAddress.objects.filter(contact__in=contacts).order_by("primary", "-pk")
    return dict(rows.values_list("contact_id", "email"))
