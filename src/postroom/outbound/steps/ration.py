"""Step 5a: no more copies a day by a server than it may take; the others wait, and say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from postroom.infra import counters
from postroom.infra.clock import now
from postroom.outbound.choice import server_of
from postroom.outbound.steps.claim import give_back
from postroom.outbound.work import Item

DAY = 24 * 3600.0
AGAIN = timedelta(hours=1)


def ration(items: Sequence[Item]) -> list[Item]:
    """Within a transaction: those of the items that their server may still take; no query where it has no limit."""
    by_server: dict[int, list[Item]] = {}
    for item in items:
        by_server.setdefault(item.server, []).append(item)
    late: set[int] = set()
    for number, some in by_server.items():
        limit = server_of(number).daily_limit
        if limit:
            late.update(map(id, _over(number, limit, some)))
    return [item for item in items if id(item) not in late]


def _over(server: int, limit: int, items: list[Item]) -> list[Item]:
    """Count these; the last ones, as many as are too many, go back into the queue."""
    key = f"sent:{server}"
    count = counters.add({key: len(items)}, DAY)[key]
    over = min(len(items), max(0, count - limit))
    if over:
        counters.add({key: -over}, DAY)
        words = f"The server's limit of {limit:,} mails a day is reached. It is tried again every hour."
        give_back([item.row for item in items[-over:]], now() + AGAIN, words)
    return items[len(items) - over :]
