"""Step 5a: no more copies than the server, the domains of sender and receiver and the company allow; the others wait
until their time, and say so. What servers say of too many is learnt here.

Places are taken in rows, some beforehand where there are many (`pace_desk`). Where nothing is limited nothing is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from postroom.core.delivery.bounce_rules import Scope as About
from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import LIMITS
from postroom.core.sending import pacing
from postroom.core.sending.pace_learning import Said
from postroom.core.sending.pace_rows import from_plain, to_plain
from postroom.core.sending.pacing import Limits, Pace
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.base import move, update_rows
from postroom.outbound.models import Delivery, PaceScope, SendingPace
from postroom.outbound.paces import known as pace_known
from postroom.outbound.paces import words as pace_words
from postroom.outbound.paces.desk import DESK, Block
from postroom.outbound.paces.known import Key, Place, limits_of, locked, paces_at
from postroom.outbound.replies import reply_class
from postroom.outbound.steps.allow_company import allow_company, uncount
from postroom.outbound.transports.protocol import Outcome
from postroom.outbound.transports.protocol import Result as Answer
from postroom.outbound.work import Item, PutOff, Result

SOON = timedelta(milliseconds=10)  # after the place is free, so that it is never claimed before
SHARE = 4  # of the places that are free, what a sender takes beforehand at most
LEAST_CODE = 400  # of a reply that says no
ABOUT = {About.SENDER: PaceScope.SENDER.value, About.DESTINATION: PaceScope.DESTINATION.value}
WRITTEN = ("state", "learnt_rate", "waits_until", "changed_at")
PUT_OFF = ("state", "due", "reason", "words", "renewed_at", "dispatch")


@dataclass(slots=True)
class _Row:
    """A pace that is locked."""

    row: SendingPace
    pace: Pace
    limits: Limits
    was_learnt: bool


@dataclass(slots=True)
class _News:
    """What results say of paces: copies that did not leave, by when they were taken; throttles; who takes again."""

    back: Counter[tuple[Key, float]] = field(default_factory=Counter)
    throttles: list[tuple[Key, float, Said]] = field(default_factory=list)
    took: set[Key] = field(default_factory=set)

    @property
    def keys(self) -> set[Key]:
        return {key for key, _ in self.back} | {key for key, *_ in self.throttles} | self.took


def transaction() -> AbstractContextManager[None]:
    """Around the transaction in which `allow` is asked."""
    return DESK.transaction()


def allow(
    items: Sequence[Item], results: Sequence[Result] = (), put_offs: Iterable[PutOff] = (), at: float | None = None
) -> list[Item]:
    """Within a transaction: those of the items that may leave now, in order; what became of others is learnt from.

    Two statements, however many copies, where something is limited, and one for those that wait; none where nothing is,
    or where places were taken beforehand.
    """
    at = now().timestamp() if at is None else at
    news = _heard(results, put_offs, at)
    for item in items:
        item.paces, item.taken_at, item.asks = (), at, False
    groups = _groups(items)
    rows = _locked(news.keys | _short(groups, at), at)
    _learn(rows, news, at)
    late = _take(rows, groups, at)
    _write(rows, at)
    left = [item for item in items if item not in late] if late else list(items)
    uncount(one.item for one in results if one.outcome.result is Answer.DEFERRED)
    return allow_company(left)


def give_back(items: Collection[Item]) -> None:
    """Within a transaction: these did not leave after all; no query where none was counted."""
    uncount(items)
    back = Counter((key, item.taken_at) for item in items for key in item.paces)
    if back:
        at = now().timestamp()
        rows = _locked({key for key, _ in back}, at)
        _learn(rows, _News(back=back), at)
        _write(rows, at)


def close() -> None:
    """Within a transaction: this sender ends, and what it had taken beforehand is for others."""
    at = now().timestamp()
    blocks = {key: one for key, one in DESK.empty().items() if one.left}
    if blocks:
        rows = _locked(blocks, at)
        _learn(rows, _News(back=Counter({(key, one.at): one.left for key, one in blocks.items()})), at)
        _write(rows, at)


# --- what came -------------------------------------------------------------------------------------------------------


def _heard(results: Iterable[Result], put_offs: Iterable[PutOff], at: float) -> _News:
    news, taken = _News(), Counter[tuple[Place, tuple[Key, ...]]]()
    for one in results:
        item, outcome = one.item, one.outcome
        if outcome.result is Answer.ACCEPTED:
            taken[_place(item), item.paces] += 1
            news.took.update(item.paces if item.asks else ())
        elif outcome.result is Answer.DEFERRED:
            news.back.update((key, item.taken_at) for key in item.paces)
        if outcome.result is not Answer.ACCEPTED and outcome.code >= LEAST_CODE:
            began = item.attempt.began_at.timestamp() if item.attempt else at
            news.throttles += _throttle(item, outcome, began)
    for put_off in put_offs:
        if put_off.items and put_off.outcome.code >= LEAST_CODE:
            news.throttles += _throttle(put_off.items[0], put_off.outcome, at)
    for (place, counted), number in taken.items():
        uncounted = dict.fromkeys((key for key in paces_at(place)[0] if key not in counted), number)
        DESK.tally.add(uncounted, at, config().pace_minute)
    return news


def _throttle(item: Item, outcome: Outcome, began: float) -> list[tuple[Key, float, Said]]:
    """The pace that was too fast, if that is what the server said."""
    found = reply_class(outcome.code, outcome.enhanced, outcome.words, outcome.phase)
    if not found.throttle:
        return []
    scope = ABOUT.get(found.scope, PaceScope.SERVER.value)
    (key,) = (one for one in paces_at(_place(item))[0] if one[1] == scope)
    return [(key, began, Said(outcome.code, outcome.enhanced[:12], outcome.words))]


def _learn(rows: dict[Key, _Row], news: _News, at: float) -> None:
    for (key, taken_at), number in news.back.items():
        rows[key].pace = pacing.gave_back(rows[key].pace, taken_at, number)
    for key in news.took:
        rows[key].pace = pacing.took(rows[key].pace, at)
    for key, began, said in news.throttles:
        rows[key].pace = pacing.throttled(rows[key].pace, at, began, said, config().pace_minute)


# --- places ----------------------------------------------------------------------------------------------------------


def _place(item: Item) -> Place:
    return item.server, item.sender, item.destination, item.row.company_id


def _groups(items: Sequence[Item]) -> dict[tuple[int, tuple[Key, ...]], list[Item]]:
    """The copies that need places, by lane and by the paces that they need them of, the foremost lane first."""
    found: dict[tuple[int, tuple[Key, ...]], list[Item]] = {}
    for item in items:
        if limited := paces_at(_place(item))[1]:
            found.setdefault((int(item.row.lane), limited), []).append(item)
    return dict(sorted(found.items(), key=lambda one: one[0]))


def _short(groups: dict[tuple[int, tuple[Key, ...]], list[Item]], at: float) -> set[Key]:
    """The paces of which more is needed than was taken beforehand."""
    needed: Counter[Key] = Counter()
    lanes: dict[Key, int] = {}
    for (lane, keys), some in groups.items():
        for key in keys:
            needed[key] += len(some)
            lanes[key] = lane  # the last one that needs it
    return {key for key, number in needed.items() if DESK.usable(key, at, lanes[key]) < number}


def _take(rows: dict[Key, _Row], groups: dict[tuple[int, tuple[Key, ...]], list[Item]], at: float) -> set[Item]:
    """Give places to as many copies as there are; those that have to wait."""
    late: set[Item] = set()
    for (lane, keys), some in groups.items():
        free = {key: _free(rows, key, at, lane) for key in keys}
        granted = min(len(some), *free.values())
        asks = any(key in rows and _is_asking(rows[key].pace) for key in keys)
        for key in keys if granted else ():
            _spend(rows, key, at, lane, granted)
        for item in some[:granted]:
            item.paces, item.asks = keys, asks
        if granted < len(some):
            short = min(keys, key=lambda key: (free[key], -_waits_until(rows, key, at, lane)))
            _put_off(rows[short], short, some[granted:], lane, at)
            late.update(some[granted:])
    return late


def _is_asking(pace: Pace) -> bool:
    return bool(pace.learnt and pace.learnt.misses)


def _free(rows: dict[Key, _Row], key: Key, at: float, lane: int) -> int:
    found, here = rows.get(key), DESK.usable(key, at, lane)
    return here + (pacing.places(found.pace, found.limits, at, lane, config().pace_minute) if found else 0)


def _waits_until(rows: dict[Key, _Row], key: Key, at: float, lane: int) -> float:
    found = rows.get(key)
    return pacing.next_free(found.pace, found.limits, at, lane, config().pace_minute) if found else at


def _spend(rows: dict[Key, _Row], key: Key, at: float, lane: int, number: int) -> None:
    """Use what was taken beforehand, then take the rest; where there is plenty, take some more for later."""
    number -= DESK.use(key, at, lane, number)
    found = rows.get(key)
    if not number or found is None:
        return
    minute = config().pace_minute
    size, seconds = pacing.block(found.limits, found.pace.learnt, minute)
    found.pace = pacing.taken(found.pace, found.limits, at, number, minute)
    more = min(size, pacing.places(found.pace, found.limits, at, lane, minute) // SHARE)
    if more > number and key not in DESK.taken and not DESK.usable(key, at, lane):
        until = at + seconds
        found.pace = pacing.taken(found.pace, found.limits, at, more, minute, until=until)
        DESK.taken[key] = Block(lane, at, until, more)


def _put_off(found: _Row, key: Key, items: Sequence[Item], lane: int, at: float) -> None:
    """These wait, each until its time comes; five days of trying begin then, where people wanted it so."""
    minute = config().pace_minute
    bound = pacing.binding(found.pace, found.limits, at, lane, minute)
    for again in (False, True):
        some = [item for item in items if (item.row.reason in LIMITS) is again]
        times, found.pace = pacing.put_off_until(found.pace, found.limits, at, len(some), lane, minute, again=again)
        for item, free in zip(some, times, strict=True):
            row = item.row
            row.state, row.due = DeliveryState.QUEUED, datetime.fromtimestamp(free, UTC) + SOON
            row.reason, row.words = pace_words.reason(key), pace_words.sentence(key, bound, row)
            row.renewed_at = row.renewed_at if bound.learnt else row.due
    move(Delivery, [item.row for item in items], PUT_OFF, before=DeliveryState.CLAIMED)


# --- rows ------------------------------------------------------------------------------------------------------------


def _locked(keys: Collection[Key], at: float) -> dict[Key, _Row]:
    """These paces as they stand now, with what this sender sent before it knew that they count."""
    if not keys:
        return {}
    return {key: _row(key, row, at) for key, row in locked(keys).items()}


def _row(key: Key, row: SendingPace, at: float) -> _Row:
    minute, limits = config().pace_minute, limits_of(key)
    pace = pacing.clean(from_plain(row.state), at, minute)
    expired = DESK.blocks.get(key)
    if expired and at > expired.until:
        del DESK.blocks[key]
        pace = pacing.gave_back(pace, expired.at, expired.left)
    sent = DESK.tally.pop(key, at, minute)
    asked = pace.learnt
    pace = replace(pacing.taken(pace, limits, at, sent, minute), learnt=asked)
    return _Row(row, pace, limits, row.learnt_rate > 0)


def _write(rows: dict[Key, _Row], at: float) -> None:
    for found in rows.values():
        row, pace = found.row, found.pace
        until = max((one.at for one in pace.plans.values() if one.at > at), default=None)
        row.state, row.learnt_rate = to_plain(pace), pace.learnt.rate if pace.learnt else 0.0
        row.waits_until = datetime.fromtimestamp(until, UTC) if until else None
        row.changed_at = datetime.fromtimestamp(at, UTC)
        if (row.learnt_rate > 0) is not found.was_learnt:
            pace_known.forget()
    update_rows(SendingPace, [found.row for found in rows.values()], WRITTEN)
