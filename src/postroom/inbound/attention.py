"""What about the way in needs attention: arrivals that failed, that wait for somebody, that nobody settles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from postroom.core.delivery.states import ArrivalState
from postroom.directory.access import NO_COMPANY, companies
from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.inbound.models import ORDINARY, InboundMail, Route
from postroom.infra.clock import now
from postroom.infra.database.literals import words

OLD = timedelta(minutes=10)  # an arrival that was due for so long should have been settled
MOST = 200  # arrivals in a state that are counted
NEWEST = 500  # arrivals of no company that are looked at: one that could not even be read has no route


@attention(Permission.ARRIVALS_READ)
def unsettled(user: User) -> Iterator[Attention]:
    """Arrivals that a worker should have settled by now; one query, whoever's they are."""
    at = now()
    free = Q(lease_until=None) | Q(lease_until__lt=at)
    late = InboundMail.objects.filter(free, due__lt=at - OLD).order_by("due")
    since = late.values_list("due", flat=True).first()
    if since is not None:
        yield Attention(
            Weight.BAD,
            _("Mail waits for the worker"),
            _("It is safe, but stands on no desk yet. See that the worker runs: `postroom doctor` says what is wrong."),
            "arrivals",
            _("See what waits"),
            since=since,
        )


@attention(Permission.ARRIVALS_READ)
def stranded(user: User) -> Iterator[Attention]:
    """Arrivals that failed, and those that are held; a query for each company and state."""
    mine = companies(user, Permission.ARRIVALS_READ)
    failed = [*_routes(mine, ArrivalState.FAILED), *_unread(mine)]
    if failed:
        title = ngettext("%(count)s arrival failed", "%(count)s arrivals failed", len(failed))
        text = _("The mail is kept, but stands on no desk. Read what went wrong, mend it, and route the mail again.")
        yield _item(Weight.BAD, title, text, failed, "failed", _("See why"))
    if held := _routes(mine, ArrivalState.HELD):
        title = ngettext("%(count)s arrival is held", "%(count)s arrivals are held", len(held))
        text = _("Too much came at once, or it looked like a loop. Release what should stand on a desk.")
        yield _item(Weight.WARNING, title, text, held, "held", _("Decide"))


def _item(weight: Weight, title: str, text: str, moments: list[datetime], state: str, action: str) -> Attention:
    count = f"{len(moments):,}" if len(moments) < MOST else _("%(most)s or more") % {"most": f"{MOST:,}"}
    shown = title % {"count": count}
    return Attention(weight, shown, text, "arrivals", action, since=min(moments), query=f"state={state}")


def _routes(mine: Iterable[int], state: ArrivalState) -> list[datetime]:
    """Since when the newest arrivals are so of which a route of these companies is in this state."""
    found: dict[int, datetime] = {}
    for company in mine:
        rows = Route.objects.filter(company_id=company, state=state).exclude(state__in=words(ORDINARY))
        found |= dict(rows.order_by("-arrival_id").values_list("arrival_id", "created_at")[:MOST])
    return list(found.values())


def _unread(mine: frozenset[int]) -> list[datetime]:
    """When the newest arrivals of no company came that failed before they had a route."""
    if NO_COMPANY not in mine:
        return []
    rows = InboundMail.objects.filter(company_id=NO_COMPANY).order_by("-pk").values_list("state", "received_at", "pk")
    failed = {pk: at for state, at, pk in rows[:NEWEST] if state == ArrivalState.FAILED}
    routed = set(Route.objects.filter(arrival_id__in=failed).values_list("arrival_id", flat=True)) if failed else set()
    return [at for pk, at in failed.items() if pk not in routed]


@attention(Permission.ARRIVALS_READ)
def nothing_came(user: User) -> Iterator[Attention]:
    """That no mail has ever come in; one query."""
    if not InboundMail.objects.exists():
        yield Attention(
            Weight.STEP,
            _("No mail has come in yet"),
            _("Let your mail server hand the domain's mail over, then write to one of your addresses."),
            "arrivals",
            _("Watch it arrive"),
        )
