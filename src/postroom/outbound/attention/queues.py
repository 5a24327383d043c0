"""What about the way out needs attention: servers that let nobody in, lanes that stand still, copies that failed.

Each look goes along an index and ends after some copies. So a queue of a hundred thousand costs no more than one of a
thousand, and counts say "500 or more".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.core.sending.lanes import BULK, INTERACTIVE, NOTIFICATION
from postroom.directory.access import companies
from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.config import config
from postroom.infra.database.literals import Number, words
from postroom.outbound.models import ENDED_WELL, Delivery, OutgoingServer
from postroom.outbound.queue.ages import QueueAge, late
from postroom.outbound.servers import circuits
from postroom.outbound.servers.services import shown

RECENT = timedelta(days=3)  # for so long a copy that failed stands among what needs attention
LOOK = 500  # copies that wait for a server that are counted
MOST = 200  # failed copies that are counted
TOLD = frozenset({Reason.SERVER_DOWN, Reason.COMPANY_LIMIT})  # waits that have a line of their own

_S = DeliveryState


def open_copies(company: int, state: DeliveryState) -> QuerySet[Delivery]:
    """The copies of a company in a state in which somebody may have to act; on the index of those alone."""
    return Delivery.objects.filter(company_id=company, state=state).exclude(state__in=words(ENDED_WELL))


@attention(Permission.OUTBOUND_READ)
def queue(user: User) -> Iterator[Attention]:
    """Servers that let nobody in, and lanes whose oldest copy waits for too long."""
    mine = companies(user, Permission.OUTBOUND_READ)
    if not mine:
        return
    yield from _down(user, mine)
    yield from _late([one for one in late(mine) if one.reason not in TOLD])


def _down(user: User, mine: Collection[int]) -> Iterator[Attention]:
    """A line for each server that is down and that the user knows of, or that copies of their companies wait for."""
    found = circuits.down()
    known = set(shown(user).filter(pk__in=[one for one in found if one]).values_list("pk", flat=True)) if found else ()
    for server, one in found.items():
        # a sum, so that no index of companies is taken: nearly all of their copies do not wait
        rows = circuits.waiting_for(server).annotate(whose=F("company_id") + Number(0)).filter(whose__in=mine)
        count = len(rows.values_list("pk")[:LOOK])
        if count or server in known:
            yield _server_down(one, server if server in known else None, count)


def _server_down(one: circuits.Known, server: int | None, count: int) -> Attention:
    waits = ngettext(
        "%(count)s copy waits and is tried again by itself.",
        "%(count)s copies wait and are tried again by themselves.",
        count,
    ) % {"count": counted(count, LOOK)}
    action = _("Test the server") if server else _("See the servers")
    text = " ".join([f"{one.said.rstrip('. ')}.", *([waits] if count else [])])
    title = _("%(server)s lets nobody in") % {"server": one.name}
    return Attention(
        Weight.BAD, title, text, "server" if server else "servers", action, (server,) if server else (), one.since
    )


def _late(ages: Sequence[QueueAge]) -> Iterator[Attention]:
    """A line for each server and lane of which the oldest copy waits for longer than it may."""
    for one in ages:
        title = {
            INTERACTIVE: _("An answer should have left by now"),
            NOTIFICATION: _("Notifications should have left by now"),
            BULK: _("Bulk mail should have left by now"),
        }[one.lane]
        text = one.words if one.reason else _idle(one)
        yield Attention(
            Weight.BAD, title, text, "outbound", _("See what waits"), since=one.since, query="state=waiting"
        )


def _idle(one: QueueAge) -> str:
    by = _("%(server)s was chosen for them.") % {"server": one.name} if one.name else _("Nobody has taken them up.")
    return _("%(by)s See that the worker runs; a server that is slow shows in the tries of a copy.") % {"by": by}


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
