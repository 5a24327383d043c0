"""News that climbs from a lower floor: declared there, received above, in the sender's transaction.

A receiver only writes rows; what is slow or outside is a row that somebody claims later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Event(Generic[Value]):
    """An event that carries a frozen value of type `Value`, usually a batch."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._receivers: list[Callable[[Value], None]] = []

    def receive(self, receiver: Callable[[Value], None]) -> Callable[[Value], None]:
        """Call `receiver` at every event, in the order in which they were added; once, however often it was added."""
        if receiver not in self._receivers:
            self._receivers.append(receiver)
        return receiver

    def send(self, value: Value) -> None:
        """Within a transaction: tell every receiver; an error of one undoes what is told."""
        for receiver in self._receivers:
            receiver(value)
