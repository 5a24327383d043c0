"""The sender: claims copies, hands windows of them to the wire, records what came back."""

from __future__ import annotations


class Sender:
    """One sender. Everything it asks of the database it asks in the thread that runs it."""

    def drain(self, most: int) -> int:
        """Send what is due, at most so many copies, and wait for the answers; returns how many were claimed."""
        return 0
