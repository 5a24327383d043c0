"""Deciding about many copies: a group of the queue, all of a filter, or rows that were chosen in the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from postroom.core.delivery.decisions import Order, Verb, sources
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.outbound import access
from postroom.outbound.models import QueueOperation
from postroom.outbound.queue import control, operations
from postroom.outbound.queue.control import AT_ONCE, Done
from postroom.outbound.queue.copy_filter import filtered
from postroom.outbound.queue.groups import named_servers
from postroom.web.pages.common import for_those_who_may, number, reader
from postroom.web.pages.outbox.asked import Asked, asked
from postroom.web.pages.outbox.copies import order_from
from postroom.web.pages.outbox.naming import DECISIONS, NEEDS_MORE, Decision
from postroom.web.pages.outbox.operation import title_of

MOST_REASONS = 3  # refusals that are told one by one


@dataclass(frozen=True, slots=True)
class Offer:
    """A verb with the number of copies that would follow."""

    decision: Decision
    button: str


@dataclass(frozen=True, slots=True)
class DecidePage:
    """What may be decided about which copies: those of `ids`, else those of a filter. `error` stands beside `wrong`."""

    count: str
    words: tuple[str, ...]
    offers: tuple[Offer, ...]
    hidden: tuple[tuple[str, str], ...]
    servers: tuple[tuple[int, str], ...]
    back: str
    zone: str = ""
    error: str = ""
    wrong: str = ""
    at: str = ""
    server: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
@for_those_who_may(Permission.OUTBOUND_READ)
def outbound_decide(request: HttpRequest) -> HttpResponse:
    """What may be decided about these copies, with their number; a POST decides."""
    user, given = reader(request), request.POST if request.method == "POST" else request.GET
    if not may(user, Permission.OUTBOUND_MANAGE):
        raise PermissionDenied
    ids, wanted = _ids(given), asked(given)
    if not ids and not wanted.by:
        messages.error(request, _("Choose some rows first."))
        return redirect(_back(given))
    if request.method != "POST" or _is_to_be_asked(given):
        return _page(request, ids, wanted)
    try:
        return _decided(request, ids, wanted, order_from(given))
    except control.CannotDecide as problem:
        return _page(request, ids, wanted, str(problem))


def _is_to_be_asked(given: QueryDict) -> bool:
    """Whether the bar under the list named a verb that needs a time or a server: the page asks for it."""
    return "asked" not in given and given.get("action", "") in NEEDS_MORE


def _decided(request: HttpRequest, ids: Sequence[int], wanted: Asked, order: Order) -> HttpResponse:
    user = reader(request)
    if ids:
        outcome = control.decide(user, ids, order)
        (messages.success if outcome.done else messages.error)(request, told(order.verb, outcome))
        return redirect(_back(request.POST))
    row = operations.start(user, wanted.by, order)
    if row.state == QueueOperation.State.DONE:
        messages.success(request, f"{DECISIONS[order.verb].one}: {row.words}")
        return redirect("outbound-queue")
    return redirect("outbound-operation", row.pk)


def told(verb: Verb, outcome: Done) -> str:
    """How many followed, and which did not and why."""
    words: list[str] = []
    if count := len(outcome.done):
        said = ngettext("%(verb)s: %(count)d copy followed.", "%(verb)s: %(count)d copies followed.", count)
        words.append(said % {"verb": DECISIONS[verb].one, "count": count})
    words += [_("Not #%(id)d: %(why)s") % {"id": one.id, "why": one.why} for one in outcome.refused[:MOST_REASONS]]
    if (left := len(outcome.refused) - MOST_REASONS) > 0:
        words.append(ngettext("Nor %(left)d more.", "Nor %(left)d more.", left) % {"left": left})
    return " ".join(words)


def _page(request: HttpRequest, ids: Sequence[int], wanted: Asked, error: str = "") -> HttpResponse:
    user, given = reader(request), request.POST if request.method == "POST" else request.GET
    counts = _counts(user, ids, wanted)
    total = sum(counts.values())
    names = named_servers({wanted.by.server} if wanted.by.server is not None else set())
    page = DecidePage(
        count=f"{total:,}",
        words=wanted.words(names) if not ids else (),
        offers=tuple(_offers(counts)),
        hidden=tuple(("copy", str(pk)) for pk in ids) if ids else tuple(wanted.parameters.items()),
        servers=tuple(control.servers_for(user)),
        back=_back(given),
        zone=timezone.get_current_timezone_name(),
        error=error,
        wrong=given.get("action", ""),
        at=given.get("at", ""),
        server=given.get("server_id", ""),
    )
    said = ngettext("Decide about %(count)s copy", "Decide about %(count)s copies", total)
    context = {"title": said % {"count": page.count}, "here": "outbound", "page": page}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return render(request, "web/outbound/decide.html", context, status=status)


def _counts(user: User, ids: Sequence[int], wanted: Asked) -> dict[str, int]:
    """How many copies are in which state, of those about which `user` may decide."""
    rows = access.manageable(user)
    rows = rows.filter(pk__in=ids) if ids else filtered(rows, wanted.by)
    return dict(rows.order_by().values_list("state").annotate(Count("pk")))


def _offers(counts: dict[str, int]) -> list[Offer]:
    found = []
    for verb, decision in DECISIONS.items():
        if count := sum(counts.get(state, 0) for state in sources(verb)):
            found.append(Offer(decision, title_of(verb, count)))
    return found


def _ids(given: QueryDict) -> list[int]:
    return [pk for text in given.getlist("copy")[:AT_ONCE] if (pk := number(text))]


def _back(given: QueryDict) -> str:
    """The list that it was asked from, with its filter; else the queue."""
    back = given.get("back", "")
    known = {reverse("outbound"), reverse("outbound-queue")}
    here = url_has_allowed_host_and_scheme(back, None) and back.split("?", 1)[0] in known
    return back if here else reverse("outbound-queue")
