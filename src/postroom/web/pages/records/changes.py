"""The change log of a record as its conversation shows it: what one person changed at one time is one entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from postroom.records.models import FieldChange
from postroom.web.views import Person

LONGEST = 120  # characters of a value that an entry shows
LABELS: Mapping[str, Promise] = {
    "title": gettext_lazy("Title"),
    "contact": gettext_lazy("Contact"),
    "desk": gettext_lazy("Desk"),
    "owner": gettext_lazy("Owner"),
    "stage": gettext_lazy("Stage"),
    "notes": gettext_lazy("Notes"),
}


@dataclass(frozen=True, slots=True)
class FieldShown:
    """A field with what it said before and what it says now; both empty where it was emptied of nothing."""

    label: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class ChangeShown:
    """What somebody changed at one time. `id` is the newest of its rows."""

    id: int
    who: Person
    at: datetime
    fields: tuple[FieldShown, ...] = ()
    kind: str = "change"


def entries(rows: Sequence[FieldChange]) -> list[ChangeShown]:
    """Rows, newest first, as entries, newest first; the fields of each in the order in which they were written."""
    found: list[ChangeShown] = []
    people: list[int | None] = []
    for row in rows:
        shown = FieldShown(_label(row.field), _short(row.before), _short(row.after))
        if found and found[-1].at == row.at and people[-1] == row.user_id:
            found[-1] = replace(found[-1], fields=(shown, *found[-1].fields))
            continue
        who = Person(row.user.name, row.user.email) if row.user else Person(_("Postroom"))
        found.append(ChangeShown(row.pk, who, row.at, (shown,)))
        people.append(row.user_id)
    return found


def _label(field: str) -> str:
    return str(LABELS.get(field, field.replace("_", " ").capitalize()))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
