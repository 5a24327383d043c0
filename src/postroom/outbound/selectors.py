"""Questions about copies: the Outbox by key, one copy with its tries, its bytes as they were sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from postroom.core.delivery.states import DeliveryState
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.database.literals import words
from postroom.infra.database.prepared import prepared
from postroom.infra.paging import Page, newest, page_of
from postroom.outbound.access import readable
from postroom.outbound.choice import grounds
from postroom.outbound.models import ENDED_WELL, Attempt, Delivery, Dispatch, Lane
from postroom.outbound.steps.choose import dispatch
from postroom.outbound.steps.render import press_of

PAGE = 50
WAITS = (DeliveryState.QUEUED.value, DeliveryState.HELD.value)
_CONTENT = ("letter__html", "letter__text", "letter__references", "dispatch__trace")


@dataclass(frozen=True, slots=True)
class Shown:
    """A copy with its letter, the last choice of server, and every try, oldest first, each with its own choice."""

    delivery: Delivery
    tries: tuple[Attempt, ...] = ()


def deliveries(
    user: User,
    *,
    states: Sequence[str] = (),
    about: str = "",
    text: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> Page[Delivery]:
    """Copies that `user` may see, newest first: those before id `before`, in one of `states`, of the record `about`,
    with `text` in address, name or subject.

    Each with its letter and choice, but without the letter's bodies and the trace of the choice.
    """
    mine, rows = companies(user, Permission.OUTBOUND_READ), Delivery.objects.all()
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if states:
        rows = rows.filter(state__in=states)
        if not set(states) & set(ENDED_WELL):
            rows = rows.exclude(state__in=words(ENDED_WELL))
    if about:
        rows = rows.filter(letter__about=about)
    if text:
        named = Q(address__icontains=text) | Q(name__icontains=text) | Q(letter__subject__icontains=text)
        rows = rows.filter(named)
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
    return dispatch(row.letter, grounds([place])[place])
