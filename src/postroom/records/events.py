"""What records tell the floors above, within the transaction that changes them."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.infra.events import Event
from postroom.records.models import Record

records_made: Event[Sequence[Record]] = Event("records_made")
"""Records that people made here; those that mail makes are opened by the way in."""

records_assigned: Event[Sequence[Record]] = Event("records_assigned")
"""Records that have another owner now."""
