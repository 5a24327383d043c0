"""What people decide about copies: schedule, hold, release, withdraw, send again, send now, change the server.

State, words, reason and due of a copy change together. Copies that can't follow are named with the reason, the others
do. What was claimed and is not on the wire is taken back: its worker finds its lease gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Q

from postroom.core.delivery.decisions import (
    AT_ONCE_BY_ANOTHER,
    CLOSING,
    NO_COPY,
    NOT_YOURS,
    Order,
    Verb,
    after,
    problem,
    why_not,
    words,
)
from postroom.core.delivery.states import DELIVERIES, DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.core.errors import PostroomError
from postroom.core.sending.facts import DEFAULT_SERVER
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.database.base import update_rows
from postroom.infra.logs import logger
from postroom.outbound.access import manageable, readable
from postroom.outbound.choice import default_server
from postroom.outbound.events import DeliveryNews
from postroom.outbound.models import Delivery, Letter, OutgoingServer
from postroom.outbound.news import tell

log = logger(__name__)

AT_ONCE = 500  # copies of one transaction
SETTLED = DELIVERIES.final | {DeliveryState.ACCEPTED}
# What the last reply meant says nothing about a copy that is tried anew, or of which somebody knows what became.
NEW_START = CLOSING | {Verb.SEND_AGAIN}
CHANGED = (
    "state", "words", "reason", "reply_class", "due", "attempts", "dispatch", "server", "lease_token", "lease_until",
    "renewed_at", "settled_at",
)  # fmt: skip


class CannotDecide(PostroomError):
    """The decision can't be carried out for any copy; the words say why."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A copy that stayed as it was, and why, as a sentence."""

    id: int
    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """The ids of the copies that followed, and those that did not."""

    done: tuple[int, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ready:
    """An order with all that it needs. `usable` are the companies that may use its server; None: all may."""

    order: Order
    who: str
    at: datetime
    name: str = ""
    usable: frozenset[int] | None = None


def servers_for(user: User) -> list[tuple[int, str]]:
    """Id and name of the servers that copies can be sent by instead, the default server last: active ones of the
    companies that `user` decides for or of all companies, nobody's own.
    """
    mine = companies(user, Permission.OUTBOUND_MANAGE)
    found = OutgoingServer.objects.filter(Q(company__in=mine) | Q(company=None), is_active=True, owner=None)
    named = list(found.order_by("priority", "name", "pk").values_list("pk", "name")) if mine else []
    return [*named, (DEFAULT_SERVER, default_server().name)]


def check(user: User, order: Order) -> None:
    """Raises CannotDecide where the order can be carried out for no copy at all."""
    _ready(user, order)


def decide(user: User, ids: Sequence[int], order: Order, *, as_part: bool = False) -> Done:
    """Carry an order out for at most `AT_ONCE` copies, in one transaction. `as_part`: of more, which is logged as one.

    Raises:
        CannotDecide: for none of them it can be.

    """
    if len(ids) > AT_ONCE:
        raise CannotDecide(f"At most {AT_ONCE} copies at once: name a filter for more.")
    ready = _ready(user, order)
    with transaction.atomic():
        rows = list(manageable(user).filter(pk__in=ids).order_by("pk").select_for_update(of=("self",)))
        refused = {row.pk: why for row in rows if (why := _against(row, ready))}
        led = [_lead(row, ready) for row in rows if row.pk not in refused]
        update_rows(Delivery, led, CHANGED)
        _forget_secrets(led, order)
        tell([DeliveryNews(row.pk, row.company_id, row.state) for row in led])
    if not as_part:
        log.info("copies decided", verb=order.verb.value, copies=len(led), refused=len(refused), by=user.username)
    missing = set(ids).difference(row.pk for row in rows)
    refused |= _unseen(user, missing)
    return Done(tuple(row.pk for row in led), tuple(Refused(key, refused[key]) for key in sorted(refused)))


def _forget_secrets(rows: Sequence[Delivery], order: Order) -> None:
    """What stood in a mail alone is kept no longer than until it arrived."""
    if order.verb is Verb.ARRIVED and rows:
        letters = Letter.objects.filter(pk__in={row.letter_id for row in rows}, secret__isnull=False)
        letters.update(secret=None)


def _ready(user: User, order: Order) -> _Ready:
    at = now()
    if said := problem(order, at):
        raise CannotDecide(said)
    if order.verb is not Verb.CHANGE_SERVER or order.server is None:
        return _Ready(order, user.name, at)
    if order.server == DEFAULT_SERVER:
        return _Ready(order, user.name, at, default_server().name)
    if order.server not in dict(servers_for(user)):
        raise CannotDecide("Choose an active server of the company, or one for all companies.")
    row = OutgoingServer.objects.only("name", "company_id").get(pk=order.server)
    return _Ready(order, user.name, at, row.name, None if row.company_id is None else frozenset({row.company_id}))


def _against(row: Delivery, ready: _Ready) -> str:
    """Why this copy can't follow; empty where it can."""
    verb, state = ready.order.verb, DeliveryState(row.state)
    if after(verb, state) is None:
        return why_not(verb, state)
    if ready.usable is not None and row.company_id not in ready.usable:
        return f"{ready.name} does not send for its company."
    if verb is Verb.SEND_NOW and not row.reason and row.due and row.due <= ready.at:
        return "It is due: it leaves as soon as it is its turn."
    return ""


def _unseen(user: User, missing: Iterable[int]) -> Mapping[int, str]:
    known = set(readable(user).filter(pk__in=missing).values_list("pk", flat=True)) if missing else set()
    return {key: NOT_YOURS if key in known else NO_COPY for key in missing}


def _lead(row: Delivery, ready: _Ready) -> Delivery:
    """The copy as the order leaves it."""
    order = ready.order
    row.state = after(order.verb, DeliveryState(row.state)) or row.state
    row.lease_token, row.lease_until = "", None
    if order.verb is Verb.CHANGE_SERVER:
        return _by_another(row, ready)
    row.words, row.reason, row.due = words(order, ready.who, ready.name), "", None
    row.settled_at = ready.at if row.state in SETTLED else None
    if row.state == DeliveryState.QUEUED:
        _queue(row, order, ready.at)
    if order.verb is Verb.SEND_AGAIN:
        row.attempts = 0
    if order.verb in NEW_START:
        row.reply_class = ""
    return row


def _queue(row: Delivery, order: Order, at: datetime) -> None:
    """When it is due, and from when on the days count over which it is tried."""
    row.due = at
    if order.verb is Verb.SCHEDULE and order.at is not None:
        row.reason, row.due = Reason.SCHEDULED, order.at.astimezone(UTC)
    row.renewed_at = min(row.renewed_at or at, at) if order.verb is Verb.SEND_NOW else row.due


def _by_another(row: Delivery, ready: _Ready) -> Delivery:
    """With the server that was chosen, and due now if it waited for what the other has nothing to do with; what it
    waits for otherwise, and who holds it, stays.
    """
    row.server, row.dispatch = ready.order.server, None
    if row.state == DeliveryState.QUEUED and (row.reason in AT_ONCE_BY_ANOTHER or not row.reason):
        row.reason, row.due = "", ready.at
        row.words = words(ready.order, ready.who, ready.name)
    return row
