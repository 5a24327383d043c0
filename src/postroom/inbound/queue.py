"""The queue of arrivals: their bytes, who has to wait for whom, their earlier routes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction

from postroom.core.delivery.states import ArrivalState
from postroom.core.errors import PostroomError
from postroom.inbound.models import InboundMail, RawMail, Route
from postroom.inbound.work import Read
from postroom.infra import blobs
from postroom.infra.clock import now
from postroom.infra.database.base import keep

WAIT_FOR_PARENT = timedelta(minutes=10)
LOOK_AGAIN = (0.2, 0.5, 1.0, 2.0)  # seconds until an arrival comes again: once, twice, three times and from then on
MOST_KNOWN = 10_000  # arrivals of which a worker knows how often it gave them back
MOST_BYTES = 32 * 1024 * 1024  # of mail that a worker holds for a batch; a larger one comes alone


class BytesGone(PostroomError):
    """The bytes of an arrival are kept no longer."""


@dataclass(slots=True)
class Taken:
    """Arrivals with their bytes, those that are too many to read at once, and those whose bytes can't be read."""

    mails: list[tuple[InboundMail, bytes]] = field(default_factory=list)
    later: list[InboundMail] = field(default_factory=list)
    lost: list[tuple[InboundMail, Exception]] = field(default_factory=list)


def waiting(most: int) -> int:
    """How many arrivals are due and not leased, counted up to `most`: a look, no lock."""
    due = InboundMail.objects.filter(due__lte=now())
    free = due.filter(lease_until__isnull=True) | due.filter(lease_until__lt=now())
    return free[:most].count()


def take(ids: Sequence[int]) -> Taken:
    """Arrivals and their bytes, in the order of their ids; one query."""
    taken, size = Taken(), 0
    for arrival in InboundMail.objects.filter(pk__in=ids).select_related("raw__blob").order_by("pk"):
        if size and size + arrival.size > MOST_BYTES:
            taken.later.append(arrival)
            continue
        try:
            taken.mails.append((arrival, bytes_of(arrival.raw)))
        except RawMail.DoesNotExist:
            taken.lost.append((arrival, BytesGone("The bytes of this mail are kept no longer.")))
        except (blobs.BlobMissing, OSError) as error:
            taken.lost.append((arrival, error))
        else:
            size += arrival.size
    return taken


def bytes_of(raw: RawMail) -> bytes:
    """The mail as it came."""
    return bytes(raw.data) if raw.data is not None else blobs.read(raw.blob) if raw.blob else b""


def ready(reads: Sequence[Read]) -> tuple[list[Read], list[Read]]:
    """Those that can be settled now, and those that answer a mail which another worker has not settled yet."""
    referenced = {value for read in reads for value in read.referenced}
    if not referenced:
        return list(reads), []
    own = [read.arrival.pk for read in reads]
    open_ = InboundMail.objects.filter(
        message_id__in=referenced,
        due__isnull=False,
        state=ArrivalState.ARRIVED,
        received_at__gte=now() - WAIT_FOR_PARENT,
    ).exclude(pk__in=own)
    parents = dict(open_.values_list("message_id", "pk"))
    waiting = {r.arrival.pk for r in reads if any(parents.get(v, r.arrival.pk) < r.arrival.pk for v in r.referenced)}
    return [r for r in reads if r.arrival.pk not in waiting], [r for r in reads if r.arrival.pk in waiting]


def give_back(arrivals: Sequence[InboundMail], token: str, seconds: float = LOOK_AGAIN[0]) -> None:
    """Let these wait so long: nothing was done about them."""
    if not arrivals:
        return
    with transaction.atomic():
        held = keep(InboundMail, token, [arrival.pk for arrival in arrivals])
        due = now() + timedelta(seconds=seconds)
        InboundMail.objects.filter(pk__in=held).update(lease_token="", lease_until=None, due=due)


class Returns:
    """How often a worker gave an arrival back. Each time it stays away longer: to look again is to read it again, and
    strangers decide how large a mail is and how slow their DNS.
    """

    def __init__(self) -> None:
        self._times: dict[int, int] = {}

    def give_back(self, arrivals: Sequence[InboundMail], token: str) -> None:
        """Let these wait, those that came back before longer than the others."""
        pauses: dict[float, list[InboundMail]] = {}
        for arrival in arrivals:
            times = self._times.pop(arrival.pk, 0)
            self._times[arrival.pk] = times + 1  # the newest stands last
            pauses.setdefault(LOOK_AGAIN[min(times, len(LOOK_AGAIN) - 1)], []).append(arrival)
        for seconds, some in pauses.items():
            give_back(some, token, seconds)
        while len(self._times) > MOST_KNOWN:
            del self._times[next(iter(self._times))]

    def forget(self, keys: Iterable[int]) -> None:
        """These are settled."""
        for key in keys:
            self._times.pop(key, None)


def routes_of(reads: Sequence[Read]) -> dict[int, list[Route]]:
    """The routes that these arrivals have from an earlier try; no query where none was tried before."""
    tried = [read.arrival.pk for read in reads if read.arrival.attempts or read.arrival.replayed_by]
    routes: dict[int, list[Route]] = {}
    for route in Route.objects.filter(arrival__in=tried).order_by("pk") if tried else ():
        routes.setdefault(route.arrival_id, []).append(route)
    return routes
