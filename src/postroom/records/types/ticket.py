"""A ticket: somebody who needs help. Lands on a support team."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from postroom.records.creation import create_records
from postroom.records.models import Record
from postroom.records.record_types import RecordType, Seed


class Ticket:
    """The type with the key `ticket`."""

    key = "ticket"
    icon = "ticket"
    stages: Sequence[tuple[str, bool]] = (("New", False), ("In progress", False), ("Waiting", False), ("Solved", True))

    @property
    def name(self) -> str:
        return _("Ticket")

    @property
    def plural(self) -> str:
        return _("Tickets")

    def create(self, seeds: Sequence[Seed]) -> Sequence[Record]:
        return create_records(self.key, seeds)

    def describe(self, record: Record) -> str:
        return f"{record.number} {record.title}"


TYPE: RecordType = Ticket()
