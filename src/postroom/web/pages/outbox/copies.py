"""The Outbox: every copy that left or waits, and what somebody decides about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from postroom.core.delivery.decisions import Order, Verb, sources
from postroom.core.delivery.states import DeliveryState
from postroom.core.delivery.waiting import Reason
from postroom.directory.access import companies, may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.outbound import selectors
from postroom.outbound.models import Delivery
from postroom.outbound.queue import control
from postroom.outbound.queue.groups import named_servers
from postroom.records.models import Record
from postroom.records.selectors import by_refs
from postroom.web.pages.common import for_those_who_may, found, key, number, reader, wants
from postroom.web.pages.outbox.asked import Asked, asked
from postroom.web.pages.outbox.naming import (
    CHOICES,
    COPIES,
    DECISIONS,
    DELAYED,
    KEPT_HERE,
    REASONS,
    SCHEDULED,
    TRYING_AGAIN,
    Decision,
)
from postroom.web.pages.times import until as time_of
from postroom.web.places import record_url
from postroom.web.trace import State
from postroom.web.views import Person

LONGEST_SUBJECT = 500  # characters of a subject that a list shows


@dataclass(frozen=True, slots=True)
class Row:
    """A copy as the list shows it. `said` is what became of it, in words; `about` the record, where it is known."""

    id: int
    url: str
    state: State
    to: Person
    subject: str = ""
    said: str = ""
    about: str = ""
    about_url: str = ""
    server: str = ""
    at: datetime | None = None
    waits: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of copies with its filter. `next` and `newest` are addresses, empty where they lead nowhere. `narrowed`
    names what it asks for besides state and text, which `hidden` keeps; `decide` is where to decide about all of it.
    """

    url: str
    rows: tuple[Row, ...] = ()
    choices: tuple[tuple[str, State], ...] = ()
    chosen: str = ""
    text: str = ""
    next: str = ""
    newest: str = ""
    narrowed: tuple[str, ...] = ()
    hidden: tuple[tuple[str, str], ...] = ()
    decide: str = ""
    decides: bool = False
    verbs: tuple[Decision, ...] = tuple(DECISIONS.values())


def state_of_row(row: Delivery) -> State:
    """The tag of a copy; one that was put off says so, one that is scheduled or late, and one that the outbox of this
    machine keeps.
    """
    if row.state == DeliveryState.QUEUED and row.reason == Reason.SCHEDULED:
        return SCHEDULED
    if selectors.is_delayed(row):
        return DELAYED
    if row.state == DeliveryState.QUEUED and row.attempts:
        return TRYING_AGAIN
    if is_kept(row):
        return KEPT_HERE
    return COPIES.get(row.state) or State(row.state, "circle-dashed")


def is_kept(row: Delivery) -> bool:
    """Whether a copy went no further than the outbox of this machine."""
    return row.state == DeliveryState.ACCEPTED and row.dispatch is not None and row.dispatch.is_kept_here


def waits_for(row: Delivery) -> tuple[str, datetime | None]:
    """What a copy waits for in a few words, and until when; nothing where it does not wait to be sent."""
    if row.due is None:
        return "", None
    if not row.reason or row.due <= now():
        return _("Leaves as soon as it is its turn"), None
    return str(REASONS.get(row.reason, row.reason)), row.due


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_list(request: HttpRequest) -> HttpResponse:
    """Every copy, newest first; htmx asks for the rows alone."""
    user, wanted, before = reader(request), asked(request.GET), key(request)
    page = selectors.deliveries(user, wanted.by, before=before)
    about = by_refs(user, {row.letter.about for row in page.rows if row.letter.about})
    names = server_names(page.rows, wanted.by.server)
    hidden = {name: value for name, value in wanted.parameters.items() if name not in {"q", "state"}}
    shown = Asked(wanted.chosen, replace(wanted.by, text=""))
    listing = Listing(
        url=wanted.address("outbound"),
        rows=tuple(_row(row, about.get(row.letter.about), names) for row in page.rows),
        choices=tuple((name, COPIES[states[0]]) for name, states in CHOICES.items()),
        chosen=wanted.chosen,
        text=wanted.by.text,
        next=wanted.address("outbound", before=page.next) if page.next else "",
        newest=wanted.address("outbound") if before else "",
        narrowed=shown.words(names) if wanted.narrows else (),
        hidden=tuple(hidden.items()),
        decide=wanted.address("outbound-decide") if wanted.parameters else "",
        decides=may(user, Permission.OUTBOUND_MANAGE),
    )
    template = "web/outbound/rows.html" if wants(request, "rows") else "web/outbound/list.html"
    return render(request, template, {"title": _("Outbox"), "here": "outbound", "list": listing})


def server_names(rows: Sequence[Delivery], also: int | None = None) -> dict[int, str]:
    """The names of the servers that people chose for these copies, by id; a query where there is one."""
    keys = {row.server for row in rows if row.server is not None and row.dispatch is None}
    return named_servers(keys | ({also} if also is not None else set()))


def _row(row: Delivery, about: Record | None, names: Mapping[int, str]) -> Row:
    waits, until = waits_for(row)
    chosen = names.get(row.server, "") if row.server is not None else ""
    return Row(
        id=row.pk,
        url=reverse("outbound-copy", args=[row.pk]),
        state=state_of_row(row),
        to=Person(row.name, row.address),
        subject=row.letter.subject[:LONGEST_SUBJECT],
        said="" if is_kept(row) else row.words,
        about=record_words(about) if about else "",
        about_url=record_url(about.type, about.pk) if about else "",
        server=row.dispatch.server_name if row.dispatch else chosen,
        at=row.created_at,
        waits=waits,
        until=until,
    )


def record_words(record: Record) -> str:
    """A record in one line."""
    return f"{record.number} {record.title}".strip()


def verbs_for(user: User, row: Delivery) -> tuple[Decision, ...]:
    """What `user` may do to a copy now, most useful first."""
    if row.company_id not in companies(user, Permission.OUTBOUND_MANAGE):
        return ()
    at_once = row.due is not None and row.due <= now()
    state = DeliveryState(row.state)
    known = (one for verb, one in DECISIONS.items() if state in sources(verb))
    return tuple(one for one in known if not (at_once and one.verb is Verb.SEND_NOW))


@require_POST
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Carry out what somebody decided about one copy."""
    user = reader(request)
    row = found(selectors.delivery(user, pk)).delivery
    if row.company_id not in companies(user, Permission.OUTBOUND_MANAGE):
        raise PermissionDenied
    order = order_from(request.POST)
    try:
        outcome = control.decide(user, [pk], order)
    except control.CannotDecide as problem:
        messages.error(request, str(problem))
        return redirect("outbound-copy", pk)
    if outcome.done:
        messages.success(request, str(DECISIONS[order.verb].said))
    else:
        messages.error(request, " ".join(one.why for one in outcome.refused))
    return redirect("outbound-copy", pk)


def order_from(given: QueryDict) -> Order:
    """The order that a form gave.

    Raises:
        Http404: it names no verb.

    """
    verb = given.get("action", "")
    if verb not in set(Verb):
        raise Http404
    return Order(Verb(verb), at=time_of(given.get("at", "")), server=number(given.get("server_id", "")))
