"""News for other processes: written in the changing transaction, read by tailers, never content."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from postroom.infra.clock import now
from postroom.infra.database.base import insert_values, wake
from postroom.infra.models import Change

KEEP = timedelta(minutes=10)


def tell(news: Iterable[tuple[int, str, str]]) -> None:
    """Within a transaction: write (company, topic, ref) rows and wake the listeners at its commit."""
    at = now()
    insert_values(Change, ("company_id", "topic", "ref", "at"), [(*one, at) for one in news])
    wake()


def forget_old() -> int:
    """Delete news that nobody can still be waiting for; returns how many."""
    return Change.objects.filter(at__lt=now() - KEEP).delete()[0]
