"""Step 5a: no more copies a day by a server than it may take; the others wait, and say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

from postroom.infra import counters
from postroom.infra.clock import now
from postroom.outbound.choice import server_of
from postroom.outbound.steps import claim
from postroom.outbound.work import Item

DAY = 24 * 3600.0
AGAIN = timedelta(hours=1)


def ration(items: Sequence[Item]) -> list[Item]:
    """Within a transaction: those of the items that their server may still take; no query where it has no limit."""
    by_server: dict[int, list[Item]] = {}
    for item in items:
        item.rationed = False
        by_server.setdefault(item.server, []).append(item)
    late: set[Item] = set()
    for number, some in sorted(by_server.items()):
        limit = server_of(number).daily_limit
        if limit:
            late.update(_over(number, limit, some))
    return [item for item in items if item not in late]


def give_back(items: Iterable[Item]) -> None:
    """Within a transaction: these were counted and did not leave after all; no query where none was counted."""
    counters.take_back(Counter(_key(item.server) for item in items if item.rationed))


def _over(server: int, limit: int, items: list[Item]) -> list[Item]:
    """Count these; the last ones, as many as are too many, go back into the queue."""
    key = _key(server)
    count = counters.add({key: len(items)}, DAY)[key]
    over = min(len(items), max(0, count - limit))
    if over:
        counters.add({key: -over}, DAY)
        words = f"The server's limit of {limit:,} mails a day is reached. It is tried again every hour."
        claim.give_back([item.row for item in items[-over:]], now() + AGAIN, words)
    for item in items[: len(items) - over]:
        item.rationed = True
    return items[len(items) - over :]


def _key(server: int) -> str:
    return f"sent:{server}"
