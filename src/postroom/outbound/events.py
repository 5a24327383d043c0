"""What outbound tells the floors above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.infra.events import Event


@dataclass(frozen=True, slots=True)
class DeliveryNews:
    """A delivery reached `state`. `message_id` is the id that the server gave the mail on the wire, where its answer
    told one that is not ours (without angle brackets).
    """

    delivery: int
    company: int
    state: str
    message_id: str = ""


delivery_changed: Event[Sequence[DeliveryNews]] = Event("delivery_changed")
