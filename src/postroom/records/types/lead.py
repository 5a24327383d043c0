"""A lead: somebody who may buy. Lands on a sales team."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from postroom.records.creation import create_records
from postroom.records.models import Record
from postroom.records.record_types import RecordType, Seed


class Lead:
    """The type with the key `lead`."""

    key = "lead"
    icon = "handshake"
    stages: Sequence[tuple[str, bool]] = (
        ("New", False),
        ("Qualified", False),
        ("Proposition", False),
        ("Won", True),
        ("Lost", True),
    )

    @property
    def name(self) -> str:
        return _("Lead")

    @property
    def plural(self) -> str:
        return _("Leads")

    def create(self, seeds: Sequence[Seed]) -> Sequence[Record]:
        return create_records(self.key, seeds)

    def describe(self, record: Record) -> str:
        return f"{record.number} {record.title}"


TYPE: RecordType = Lead()
