"""Telling what became of copies: the floors above in the same transaction, other processes at its commit."""

from __future__ import annotations

from collections.abc import Sequence

from postroom.infra import changes
from postroom.outbound.events import DeliveryNews, delivery_changed

TOPIC = "outbound"


def tell(news: Sequence[DeliveryNews]) -> None:
    """Within a transaction: send `delivery_changed`, and a change for each copy."""
    if not news:
        return
    changes.tell([(one.company, TOPIC, str(one.delivery)) for one in news])
    delivery_changed.send(news)
