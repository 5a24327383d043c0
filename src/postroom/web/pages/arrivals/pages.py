"""Arrivals: what came, what was refused at the door, one arrival with its routes, its source, and routing it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from postroom.core.delivery.states import ArrivalState
from postroom.core.encoded_words import decode_words, unfold
from postroom.core.message.parse import parse
from postroom.directory.roles import Permission
from postroom.domains.models import Alias
from postroom.inbound import selectors, services
from postroom.inbound.access import may_replay
from postroom.inbound.models import Route
from postroom.inbound.selectors import Arrival
from postroom.records.models import Record
from postroom.web.pages.common import for_those_who_may, found, key, reader, wants
from postroom.web.pages.records.content import FILE_POLICY, eml_name
from postroom.web.places import record_url
from postroom.web.proofs import Proof, proof_of
from postroom.web.trace import STATES, Line, State, state_of, trace_of
from postroom.web.views import Person

LONGEST_SUBJECT = 500  # characters of a subject that a list shows
SHOWN_SOURCE = 200_000  # bytes of source that a page shows; the rest is in the download
AGAIN = frozenset({ArrivalState.FAILED, ArrivalState.HELD, ArrivalState.REFUSED, ArrivalState.IGNORED})

_S = ArrivalState
# The filter of the list: each choice and the states that it stands for.
CHOICES: dict[str, tuple[ArrivalState, ...]] = {
    "waiting": (_S.ARRIVED, _S.CLAIMED, _S.RETRYING),
    "routed": (_S.ROUTED, _S.REPORTED),
    "held": (_S.HELD,),
    "refused": (_S.REFUSED,),
    "failed": (_S.FAILED,),
    "ignored": (_S.IGNORED,),
    "duplicate": (_S.DUPLICATE,),
}


@dataclass(frozen=True, slots=True)
class Target:
    """Where a route leads: words, and the page of the record where there is one."""

    words: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An arrival as the list shows it. `size` is in bytes."""

    id: int
    url: str
    state: State
    author: Person
    subject: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    door: str = ""
    at: datetime | None = None
    size: int = 0
    targets: tuple[Target, ...] = ()
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of arrivals with its filter. `next` and `newest` are addresses, empty where they lead nowhere."""

    url: str
    rows: tuple[Row, ...] = ()
    choices: tuple[tuple[str, State], ...] = ()
    chosen: str = ""
    next: str = ""
    newest: str = ""


@for_those_who_may(Permission.ARRIVALS_READ)
def arrival_list(request: HttpRequest) -> HttpResponse:
    """Every mail that came; htmx asks for the rows alone."""
    chosen = request.GET.get("state", "")
    chosen = chosen if chosen in CHOICES else ""
    before = key(request)
    page = selectors.arrivals(reader(request), states=CHOICES.get(chosen, ()), before=before)
    listing = Listing(
        url=_address(chosen),
        rows=tuple(_row(one) for one in page.rows),
        choices=tuple((name, STATES[states[0]]) for name, states in CHOICES.items()),
        chosen=chosen,
        next=_address(chosen, page.next) if page.next else "",
        newest=_address(chosen) if before else "",
    )
    template = "web/arrivals/rows.html" if wants(request, "rows") else "web/arrivals/list.html"
    return render(request, template, {"title": _("Arrivals"), "here": "arrivals", "list": listing})


def _address(chosen: str, before: int | None = None) -> str:
    asked = {name: value for name, value in (("state", chosen), ("before", before)) if value}
    return reverse("arrivals") + (f"?{urlencode(asked)}" if asked else "")


def _row(one: Arrival) -> Row:
    mail = one.mail
    return Row(
        id=mail.pk,
        url=reverse("arrival", args=[mail.pk]),
        state=state_of(one.state),
        author=Person(mail.author_name, mail.author_email or mail.sender),
        subject=mail.subject[:LONGEST_SUBJECT],
        sender=mail.sender,
        recipients=tuple(one.recipients),
        door=mail.source,
        at=mail.received_at,
        size=mail.size,
        targets=tuple(target for route in one.routes if (target := target_of(route)).url),
        proof=proof_of(mail.level, mail.verdict),
    )


def target_of(route: Route) -> Target:
    """The record that a route made or wrote into, else its own words for where it led."""
    message = route.message
    if message is not None:
        record = message.thread.record
        return Target(f"{record.number} {record.title}".strip(), record_url(record.type, record.pk))
    kinds = {
        "report": _("Delivery news"),
        "trip": _("Proof of a domain"),
        "filter": _("Kept back by a filter"),
        "identity": _("Kept back without a proof of its sender"),
    }
    return Target(kinds.get(route.target.partition(":")[0], ""))


def _target_meant(route: Route, named: Mapping[str, Alias | Record]) -> Target:
    """As `target_of`; where nothing was posted, the address or the record that it was meant for."""
    meant = named.get(route.target)
    if route.message_id or meant is None:
        return target_of(route)
    if isinstance(meant, Alias):
        return Target(meant.address)
    return Target(f"{meant.number} {meant.title}".strip(), record_url(meant.type, meant.pk))


@dataclass(frozen=True, slots=True)
class RouteShown:
    """A route with its trace; `state` is the tag. `attempts` counts those that were begun."""

    id: int
    state: State
    target: Target
    because: str = ""
    recipients: tuple[str, ...] = ()
    attempts: int = 0
    error: str = ""
    trace: tuple[Line, ...] = ()
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ArrivalPage:
    """An arrival with everything that its page shows."""

    arrival: Arrival
    state: State
    author: Person
    title: str = ""
    error: str = ""
    routes: tuple[RouteShown, ...] = ()
    again: bool = False
    held: bool = False
    may_allow: bool = False
    proof: Proof | None = None
    misleads: tuple[str, ...] = ()


@for_those_who_may(Permission.ARRIVALS_READ)
def arrival_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One arrival: how it came, and what became of it; htmx asks for the state and routes alone."""
    one = found(selectors.arrival(reader(request), pk))
    page = _arrival_page(one, may=may_replay(reader(request), one.mail))
    template = "web/arrivals/routes.html" if wants(request, "routes") else "web/arrivals/page.html"
    return render(request, template, {"title": page.title, "here": "arrivals", "page": page})


def _arrival_page(one: Arrival, *, may: bool) -> ArrivalPage:
    states = {route.state for route in one.routes} or {one.state}
    error = one.mail.error if one.whole and all(route.error != one.mail.error for route in one.routes) else ""
    held = ArrivalState.HELD in states or any(_was_refused_by_choice(route) for route in one.routes)
    named = selectors.targets(one.routes)
    return ArrivalPage(
        arrival=one,
        state=state_of(one.state),
        author=Person(one.mail.author_name, one.mail.author_email or one.mail.sender),
        title=one.mail.subject or _("No subject"),
        routes=tuple(_route(route, named) for route in one.routes),
        error=error,
        again=may and bool(states & AGAIN),
        held=may and held,
        may_allow=may and bool(one.mail.author_email) and any(_is_held_at_alias(route) for route in one.routes),
        proof=proof_of(one.mail.level, one.mail.verdict),
        misleads=tuple(dict.fromkeys(text for route in one.routes for text in _misleading(route))),
    )


def _misleading(route: Route) -> Iterator[str]:
    """What of the From misleads, as its trace has it."""
    return (str(line.get("text", "")) for line in route.trace if line.get("step") == "from")


def _was_refused_by_choice(route: Route) -> bool:
    """Whether it was refused where it might as well have been held: by a filter, or by what its domain wants."""
    return route.state == ArrivalState.REFUSED and route.target in ("filter", "identity")


def _route(route: Route, named: Mapping[str, Alias | Record]) -> RouteShown:
    return RouteShown(
        id=route.pk,
        state=state_of(route.state),
        target=_target_meant(route, named),
        because=route.because,
        recipients=tuple(str(address) for address in route.recipients),
        attempts=route.attempts,
        error=route.error,
        trace=trace_of(route.trace),
        settled_at=route.settled_at,
    )


def _is_held_at_alias(route: Route) -> bool:
    """Whether the sender may be freed from the limits that hold this route."""
    return route.state == ArrivalState.HELD and route.target.startswith("alias:")


@require_POST
@for_those_who_may(Permission.ARRIVALS_REPLAY)
def replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Route an arrival again: `release` lets held mail pass, `allow` its sender for ever."""
    user = reader(request)
    one = found(selectors.arrival(user, pk))
    if not may_replay(user, one.mail):
        raise PermissionDenied
    action = request.POST.get("action", "replay")
    if action == "allow":
        services.always_allow(pk, by=user)
    else:
        services.replay([pk], by=user, release=action == "release")
    messages.success(request, _said(action, one))
    return redirect("arrival", pk)


def _said(action: str, one: Arrival) -> str:
    if action == "allow":
        return _("Released. Mail of %(sender)s is always allowed from now on.") % {"sender": one.mail.author_email}
    return _("Released. It is routed in a moment.") if action == "release" else _("It is routed again in a moment.")


@dataclass(frozen=True, slots=True)
class Source:
    """The source of an arrival: its headers decoded, and its text as far as a page shows it."""

    arrival: Arrival
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    size: int = 0
    cut: bool = False
    kept: bool = True


@for_those_who_may(Permission.ARRIVALS_READ)
def arrival_source(request: HttpRequest, pk: int) -> HttpResponse:
    """The headers and the source of an arrival."""
    one = found(selectors.arrival(reader(request), pk))
    raw = selectors.source(reader(request), pk)
    shown = Source(one, kept=False)
    if raw is not None:
        text = raw[:SHOWN_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n").replace("\0", "\N{SYMBOL FOR NULL}")
        shown = Source(one, tuple(_headers(raw)), text, len(raw), cut=len(raw) > SHOWN_SOURCE)
    title = one.mail.subject or _("No subject")
    return render(request, "web/arrivals/source.html", {"title": title, "here": "arrivals", "source": shown})


def _headers(raw: bytes) -> Iterator[tuple[str, str]]:
    """Each header field in order, decoded; only the header section is read."""
    ends = [place for mark in (b"\r\n\r\n", b"\n\n") if (place := raw.find(mark, 0, SHOWN_SOURCE)) >= 0]
    head = raw[: min(ends, default=SHOWN_SOURCE)]
    for name, value in parse(head + b"\r\n\r\n").headers.fields:
        yield name, decode_words(unfold(value))


@for_those_who_may(Permission.ARRIVALS_READ)
def arrival_download(request: HttpRequest, pk: int) -> HttpResponse:
    """The bytes of an arrival as they came, as a file."""
    one = found(selectors.arrival(reader(request), pk))
    raw = selectors.source(reader(request), pk)
    if raw is None:
        return render(request, "web/gone.html", {"name": one.mail.subject}, status=HTTPStatus.GONE)
    response = HttpResponse(raw, content_type="message/rfc822")
    response.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=eml_name(one.mail.subject, pk)) or "attachment"
    )
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@for_those_who_may(Permission.ARRIVALS_READ)
def refusal_list(request: HttpRequest) -> HttpResponse:
    """What was refused at the doors, latest first; htmx asks for the rows alone."""
    before = _moment(request.GET.get("before", ""))
    page = selectors.refusals(reader(request), before=before)
    start = reverse("refusals")
    shown = {
        "title": _("Refused at the door"),
        "here": "arrivals",
        "rows": page.rows,
        "next": f"{start}?{urlencode({'before': _written(page.next)})}" if page.next else "",
        "newest": start if before else "",
    }
    template = "web/arrivals/refusal_rows.html" if wants(request, "rows") else "web/arrivals/refusals.html"
    return render(request, template, shown)


def _written(moment: tuple[datetime, int]) -> str:
    return f"{moment[0].isoformat()}_{moment[1]}"


def _moment(given: str) -> tuple[datetime, int] | None:
    """The key (time, id) of a page of refusals; None where it is no such key."""
    written, _line, pk = given.partition("_")
    try:
        at = datetime.fromisoformat(written)
        return (at if timezone.is_aware(at) else timezone.make_aware(at), int(pk))
    except (ValueError, OverflowError):
        return None
