"""What conversations keep about contacts, for when two of them become one; and the conversations of a contact."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import Max, OuterRef, QuerySet, Subquery

from postroom.conversations.models import Follower, Message, Notification, Participant, Thread
from postroom.directory.access import companies
from postroom.directory.contacts_merging import MOST_COUNTED, belonging
from postroom.directory.models import Contact, ContactAddress, User
from postroom.directory.roles import Permission
from postroom.infra.database.prepared import prepared
from postroom.infra.paging import Page, page_of
from postroom.records.models import Record

PAGE = 25
SHOWN = ("record__contact", "record__desk", "record__owner", "record__stage")


class Messages:
    """The messages that a contact wrote."""

    words = "messages"

    def count(self, contact: int) -> int:
        return Message.objects.filter(author=contact)[:MOST_COUNTED].count()

    def move(self, loser: int, winner: int) -> None:
        Message.objects.filter(author=loser).update(author=winner)


class Followers:
    """The conversations that a contact follows; who followed under both hears of whatever either heard of."""

    words = "conversations followed"

    def count(self, contact: int) -> int:
        return Follower.objects.filter(contact=contact)[:MOST_COUNTED].count()

    def move(self, loser: int, winner: int) -> None:
        both = Follower.objects.filter(contact=winner)
        for kind in ("discussions", "notes"):
            heard = Follower.objects.filter(contact=loser, **{kind: True}).values("thread")
            both.filter(thread__in=heard, **{kind: False}).update(**{kind: True})
        Follower.objects.filter(contact=loser, thread__in=both.values("thread")).delete()
        Follower.objects.filter(contact=loser).update(contact=winner)


class Notifications:
    """The copies of messages that a contact was sent."""

    words = "copies of messages"

    def count(self, contact: int) -> int:
        return Notification.objects.filter(contact=contact)[:MOST_COUNTED].count()

    def move(self, loser: int, winner: int) -> None:
        Notification.objects.filter(contact=loser).update(contact=winner)


for one in (Messages(), Followers(), Notifications()):
    belonging(one)


@dataclass(frozen=True, slots=True)
class Last:
    """The conversation of a contact that began last: its record, and when somebody wrote in it."""

    record: int
    type: str
    title: str
    at: datetime


def history(user: User, contact: Contact, *, before: int | None = None, limit: int = PAGE) -> Page[Record]:
    """The records in whose conversations a contact wrote, was written to, whom they are about or whose news they hear:
    what began last first, those before the thread `before`. A fixed number of queries, each along an index.
    """
    if contact.company_id not in companies(user, Permission.RECORDS_READ):
        return Page()
    emails = list(ContactAddress.objects.filter(contact=contact).values_list("email", flat=True))
    sources = (
        Follower.objects.filter(contact=contact).values_list("thread_id"),
        Message.objects.filter(author=contact).values_list("thread_id").distinct(),
        Participant.objects.filter(email__in=emails, thread__company=contact.company_id).values_list("thread_id"),
        Thread.objects.filter(record__contact=contact).values_list("pk"),
    )
    found: set[int] = set()
    for rows, key in zip(sources, ("thread", "thread", "thread", "pk"), strict=True):
        narrowed = rows if before is None else rows.filter(**{f"{key}__lt": before})
        found.update(chain.from_iterable(narrowed.order_by(f"-{key}")[: limit + 1]))
    keys = sorted(found, reverse=True)[: limit + 1]
    return page_of([thread.record for thread in _threads(keys)], keys, limit)


@prepared
def _threads(keys: Sequence[int]) -> QuerySet[Thread]:
    return Thread.objects.filter(pk__in=keys).select_related(*SHOWN).order_by("-pk")


def last_conversations(contacts: Collection[int]) -> dict[int, Last]:
    """The conversation that each of these contacts follows, or that is about them, and began last; three queries. For
    contacts that the caller may read.
    """
    newest = {pk: thread or 0 for pk, thread in _followed(list(contacts))}
    for pk, thread in _about(list(contacts)):
        newest[pk] = max(newest[pk], thread or 0)
    known = {pk: Last(*rest) for pk, *rest in _begun(list(newest.values()))}
    return {pk: known[thread] for pk, thread in newest.items() if thread in known}


@prepared
def _followed(contacts: Sequence[int]) -> QuerySet[Contact, tuple[int, int | None]]:
    """A range of one, ordered as the index `follower_of` is: where nearly all follow as the same few people, PostgreSQL
    would expect everybody among them, and go through all that is followed for each contact that follows nothing.
    """
    own = Follower.objects.filter(contact__gte=OuterRef("pk"), contact__lte=OuterRef("pk"))
    newest = Subquery(own.order_by("contact", "-thread").values("thread")[:1])
    return Contact.objects.filter(pk__in=contacts).annotate(newest=newest).values_list("pk", "newest")


@prepared
def _about(contacts: Sequence[int]) -> QuerySet[Record, tuple[Any, Any]]:
    each = Record.objects.filter(contact__in=contacts).values("contact").annotate(newest=Max("thread__pk"))
    return each.values_list("contact", "newest")


@prepared
def _begun(threads: Sequence[int]) -> QuerySet[Thread, tuple[Any, ...]]:
    columns = ("pk", "record_id", "record__type", "record__title", "last_message_at")
    return Thread.objects.filter(pk__in=threads).values_list(*columns)
