"""What conversations do with news from outbound: tell the pages, and learn the ids that providers gave our mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from postroom.conversations.models import MessageId, Notification
from postroom.conversations.posting import LONGEST_ID
from postroom.infra.changes import tell
from postroom.infra.database.base import insert_values
from postroom.outbound.events import DeliveryNews


def on_deliveries(news: Sequence[DeliveryNews]) -> None:
    """Within the transaction that records the states: one change for each conversation, and a row for each new id."""
    rows = Notification.objects.filter(delivery__in=[one.delivery for one in news]).values_list(
        "delivery_id", "message_id", "company_id", "message__thread__record__type", "message__thread__record_id"
    )
    of = {delivery: (message, company, f"{type_}:{record}") for delivery, message, company, type_, record in rows}
    if not of:
        return
    tell(sorted({(company, "delivery", ref) for _, company, ref in of.values()}))
    learn({(*of[one.delivery][:2], one.message_id) for one in news if one.message_id and one.delivery in of})


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
