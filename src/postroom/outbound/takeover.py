"""A copy of an installation holds its mail until somebody takes over: the other one may have sent what waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.db.models import Max, QuerySet

from postroom.core.delivery.states import DeliveryEvent, DeliveryState
from postroom.core.errors import PostroomError
from postroom.infra import instance
from postroom.infra.database.literals import words
from postroom.infra.instance import Standing
from postroom.infra.logs import logger
from postroom.outbound.models import ENDED_WELL, Delivery
from postroom.outbound.services import lead_on

log = logger(__name__)

AT_ONCE = 500  # copies that are led on in one go
HELD = "It waited when this installation was copied: the other one may have sent it. Release it if it has not."
WITHDRAWN = "Withdrawn: it waited when this installation was copied, and was left to the other one."


class Waiting(StrEnum):
    """What becomes of copies that came with the database and waited."""

    HOLD = "hold"  # kept until a person releases each: the other one may have sent it
    SEND = "send"  # the other one is gone for good and has sent nothing since the copy was made
    CANCEL = "cancel"  # they are the other one's business


class NothingToDo(PostroomError):
    """The database is this installation's own."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many copies that came with the database were held or withdrawn, and under which id it goes on."""

    id: str
    settled: int


def notice() -> Standing:
    """What the database is; of a copy, note once up to which row it was made."""
    found = instance.standing()
    if found.is_copy and found.noticed is None:
        newest = Delivery.objects.aggregate(newest=Max("pk"))["newest"] or 0
        instance.note_copy(newest)
        found = instance.standing()
    return found


def in_doubt(found: Standing) -> QuerySet[Delivery]:
    """The copies that wait and came with the database; all that wait, where nobody noted how far those go."""
    rows = Delivery.objects.exclude(state__in=words(ENDED_WELL)).filter(
        state__in=(DeliveryState.QUEUED, DeliveryState.CLAIMED)
    )
    return rows if found.noticed is None else rows.filter(pk__lte=found.noticed)


def take_over(waiting: Waiting, *, by: str) -> Taken:
    """Make a copied database this installation's own, and let it send again.

    Raises:
        NothingToDo: it is already.

    """
    instance.forget()
    found = notice()
    if not found.is_copy:
        raise NothingToDo("This database is the installation's own: there is nothing to take over.")
    with transaction.atomic():
        settled = _settle(in_doubt(found), waiting)
        instance.take_over(remember=waiting is not Waiting.CANCEL)
    instance.settle_outside()
    id = instance.instance_id()
    log.warning("taken over", instance=id, before=found.id, by=by, waiting=waiting.value, settled=settled)
    return Taken(id, settled)


def _settle(rows: QuerySet[Delivery], waiting: Waiting) -> int:
    """Within a transaction: hold or withdraw these; a lease that came with the copy ends."""
    if waiting is Waiting.SEND:
        return 0
    event, because = (DeliveryEvent.HOLD, HELD) if waiting is Waiting.HOLD else (DeliveryEvent.CANCEL, WITHDRAWN)
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    return sum(
        lead_on(Delivery.objects.filter(pk__in=keys[at : at + AT_ONCE]), event, because)
        for at in range(0, len(keys), AT_ONCE)
    )
