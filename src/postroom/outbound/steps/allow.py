"""Step 5b: no more copies of a company a day by the operator's default server than it may; the others wait, and say so.

Only where an installation hosts companies. What leaves by servers of their own does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from postroom.core.delivery.states import DeliveryState
from postroom.infra.database.base import move
from postroom.outbound import allowances
from postroom.outbound.choice import server_of
from postroom.outbound.models import Delivery
from postroom.outbound.work import Item


def allow(items: Sequence[Item]) -> list[Item]:
    """Within a transaction: those of the items that their company may still send today; three queries, none where
    nothing counts.
    """
    for item in items:
        item.counted_on = None
    counted = [item for item in items if server_of(item.server).by_default] if allowances.is_counted() else []
    if not counted:
        return list(items)
    day = allowances.today()
    asked = Counter(item.row.company_id for item in counted)
    sent, may = allowances.count(asked, day), allowances.allowed(asked)
    late: list[Item] = []
    for company, number in asked.items():
        limit = may[company].limit
        over = min(number, max(0, sent[company] - limit)) if limit else 0
        mine = [item for item in counted if item.row.company_id == company]
        late += mine[number - over :]
        for item in mine[: number - over]:
            item.counted_on = day
    if late:
        _put_off(late, day)
    left = set(late)
    return [item for item in items if item not in left]


def _put_off(items: Sequence[Item], day: date) -> None:
    """They are taken off the count and wait until tomorrow; the days over which they are tried begin then."""
    allowances.uncount(Counter(item.row.company_id for item in items), day)
    until, may = allowances.resets_at(), allowances.allowed({item.row.company_id for item in items})
    for item in items:
        row = item.row
        row.state, row.due, row.renewed_at = DeliveryState.QUEUED, until, until
        row.words = allowances.words(may[row.company_id].limit, until)
    move(
        Delivery,
        [item.row for item in items],
        ("state", "due", "words", "renewed_at"),
        before=DeliveryState.CLAIMED,
    )


def give_back(items: Iterable[Item]) -> None:
    """Within a transaction: these were counted and did not leave after all; they count when they are tried again."""
    days: dict[date, Counter[int]] = {}
    for item in items:
        if item.counted_on is not None:
            days.setdefault(item.counted_on, Counter())[item.row.company_id] += 1
    for day, amounts in days.items():
        allowances.uncount(amounts, day)
