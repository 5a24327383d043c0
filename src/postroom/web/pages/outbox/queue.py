"""The queue: what waits, in groups by what it waits for, where it goes and by which server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import WANTED
from postroom.directory.access import may
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.outbound.queue import operations
from postroom.outbound.queue.copy_filter import DUE
from postroom.outbound.queue.groups import Age, Group, Queue, queue_of
from postroom.web.pages.common import for_those_who_may, reader, wants
from postroom.web.pages.outbox.asked import Asked, narrowed, server_words
from postroom.web.pages.outbox.naming import COPIES, LANES, REASONS
from postroom.web.pages.outbox.operation import Progress, progress_of
from postroom.web.trace import State

HELPS = {
    DeliveryState.HELD: gettext_lazy("Nobody sends these until somebody releases them."),
    DeliveryState.UNKNOWN: gettext_lazy("They may have arrived: ask the recipient or look at the server's log."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A group as the page shows it. `count` is in words, `url` the list of its copies, `decide` where to decide."""

    key: str
    label: str
    count: str
    url: str
    decide: str
    oldest: datetime | None = None
    leaves: datetime | None = None
    state: State | None = None
    help: str = ""
    lane: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class QueuePage:
    """The whole page. `sampled` is set where destinations and servers were taken from the oldest copies only."""

    count: str = ""
    stopped: tuple[Line, ...] = ()
    reasons: tuple[Line, ...] = ()
    destinations: tuple[Line, ...] = ()
    ages: tuple[Line, ...] = ()
    sampled: str = ""
    more_destinations: bool = False
    running: tuple[Progress, ...] = ()
    decides: bool = False
    is_empty: bool = True


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_queue(request: HttpRequest) -> HttpResponse:
    """What waits; htmx asks for the groups alone."""
    user = reader(request)
    running = tuple(map(progress_of, operations.recent(user, running=True)))
    page = page_of(queue_of(user), running, decides=may(user, Permission.OUTBOUND_MANAGE))
    template = "web/outbound/groups.html" if wants(request, "groups") else "web/outbound/queue.html"
    return render(request, template, {"title": _("Queue"), "here": "outbound", "page": page})


def page_of(queue: Queue, running: Sequence[Progress], *, decides: bool) -> QueuePage:
    """The groups in words."""
    at = now()
    return QueuePage(
        count=said(queue.count, more=queue.more),
        stopped=tuple(_stopped(one) for one in queue.stopped),
        reasons=tuple(_reason(one, at) for one in queue.reasons),
        destinations=tuple(_destination(one, at) for one in queue.destinations),
        ages=tuple(_age(one) for one in queue.ages),
        sampled=f"{queue.sampled:,}" if queue.more or queue.sampled < queue.count else "",
        more_destinations=queue.more_destinations,
        running=tuple(running),
        decides=decides,
        is_empty=queue.is_empty,
    )


def said(count: int, *, more: bool) -> str:
    """A number of copies, and whether there are more."""
    return f"{count:,}+" if more else f"{count:,}"


def _line(one: Group, to: Asked, label: str, at: datetime | None = None, **more: object) -> Line:
    return Line(
        key=one.key,
        label=label,
        count=said(one.count, more=one.more),
        url=to.address("outbound"),
        decide=to.address("outbound-decide"),
        oldest=one.oldest,
        leaves=one.leaves if at and one.leaves and one.leaves > at else None,
        **more,  # type: ignore[arg-type]
    )


def _stopped(one: Group) -> Line:
    state = DeliveryState(one.key)
    return _line(one, narrowed(one.key), str(COPIES[state].word), state=COPIES[state], help=str(HELPS[state]))


def _reason(one: Group, at: datetime) -> Line:
    reason = one.key or DUE
    return _line(one, narrowed(reason=reason), str(REASONS.get(reason, reason)), at, plain=one.key in {"", *WANTED})


def _destination(one: Group, at: datetime) -> Line:
    line = _line(one, narrowed("waiting", destination=one.key), one.key or _("Destination not known"), at)
    return line if one.key else replace(line, decide="")  # that can't be asked for: it leads to all that waits


def _age(one: Age) -> Line:
    to = narrowed("waiting", server=one.server, lane=one.lane)
    label = one.name or server_words(one.server, "")
    group = Group(f"{one.server}-{one.lane}", one.count, one.more, one.oldest)
    return _line(group, to, label[:1].upper() + label[1:], lane=str(LANES.get(one.lane, one.lane)))
