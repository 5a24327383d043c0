"""What a record type is, and the list of those that there are: every file of `records/types` is one."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from postroom.core.errors import PostroomError
from postroom.records import types
from postroom.records.models import Record


class UnknownRecordType(PostroomError):
    """No file of `records/types` has this key."""


class BadDefaults(PostroomError):
    """The defaults of an alias name something that the record type does not have."""


@dataclass(frozen=True, slots=True)
class Seed:
    """What a new record grows from: ids of company, contact, desk, owner and stage, and the alias's own defaults."""

    company: int
    title: str
    created_at: datetime
    contact: int | None = None
    desk: int | None = None
    owner: int | None = None
    stage: int | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)


class RecordType(Protocol):
    """A kind of record. `icon` is the name of a Lucide icon; `name` and `plural` are translatable.

    `stages` are those that a new desk begins with, each with whether it closes a record.
    """

    key: str
    icon: str
    stages: Sequence[tuple[str, bool]]

    @property
    def name(self) -> str: ...

    @property
    def plural(self) -> str: ...

    def create(self, seeds: Sequence[Seed]) -> Sequence[Record]:
        """Make records, in a fixed number of queries.

        Raises:
            BadDefaults: nothing was made.

        """
        ...

    def describe(self, record: Record) -> str:
        """The record in a few words, for lists and mails."""
        ...


@cache
def record_types() -> dict[str, RecordType]:
    """Every record type by its key, in the order of their file names."""
    found: dict[str, RecordType] = {}
    for module in pkgutil.iter_modules(types.__path__):
        one: RecordType = import_module(f"{types.__name__}.{module.name}").TYPE
        if one.key in found:
            raise PostroomError(f"Two record types have the key {one.key!r}.")
        found[one.key] = one
    return found


def record_type(key: str) -> RecordType:
    """The record type of a key.

    Raises:
        UnknownRecordType: there is none.

    """
    try:
        return record_types()[key]
    except KeyError:
        known = ", ".join(record_types())
        raise UnknownRecordType(f"There is no record type {key!r}; there are {known}.") from None
