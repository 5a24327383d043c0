"""Step 5b: no more copies of a company a day (UTC) by the operator's default server than its plan says.

Only where an installation hosts companies. What leaves by servers of their own does not count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date

from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.core.sending.pace_windows import kept_from
from postroom.infra.database.base import move
from postroom.outbound import allowances
from postroom.outbound.choice import server_of
from postroom.outbound.models import Delivery
from postroom.outbound.work import Item


def allow_company(items: Sequence[Item]) -> list[Item]:
    """Within a transaction: those of the items that their company may still send today; three queries, none where
    nothing counts. The foremost lanes go first, and a tenth of the day is never given to bulk.
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
        mine = sorted((item for item in counted if item.row.company_id == company), key=lambda item: item.row.lane)
        late += _over(mine, may[company].limit, sent[company] - number, day)
    if late:
        _put_off(late, day, {company: one.limit for company, one in may.items()})
    left = set(late)
    return [item for item in items if item not in left]


def _over(items: Sequence[Item], limit: int, sent: int, day: date) -> list[Item]:
    """Those that are too many; the others count."""
    late: list[Item] = []
    for item in items:
        if limit and sent >= limit - kept_from(limit, item.row.lane):
            late.append(item)
            continue
        sent, item.counted_on = sent + 1, day
    return late


def _put_off(items: Sequence[Item], day: date, limits: dict[int, int]) -> None:
    """They are taken off the count and wait until the day that has room for them, behind those that wait already; the
    days over which they are tried begin then.
    """
    over = Counter(item.row.company_id for item in items)
    allowances.uncount(over, day)
    ahead = {company: allowances.waiting_for_tomorrow(company) for company in over}
    for item in items:
        row, limit = item.row, limits[item.row.company_id]
        until = allowances.resets_at(ahead[row.company_id] // max(1, limit - kept_from(limit, row.lane)))
        ahead[row.company_id] += int(row.reason != Reason.COMPANY_LIMIT)
        row.state, row.due, row.renewed_at = DeliveryState.QUEUED, until, until
        row.reason, row.words = Reason.COMPANY_LIMIT.value, allowances.words(limit, until)
    move(
        Delivery,
        [item.row for item in items],
        ("state", "due", "reason", "words", "renewed_at", "dispatch"),
        before=DeliveryState.CLAIMED,
    )


def uncount(items: Iterable[Item]) -> None:
    """Within a transaction: these did not leave after all; they count when they are tried again."""
    days: dict[date, Counter[int]] = {}
    for item in items:
        if item.counted_on is not None:
            days.setdefault(item.counted_on, Counter())[item.row.company_id] += 1
    for day, amounts in days.items():
        allowances.uncount(amounts, day)
