"""Step 5c: what waits for a limit leaves sooner where there is room by now: it was changed, or learnt to be higher.

It comes round every few seconds, and only where something waits. As much is brought forward as may leave until a moment
after the next round, in order of lane and time, so that a long queue is never gone through.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from postroom.core.sending import pacing
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.core.sending.pace_rows import from_plain, to_plain
from postroom.core.sending.pace_windows import INTERACTIVE
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import update_rows
from postroom.infra.database.literals import words
from postroom.outbound.allowances import WAITS
from postroom.outbound.models import Delivery, PaceScope, SendingPace
from postroom.outbound.paces.known import Key, forget, known, limits_of, locked
from postroom.outbound.paces.words import reason

MOST = 500  # copies of one pace that are brought forward at once
ROUNDS = 20
HORIZON = 1.0 / 6.0  # minutes
SOON = timedelta(milliseconds=10)
BARELY = timedelta(seconds=1)  # a copy that would leave only so much sooner stays as it is


def look_again(at: datetime | None = None) -> int:
    """Bring forward what may leave sooner than it was told; returns how many copies. One query for each pace of which
    something waits, and a transaction where there is room; nothing where nothing waits.
    """
    at = at or now()
    waiting = [key for key, one in known().items() if one.waits_until and one.waits_until > at]
    return sum(_all_of(key, at) for key in sorted(waiting))


def _all_of(key: Key, at: datetime) -> int:
    """As often as there was room for all that was looked at: where a limit was lifted, much may leave."""
    total, moved = 0, MOST
    while moved == MOST and total < ROUNDS * MOST:
        moved = _look_again(key, at)
        total += moved
    return total


def _look_again(key: Key, at: datetime) -> int:
    room = len(_times(key, SendingPace.objects.get(pk=known()[key].pk), at, [INTERACTIVE] * MOST))
    if not room:
        return 0
    found = _first(key, room)
    if not found:
        return _nothing_waits(key)
    with transaction.atomic():
        times = _times(key, locked([key])[key], at, [copy.lane for copy in found])
        sooner = [
            (copy, time) for copy, time in zip(found, times, strict=False) if copy.due and time + BARELY < copy.due
        ]
        return _bring_forward(sooner, is_free=room == MOST)


def _times(key: Key, row: SendingPace, at: datetime, lanes: list[int]) -> list[datetime]:
    """When copies of these lanes may leave until a moment after the next round."""
    begin, minute = at.timestamp(), config().pace_minute
    pace = pacing.clean(from_plain(row.state), begin, minute)
    times = pacing.sooner(pace, limits_of(key), begin, begin + HORIZON * minute, lanes, minute)
    return [datetime.fromtimestamp(free, UTC) + SOON for free in times]


def _bring_forward(copies: Sequence[tuple[Delivery, datetime]], *, is_free: bool) -> int:
    """Within a transaction: those that still wait. Where there is room for all they wait for the limit no more; else
    they keep saying so, since the next round counts them.
    """
    keys = [copy.pk for copy, _ in copies]
    still = Delivery.objects.filter(pk__in=keys, lease_token="", due__isnull=False).select_for_update(of=("self",))
    waiting = set(still.order_by("pk").values_list("pk", flat=True)) if keys else set()
    rows = []
    for copy, time in copies:
        if copy.pk in waiting:
            copy.due, copy.reason = time, "" if is_free else copy.reason
            rows.append(copy)
    update_rows(Delivery, rows, ("due", "reason"))
    return len(rows)


def _first(key: Key, most: int) -> list[Delivery]:
    """The first copies that wait for this limit, with those whose time has come."""
    return list(waiting_for(key).order_by("lane", "due").only("pk", "lane", "due", "reason")[:most])


def waiting_for(key: Key) -> QuerySet[Delivery]:
    """The copies that wait for this limit."""
    whose, scope, own = key
    rows = Delivery.objects.filter(reason__in=words([reason(key)]), due__isnull=False, dispatch__isnull=False)
    if scope == PaceScope.COMPANY:
        return rows.filter(company=whose).exclude(words__startswith=WAITS)  # those of its plan have their own time
    if scope == PaceScope.SERVER:
        return rows.filter(dispatch__server=None if own == str(DEFAULT_SERVER) else int(own))
    by_server = Q(dispatch__server__company=whose) if whose else Q(dispatch__server__company=None)
    if scope == PaceScope.DESTINATION:
        return rows.filter(by_server, destination=own)
    return rows.filter(by_server, dispatch__from_email__endswith=f"@{own}")


def _nothing_waits(key: Key) -> int:
    """The plan was of copies that were withdrawn or brought forward: others do not wait behind it."""
    with transaction.atomic():
        row = locked([key])[key]
        row.state, row.waits_until = to_plain(pacing.without_plans(from_plain(row.state))), None
        update_rows(SendingPace, [row], ("state", "waits_until"))
    forget()
    return 0
