"""The Outbox: every copy that left or waits, and what somebody decides about one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from postroom.core.delivery.states import DeliveryEvent, DeliveryState
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.outbound import selectors, services
from postroom.outbound.models import Delivery
from postroom.records.models import Record
from postroom.records.selectors import by_refs
from postroom.web.pages.common import for_those_who_may, found, key, reader, shortened, wants
from postroom.web.pages.records.strips import allows
from postroom.web.places import record_url
from postroom.web.trace import State
from postroom.web.views import Person

LONGEST_SUBJECT = 500  # characters of a subject that a list shows

_S = DeliveryState
COPIES: Mapping[str, State] = {
    _S.HELD: State(gettext_lazy("Held"), "hand", "warn"),
    _S.QUEUED: State(gettext_lazy("Waiting"), "clock"),
    _S.CLAIMED: State(gettext_lazy("Taken up"), "clock"),
    _S.TRANSMITTING: State(gettext_lazy("On the wire"), "loader"),
    _S.ACCEPTED: State(gettext_lazy("Taken"), "check", "ok"),
    _S.UNKNOWN: State(gettext_lazy("Unknown"), "circle-question-mark", "warn"),
    _S.DELIVERED: State(gettext_lazy("Delivered"), "mail-check", "ok"),
    _S.FAILED: State(gettext_lazy("Failed"), "mail-warning", "bad"),
    _S.BOUNCED: State(gettext_lazy("Returned"), "mail-warning", "bad"),
    _S.COMPLAINED: State(gettext_lazy("Marked as spam"), "flag", "bad"),
    _S.CANCELLED: State(gettext_lazy("Withdrawn"), "ban"),
}
TRYING_AGAIN = State(gettext_lazy("Trying again"), "rotate-cw", "warn")
KEPT_HERE = State(gettext_lazy("Kept here"), "archive")

# The filter of the list: each choice and the states that it stands for.
CHOICES: Mapping[str, tuple[DeliveryState, ...]] = {
    "waiting": (_S.QUEUED, _S.CLAIMED, _S.TRANSMITTING),
    "taken": (_S.ACCEPTED, _S.DELIVERED),
    "failed": (_S.FAILED, _S.BOUNCED, _S.COMPLAINED),
    "unknown": (_S.UNKNOWN,),
    "held": (_S.HELD,),
    "withdrawn": (_S.CANCELLED,),
}

Verb = Callable[[User, Sequence[int]], int]
# What a person may do to a copy: the event, the service, what is said afterwards.
VERBS: Mapping[str, tuple[DeliveryEvent, Verb, Promise]] = {
    "again": (DeliveryEvent.SEND_AGAIN, services.send_again, gettext_lazy("Queued again. It is sent in a moment.")),
    "release": (DeliveryEvent.RELEASE, services.release, gettext_lazy("Released. It is sent in a moment.")),
    "hold": (DeliveryEvent.HOLD, services.hold, gettext_lazy("Held. It is not sent until somebody releases it.")),
    "cancel": (DeliveryEvent.CANCEL, services.cancel, gettext_lazy("Withdrawn. It is not sent.")),
}


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


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of copies with its filter. `next` and `newest` are addresses, empty where they lead nowhere."""

    url: str
    rows: tuple[Row, ...] = ()
    choices: tuple[tuple[str, State], ...] = ()
    chosen: str = ""
    text: str = ""
    next: str = ""
    newest: str = ""


def state_of_row(row: Delivery) -> State:
    """The tag of a copy; one that was put off says so, and one that the outbox of this machine keeps."""
    if row.state == _S.QUEUED and row.attempts:
        return TRYING_AGAIN
    if is_kept(row):
        return KEPT_HERE
    return COPIES.get(row.state) or State(row.state, "circle-dashed")


def is_kept(row: Delivery) -> bool:
    """Whether a copy went no further than the outbox of this machine."""
    return row.state == _S.ACCEPTED and row.dispatch is not None and row.dispatch.is_kept_here


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_list(request: HttpRequest) -> HttpResponse:
    """Every copy, newest first; htmx asks for the rows alone."""
    user, chosen = reader(request), request.GET.get("state", "")
    chosen = chosen if chosen in CHOICES else ""
    text, before = shortened(request.GET.get("q", "")), key(request)
    page = selectors.deliveries(user, states=CHOICES.get(chosen, ()), text=text, before=before)
    about = by_refs(user, {row.letter.about for row in page.rows if row.letter.about})
    listing = Listing(
        url=_address(chosen, text),
        rows=tuple(_row(row, about.get(row.letter.about)) for row in page.rows),
        choices=tuple((name, COPIES[states[0]]) for name, states in CHOICES.items()),
        chosen=chosen,
        text=text,
        next=_address(chosen, text, page.next) if page.next else "",
        newest=_address(chosen, text) if before else "",
    )
    template = "web/outbound/rows.html" if wants(request, "rows") else "web/outbound/list.html"
    return render(request, template, {"title": _("Outbox"), "here": "outbound", "list": listing})


def _address(chosen: str, text: str, before: int | None = None) -> str:
    asked = {name: value for name, value in (("q", text), ("state", chosen), ("before", before)) if value}
    return reverse("outbound") + (f"?{urlencode(asked)}" if asked else "")


def _row(row: Delivery, about: Record | None) -> Row:
    return Row(
        id=row.pk,
        url=reverse("outbound-copy", args=[row.pk]),
        state=state_of_row(row),
        to=Person(row.name, row.address),
        subject=row.letter.subject[:LONGEST_SUBJECT],
        said="" if is_kept(row) else row.words,
        about=record_words(about) if about else "",
        about_url=record_url(about.type, about.pk) if about else "",
        server=row.dispatch.server_name if row.dispatch else "",
        at=row.created_at,
    )


def record_words(record: Record) -> str:
    """A record in one line."""
    return f"{record.number} {record.title}".strip()


def verbs_for(user: User, row: Delivery) -> tuple[str, ...]:
    """What `user` may do to a copy now, most useful first."""
    if row.company_id not in companies(user, Permission.OUTBOUND_MANAGE):
        return ()
    return tuple(name for name, (event, _service, _said) in VERBS.items() if allows(row.state, event))


@require_POST
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_act(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a copy again, withdraw, hold or release it."""
    user = reader(request)
    row = found(selectors.delivery(user, pk)).delivery
    if row.company_id not in companies(user, Permission.OUTBOUND_MANAGE):
        raise PermissionDenied
    verb = VERBS.get(request.POST.get("action", ""))
    if verb is None:
        raise Http404
    _event, service, said = verb
    done = service(user, [pk])
    messages.success(request, str(said) if done else _("Nothing was changed: the copy has moved on meanwhile."))
    return redirect("outbound-copy", pk)
