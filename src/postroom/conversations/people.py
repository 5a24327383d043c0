"""The people of a conversation: who wrote in it, who was named in it, how they came in, and how far they are believed.

Each address stands there once. Authors always do, since routing knows by it who takes part; of those whom mails only
name, a bounded number, so that one mail to thousands does not make a crowd of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count

from postroom.conversations.models import Participant
from postroom.conversations.selectors import participants
from postroom.core.authentication.verdict import Level
from postroom.directory.contacts_lists import Holder, holders
from postroom.infra.database.base import insert_values, update_rows
from postroom.infra.paging import Page, page_of
from postroom.records.models import Record

MOST_NAMED = 100  # of the To and Cc of one mail
MOST_PEOPLE = 500  # of a conversation, besides those who wrote
LEVELS = ("", *(one.value for one in (Level.FORGED, Level.UNKNOWN, Level.UNVERIFIED, Level.VERIFIED)))

Key = tuple[int, str]  # thread, normalised address


@dataclass(frozen=True, slots=True)
class Came:
    """How somebody comes into a conversation: `way` is one of `Participant.Way`, `level` how far the From of their own
    mail is believed.
    """

    name: str = ""
    way: str = ""
    level: str = ""


def note_people(came: Mapping[Key, Came], opened: Collection[int] = ()) -> None:
    """Within a transaction: these people take part. Who does so already stays as they came, and is believed as far as
    the best of their mails was. `opened` are threads that had nobody; at most four statements.
    """
    looked_at = {key for key in came if key[0] not in opened}
    known = _known(looked_at) if looked_at else {}
    update_rows(Participant, [row for key, row in known.items() if _believe(row, came[key].level)], ["level"])
    new = {key: one for key, one in came.items() if key not in known}
    room = _room({thread for thread, _ in new} - set(opened)) if new else {}
    rows: list[tuple[int, str, str, str, str]] = []
    for (thread, email), one in sorted(new.items()):  # in one order, so that nobody waits in a circle
        if one.way != Participant.Way.WROTE:
            if room.get(thread, MOST_PEOPLE) <= 0:
                continue
            room[thread] = room.get(thread, MOST_PEOPLE) - 1
        rows.append((thread, email, one.name, one.way, one.level))
    insert_values(Participant, ("thread", "email", "name", "way", "level"), rows, skip_known=True)


def _known(keys: Collection[Key]) -> dict[Key, Participant]:
    threads, emails = {thread for thread, _ in keys}, {email for _, email in keys}
    rows = Participant.objects.filter(thread__in=threads, email__in=emails).order_by("pk")
    return {key: row for row in rows if (key := (row.thread_id, row.email)) in keys}


def _believe(row: Participant, level: str) -> bool:
    """Set the better of both levels; whether that changed the row."""
    better = level in LEVELS and (row.level not in LEVELS or LEVELS.index(level) > LEVELS.index(row.level))
    row.level = level if better else row.level
    return better


def _room(threads: Collection[int]) -> dict[int, int]:
    if not threads:
        return {}
    counted = Participant.objects.filter(thread__in=threads).values("thread").annotate(people=Count("pk"))
    return {thread: MOST_PEOPLE - people for thread, people in counted.values_list("thread", "people")}


@dataclass(frozen=True, slots=True)
class PersonOf:
    """Somebody of a conversation. `contact` is theirs, 0 where nobody is known by that address; `inside`: one of our
    own people, or one who was. `key` is their place in it.
    """

    email: str
    name: str
    way: str = ""
    level: str = ""
    contact: int = 0
    inside: bool = False
    key: int = 0


@dataclass(frozen=True, slots=True)
class People:
    """The people of a conversation in the order in which they came, and how many `more` there are."""

    rows: tuple[PersonOf, ...] = ()
    more: int = 0

    @property
    def outside(self) -> tuple[PersonOf, ...]:
        return tuple(one for one in self.rows if not one.inside)


def people_of(record: Record) -> People:
    """The people of a record's conversation, as far as a page names them; for a record that the caller may read. Three
    queries, four where there are more than a page names.
    """
    rows, more = participants(record.pk)
    return People(_persons(record, rows), more)


def people_after(record: Record, after: int, limit: int) -> Page[PersonOf]:
    """A page of the people of a record's conversation: those who came after the one whose key is `after`. Three
    queries.
    """
    rows = list(Participant.objects.filter(thread__record=record, pk__gt=after).order_by("pk")[: limit + 1])
    people = _persons(record, rows)
    return page_of(people, [one.key for one in people], limit)


def _persons(record: Record, rows: Sequence[Participant]) -> tuple[PersonOf, ...]:
    known = holders(record.company_id, [row.email for row in rows])
    return tuple(_person(row, known.get(row.email, Holder())) for row in rows)


def _person(row: Participant, holder: Holder) -> PersonOf:
    return PersonOf(row.email, holder.name or row.name, row.way, row.level, holder.contact, holder.inside, row.pk)
