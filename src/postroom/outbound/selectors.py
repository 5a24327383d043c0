"""Questions about copies: the Outbox by key, one copy with its tries, its bytes as they were sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from postroom.core.delivery import waiting as waits
from postroom.core.delivery.states import DeliveryState
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.prepared import prepared
from postroom.infra.paging import Page, newest, page_of
from postroom.outbound.access import readable
from postroom.outbound.choice import grounds
from postroom.outbound.models import Attempt, Delivery, Dispatch, Lane, OutgoingServer
from postroom.outbound.queue.copy_filter import EVERY, CopyFilter, filtered
from postroom.outbound.steps.choose import dispatch
from postroom.outbound.steps.fit import files_of
from postroom.outbound.steps.render import press_of

PAGE = 50
WAITS = (DeliveryState.QUEUED.value, DeliveryState.HELD.value)
_CONTENT = ("letter__html", "letter__text", "letter__references", "dispatch__trace")


@dataclass(frozen=True, slots=True)
class Shown:
    """A copy with its letter, the last choice of server, and every try, oldest first, each with its own choice."""

    delivery: Delivery
    tries: tuple[Attempt, ...] = ()


def deliveries(user: User, by: CopyFilter = EVERY, *, before: int | None = None, limit: int = PAGE) -> Page[Delivery]:
    """Copies that `user` may see and the filter asks for, newest first: those before id `before`.

    Each with its letter and choice, but without the letter's bodies and the trace of the choice.
    """
    mine, rows = companies(user, Permission.OUTBOUND_READ), filtered(Delivery.objects.all(), by)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    keys = newest(rows, mine, "pk", limit + 1)
    return page_of(_listed(keys), keys, limit)


@prepared
def _listed(keys: Sequence[int]) -> QuerySet[Delivery]:
    found = Delivery.objects.filter(pk__in=keys).select_related("letter", "dispatch").defer(*_CONTENT)
    return found.order_by("-pk")


def delivery(user: User, pk: int) -> Shown | None:
    """One copy with its letter, choice and tries, or None where it isn't there for `user`."""
    row = readable(user).filter(pk=pk).select_related("letter", "dispatch__server").first()
    if row is None:
        return None
    return Shown(row, tuple(row.tries.select_related("dispatch").order_by("pk")))


def servers_for_many(companies: Collection[int]) -> dict[int, tuple[int, str]]:
    """For each of these companies that has one the server, by id and name, that what is written to several records at
    once leaves by: one of its own before one of everybody's, then as servers are asked. One query.
    """
    rows = OutgoingServer.objects.filter(for_many=True, is_active=True, owner=None)
    mine = rows.filter(Q(company__in=companies) | Q(company=None)).order_by("priority", "name", "pk")
    found: list[tuple[int | None, int, str]] = list(mine.values_list("company_id", "pk", "name"))
    first: dict[int | None, tuple[int, str]] = {company: (pk, name) for company, pk, name in reversed(found)}
    shared = first.get(None)
    return {company: one for company in companies if (one := first.get(company) or shared)}


def is_delayed(row: Delivery) -> bool:
    """Whether a copy is late through trouble outside; no query."""
    since = row.renewed_at or row.created_at
    return waits.is_delayed(row.state, row.reason, since, now(), config().send_delayed_hours)


def oldest_waiting(at: datetime) -> datetime | None:
    """Since when the copy that was first due at `at` could have been sent, leaving out what is for many and takes its
    time; None where nothing waits. A look in each lane, so that a long queue costs no more than a short one.
    """
    due = Delivery.objects.filter(due__lte=at).order_by("due").values_list("due", flat=True)
    firsts = (due.filter(lane=lane).first() for lane in (Lane.INTERACTIVE, Lane.NOTIFICATION))
    return min(filter(None, firsts), default=None)


def waiting() -> int:
    """How many copies will be tried, now or later."""
    return Delivery.objects.filter(due__isnull=False).count()


def rendered(row: Delivery) -> bytes:
    """The copy as bytes: those that were sent, or, where it was not sent yet, those that would be by the choice now.

    Raises:
        BlobMissing: the file of an attachment is gone.
        InvalidHeader, InvalidAddress: it can't be written, so it was not sent either.

    """
    if row.dispatch is None:
        row.dispatch = _now(row)
    return press_of([row]).copy(row).mime()


def chosen(row: Delivery) -> Dispatch | None:
    """How a copy was sent, or, where it waits, how it would be by the choice now: that one has no id. None where it
    ended before it was sent.
    """
    return row.dispatch or (_now(row) if row.state in WAITS else None)


def _now(row: Delivery) -> Dispatch:
    place = (row.letter.company_id, row.letter.domain_id)
    files = files_of([row.letter_id]).get(row.letter_id, ())
    return dispatch(row.letter, grounds([place])[place], files, row.server)
