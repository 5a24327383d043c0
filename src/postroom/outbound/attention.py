"""What about the way out needs attention: servers that let nobody in, queues that stand still, copies that failed.

Each company is looked at by itself, in the order of an index: the newest copies that wait and the oldest. So a queue
of a hundred thousand costs no more than one of a thousand, and counts say "1,000 or more".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from postroom.core.delivery.states import DeliveryState
from postroom.directory.access import companies
from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.literals import words
from postroom.outbound.models import ENDED_WELL, Attempt, Delivery, Lane, OutgoingServer
from postroom.outbound.servers import shown
from postroom.outbound.transports.protocol import Result

OLD = timedelta(minutes=10)  # a copy that was due for so long should have been tried
RECENT = timedelta(days=3)  # for so long a copy that failed stands among what needs attention
LOOK = 500  # copies of a company that are looked at from each end of its queue
TRIES = 2000  # of the latest tries, those in which a server may have let somebody in since
MOST = 200  # failed copies that are counted
OPENING = frozenset({"connect", "greeting", "tls", "login"})  # phases before a server has let us in

_S = DeliveryState


@dataclass(frozen=True, slots=True)
class Waiting:
    """A copy that waits: when it is due, what is said of it, by which server it was tried last, how far that came."""

    id: int
    lane: int
    due: datetime
    words: str = ""
    server: int | None = None
    name: str = ""
    tried: int = 0
    phase: str = ""
    said: str = ""
    began: datetime | None = None


@dataclass(slots=True)
class Trouble:
    """A server that lets nobody in: the copies that wait for it, since when, and what was said last."""

    name: str
    copies: set[int] = field(default_factory=set)
    since: datetime | None = None
    last: int = 0
    said: str = ""

    def add(self, one: Waiting) -> None:
        self.copies.add(one.id)
        if one.phase in OPENING and one.began is not None:
            self.since = min(self.since or one.began, one.began)
            if one.tried > self.last:
                self.last, self.said = one.tried, one.said


def open_copies(company: int, state: DeliveryState) -> QuerySet[Delivery]:
    """The copies of a company in a state in which somebody may have to act; on the index of those alone."""
    return Delivery.objects.filter(company_id=company, state=state).exclude(state__in=words(ENDED_WELL))


@attention(Permission.OUTBOUND_READ)
def queue(user: User) -> Iterator[Attention]:
    """Servers that let nobody in, and copies that should have been tried long ago."""
    waiting = _waiting(companies(user, Permission.OUTBOUND_READ))
    if not waiting:
        return
    down = _down(waiting)
    known = set(shown(user).filter(pk__in=[server for server in down if server]).values_list("pk", flat=True))
    for server, trouble in down.items():
        yield _server_down(server if server in known else None, trouble)
    yield from _standing(waiting, {copy for trouble in down.values() for copy in trouble.copies})


def _waiting(mine: Iterable[int]) -> list[Waiting]:
    """The newest and the oldest copies that wait, of each of these companies; two queries a company."""
    latest = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    found: dict[int, tuple[Any, ...]] = {}
    for company in mine:
        rows = (
            open_copies(company, _S.QUEUED)
            .annotate(tried=Subquery(latest))
            .values_list("pk", "lane", "due", "words", "tried")
        )
        for order in ("-pk", "pk"):
            found |= {row[0]: row for row in rows.order_by(order)[:LOOK]}
    numbers = {row[4] for row in found.values() if row[4]}
    tries = Attempt.objects.select_related("dispatch").defer("dispatch__trace").in_bulk(numbers) if numbers else {}
    return [_read(row, tries.get(row[4])) for row in found.values() if row[2] is not None]


def _read(row: tuple[Any, ...], tried: Attempt | None) -> Waiting:
    pk, lane, due, words, _number = row
    if tried is None:
        return Waiting(pk, lane, due, words)
    by = tried.dispatch
    return Waiting(
        pk, lane, due, words, by.server_id, by.server_name, tried.pk, tried.phase, tried.words, tried.began_at
    )


def _down(waiting: Sequence[Waiting]) -> dict[int | None, Trouble]:
    """The servers whose latest tries, of what waits, did not get in; not those that took something since."""
    found: dict[int | None, Trouble] = {}
    for one in waiting:
        if one.tried:
            found.setdefault(one.server, Trouble(one.name)).add(one)
    found = {server: trouble for server, trouble in found.items() if trouble.last}
    for trouble in found.values():  # what had no turn, since the server was down, was told its words
        trouble.copies |= {one.id for one in waiting if not one.tried and one.words and one.words == trouble.said}
    if found:
        for server, number, phase in _tries_since(min(trouble.last for trouble in found.values())):
            if server in found and phase not in OPENING and number > found[server].last:
                del found[server]
    return found


def _tries_since(number: int) -> list[tuple[int | None, int, str]]:
    tries = Attempt.objects.filter(pk__gt=number).exclude(outcome="").exclude(outcome=Result.UNKNOWN.value)
    return list(tries.order_by("-pk").values_list("dispatch__server_id", "pk", "phase")[:TRIES])


def _server_down(server: int | None, trouble: Trouble) -> Attention:
    waits = ngettext(
        "%(count)s copy waits and is tried again by itself.",
        "%(count)s copies wait and are tried again by themselves.",
        len(trouble.copies),
    ) % {"count": counted(len(trouble.copies), LOOK)}
    action = _("Test the server") if server else _("See the servers")
    text = f"{trouble.said.rstrip('. ')}. {waits}" if trouble.said else waits
    title = _("%(server)s lets nobody in") % {"server": trouble.name}
    args = (server,) if server else ()
    return Attention(Weight.BAD, title, text, "server" if server else "servers", action, args, trouble.since)


def _standing(waiting: Sequence[Waiting], known: set[int]) -> Iterator[Attention]:
    """Copies that were due long ago, by server; not what is for many, nor what waits for a server that is down."""
    old, limit = dict[str, list[datetime]](), now() - OLD
    for one in waiting:
        if one.due < limit and one.lane != Lane.BULK and one.id not in known:
            old.setdefault(one.name, []).append(one.due)
    for name, dues in old.items():
        title = ngettext(
            "%(count)s copy should have left by now", "%(count)s copies should have left by now", len(dues)
        ) % {"count": counted(len(dues), LOOK)}
        by = _("%(server)s was chosen for them.") % {"server": name} if name else _("Nobody has taken them up.")
        text = _("%(by)s See that the worker runs; a server that is slow shows in the tries of a copy.") % {"by": by}
        action = _("See what waits")
        yield Attention(Weight.BAD, title, text, "outbound", action, since=min(dues), query="state=waiting")


@attention(Permission.OUTBOUND_READ)
def ended_badly(user: User) -> Iterator[Attention]:
    """Copies of the last days that failed, or of which nobody knows; two queries a company."""
    mine, since = companies(user, Permission.OUTBOUND_READ), now() - RECENT
    if unknown := _ended(mine, (_S.UNKNOWN,), since):
        title = ngettext("%(count)s copy may have left", "%(count)s copies may have left", len(unknown))
        yield Attention(
            Weight.WARNING,
            title % {"count": counted(len(unknown), MOST)},
            _("The connection broke before the server's answer. None is sent twice by itself: you decide."),
            "outbound",
            _("Decide"),
            since=min(unknown),
            query="state=unknown",
        )
    if failed := _ended(mine, (_S.FAILED, _S.BOUNCED), since):
        title = ngettext("%(count)s copy did not arrive", "%(count)s copies did not arrive", len(failed))
        yield Attention(
            Weight.WARNING,
            title % {"count": counted(len(failed), MOST)},
            _("In the last three days, with what the servers said. Mend the address, or send it again."),
            "outbound",
            _("See why"),
            since=min(failed),
            query="state=failed",
        )


def _ended(mine: Iterable[int], states: Sequence[DeliveryState], since: datetime) -> list[datetime]:
    """When the newest copies in these states got there, as far as that was after `since`."""
    found: list[datetime] = []
    for company in mine:
        for state in states:
            rows = open_copies(company, state).order_by("-pk").values_list("settled_at", flat=True)[:MOST]
            found += [at for at in rows if at is not None and at >= since]
    return found


def counted(number: int, most: int) -> str:
    """A count as one says it, where no more than `most` were looked at."""
    return f"{number:,}" if number < most else _("%(most)s or more") % {"most": f"{most:,}"}


@attention(Permission.SERVERS_MANAGE)
def no_server(user: User) -> Iterator[Attention]:
    """Mail that only this machine keeps, since no server takes it; one query."""
    if config().outgoing_server or OutgoingServer.objects.filter(is_active=True).exists():
        return
    yield Attention(
        Weight.STEP,
        _("No outgoing server yet"),
        _("Answers are kept in a folder of this machine and reach nobody. Connect the server that sends your mail."),
        "server-new",
        _("Add a server"),
    )
