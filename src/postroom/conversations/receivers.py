"""What conversations do with news from below: tell the pages, learn the ids that providers gave our mail, open the
conversations of records that people make, let new owners follow.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from postroom.conversations.composing import own_contact
from postroom.conversations.models import Follower, MessageId, Notification, Thread
from postroom.conversations.posting import LONGEST_ID, open_threads
from postroom.directory.models import User
from postroom.infra.changes import tell
from postroom.infra.database.base import insert_values
from postroom.infra.database.prepared import prepared
from postroom.outbound.events import DeliveryNews
from postroom.records.desks import followers_of_desks
from postroom.records.models import Record


def on_deliveries(news: Sequence[DeliveryNews]) -> None:
    """Within the transaction that records the states: one change for each conversation, and a row for each new id."""
    rows = _told(sorted(one.delivery for one in news))
    of = {delivery: (message, company, f"{type_}:{record}") for delivery, message, company, type_, record in rows}
    if not of:
        return
    tell(sorted({(company, "delivery", ref) for _, company, ref in of.values()}))
    learn({(*of[one.delivery][:2], one.message_id) for one in news if one.message_id and one.delivery in of})


@prepared
def _told(deliveries: Sequence[int]) -> QuerySet[Notification, tuple[int, int, int, str, int]]:
    """Delivery, message, company, type and id of the record."""
    return Notification.objects.filter(delivery__in=deliveries).values_list(
        "delivery_id", "message_id", "company_id", "message__thread__record__type", "message__thread__record_id"
    )


def learn(ids: Collection[tuple[int, int, str]]) -> None:
    """Within a transaction: (message, company, id) by which messages are known from now on; ids that they have already
    are left out.
    """
    if not ids:
        return
    new = {(message, company, value[:LONGEST_ID]) for message, company, value in ids}
    rows = MessageId.objects.filter(value__in={value for _, _, value in new})
    known = set(rows.values_list("message_id", "company_id", "value"))
    insert_values(MessageId, ("message", "company", "value"), sorted(new - known))


def on_made(records: Sequence[Record]) -> None:
    """Within the transaction that makes them: a conversation for each record, followed as its desk says."""
    followers = followers_of_desks({record.desk_id for record in records if record.desk_id})
    open_threads(records, [followers.get(record.desk_id or 0, ()) for record in records], records[0].created_at)


def on_assigned(records: Sequence[Record]) -> None:
    """Within the transaction that assigns them: who owns a record follows its conversation, with its notes; those who
    follow already hear of what they chose.
    """
    owners = User.objects.in_bulk({record.owner_id for record in records if record.owner_id})
    pairs = {(owner, record.company_id) for record in records if (owner := record.owner_id)}
    contacts = {(owner, company): own_contact(owners[owner], company) for owner, company in sorted(pairs)}
    threads = Thread.objects.filter(record__in=[record.pk for record in records]).in_bulk(field_name="record_id")
    rows = [
        (threads[record.pk].pk, contacts[record.owner_id, record.company_id], True, True)
        for record in sorted(records, key=lambda one: one.pk)
        if record.owner_id and record.pk in threads
    ]
    insert_values(Follower, ("thread", "contact", "discussions", "notes"), rows, skip_known=True)
