"""What was changed on a record, for its conversation: read by time beside the messages, in its own order."""

from __future__ import annotations

from datetime import datetime

from postroom.infra.paging import Page, page_of
from postroom.records.models import FieldChange

MOST = 200  # changes that a page of a conversation shows


def changes_between(record_id: int, since: datetime | None, until: datetime | None) -> list[FieldChange]:
    """The newest changes of a record that the caller may read, from `since` on and before `until`, newest first."""
    rows = FieldChange.objects.filter(record=record_id).select_related("user")
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    return list(rows.order_by("-at", "-pk")[:MOST])


def changes_after(record_id: int, pk: int) -> list[FieldChange]:
    """Those that came after the change `pk`, newest first."""
    rows = FieldChange.objects.filter(record=record_id, pk__gt=pk).select_related("user")
    return list(rows.order_by("-at", "-pk")[:MOST])


def change_page(record_id: int, *, before: int | None = None, limit: int = MOST) -> Page[FieldChange]:
    """The changes of a record that the caller may read, the latest first."""
    rows = FieldChange.objects.filter(record=record_id).select_related("user")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: limit + 1])
    return page_of(found, [row.pk for row in found], limit)
