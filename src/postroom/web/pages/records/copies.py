"""One copy with its tries; sending again and withdrawing; accepting what is unverified; news of all copies shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from postroom.conversations import selectors, services
from postroom.conversations.copies import CopyDetails, copy, links, standings
from postroom.conversations.models import Message
from postroom.core.delivery.states import DELIVERIES, DeliveryEvent, DeliveryState
from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.outbound import services as outbound
from postroom.outbound.links import links_of
from postroom.outbound.selectors import chosen, is_delayed
from postroom.records.selectors import record_by_id
from postroom.web.pages.common import for_users, found, number, reader
from postroom.web.pages.outbox.linked import LinksShown, act, links_shown
from postroom.web.pages.records.strips import DELAYED, KEPT_HERE, WHAT_KEPT_MEANS, allows, state_of_copy, strips_of
from postroom.web.pages.records.thread import message_shown
from postroom.web.pages.records.timeline import Step, timeline
from postroom.web.places import message_url
from postroom.web.trace import Line, State, trace_of

MOST = 400  # messages of a page that are looked at
MOST_WHOLE = 20  # of them that come whole; the next news bring others


@dataclass(frozen=True, slots=True)
class CopyPage:
    """A copy in detail. `back` is its message; `source` its page in the Outbox, for those who may look there; `said`
    are the words of its state, as its line shows them. `foreseen`: it waits, and the server is chosen when it is sent.
    """

    id: int
    who: str
    state: State
    back: str
    meaning: str = ""
    said: str = ""
    told: str = ""
    steps: tuple[Step, ...] = ()
    because: str = ""
    trace: tuple[Line, ...] = ()
    admitted: bool = True
    foreseen: bool = False
    source: str = ""
    again: bool = False
    doubles: bool = False
    cancel: bool = False
    links: LinksShown = field(default_factory=LinksShown)


@require_safe
@for_users
def copy_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One copy: every try with the server's words, and why this server; htmx asks for it alone."""
    shown = _page(reader(request), found(copy(reader(request), pk)))
    template = "web/records/copy.html" if request.headers.get("HX-Request") else "web/records/copy_page.html"
    return render(request, template, {"title": _("A copy for %(who)s") % {"who": shown.who}, "copy": shown})


def _page(user: User, one: CopyDetails) -> CopyPage:
    row, record = one.delivery, one.message.thread.record
    kept = row.state == DeliveryState.ACCEPTED and row.dispatch is not None and row.dispatch.is_kept_here
    manage = row.company_id in companies(user, Permission.OUTBOUND_MANAGE)
    choice = chosen(row)
    sees_outbox = row.company_id in companies(user, Permission.OUTBOUND_READ)
    return CopyPage(
        id=row.pk,
        who=row.name or row.address,
        state=KEPT_HERE if kept else DELAYED if is_delayed(row) else state_of_copy(row.state),
        back=message_url(record.type, record.pk, one.message.pk),
        meaning=str(WHAT_KEPT_MEANS) if kept else DELIVERIES.meanings[DeliveryState(row.state)],
        said=row.words,
        told=one.because,
        steps=timeline(row, one.tries),
        because=choice.because if choice else "",
        trace=trace_of(choice.trace, said=choice.because) if choice else (),
        admitted=choice.admitted if choice else True,
        foreseen=choice is not None and choice.pk is None,
        source=reverse("outbound-copy", args=[row.pk]) if sees_outbox else "",
        again=manage and allows(row.state, DeliveryEvent.SEND_AGAIN),
        doubles=row.state == DeliveryState.UNKNOWN,
        cancel=manage and allows(row.state, DeliveryEvent.CANCEL),
        links=links_shown(user, row.company_id, links_of([row.pk]), reverse("message-links", args=[one.message.pk])),
    )


@require_safe
@for_users
def message_copies(request: HttpRequest, pk: int) -> HttpResponse:
    """All copies of a message; htmx asks for those that its strip folds."""
    user = reader(request)
    message = found(selectors.message(user, pk))
    strip = strips_of(user, {pk: message.visibility == Message.Visibility.INTERNAL})[pk]
    if request.headers.get("HX-Request"):
        return render(request, "web/records/copies_folded.html", {"lines": strip.folded})
    record = message.thread.record
    shown = {"title": _("To whom it went"), "back": message_url(record.type, record.pk, pk)}
    return render(request, "web/records/copies_page.html", {**shown, "lines": (*strip.lines, *strip.folded)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_users
def message_links(request: HttpRequest, pk: int) -> HttpResponse:
    """The files of a message that went as links: to whom, and whether they were opened. By POST one or all of them are
    revoked or renewed, by those who may decide about copies of its company.
    """
    user = reader(request)
    message = found(selectors.message(user, pk))
    shown = links_shown(user, message.company_id, links(user, pk), request.path)
    if request.method == "POST":
        return act(request, shown)
    back = message_url(message.thread.record.type, message.thread.record_id, pk)
    words = {"title": _("Files as links"), "back": back, "links": shown}
    return render(request, "web/records/links_page.html", words)


@require_safe
@for_users
def message_heard(request: HttpRequest, pk: int) -> HttpResponse:
    """Who heard of a message and who did not, and why; htmx asks for the lines alone."""
    message = found(selectors.message(reader(request), pk))
    record = message.thread.record
    shown = {"title": _("Who heard and why"), "heard": trace_of(message.trace)}
    if request.headers.get("HX-Request"):
        return render(request, "web/records/heard.html", shown)
    back = message_url(record.type, record.pk, pk)
    return render(request, "web/records/heard_page.html", {**shown, "back": back})


@require_POST
@for_users
def copy_act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Send a copy again, or withdraw it; for those who may decide about copies of its company."""
    user = reader(request)
    one = found(copy(user, pk))
    if one.delivery.company_id not in companies(user, Permission.OUTBOUND_MANAGE):
        raise PermissionDenied
    done = outbound.send_again(user, [pk]) if verb == "again" else outbound.cancel(user, [pk])
    said = _("Queued again.") if verb == "again" else _("Withdrawn.")
    if not done:
        said = _("Nothing was changed: the copy has moved on meanwhile.")
    if request.headers.get("HX-Request"):
        strips = strips_of(user, {one.message.pk: one.message.visibility == Message.Visibility.INTERNAL})
        return render(request, "web/records/strips.html", {"strips": strips.values(), "said": said})
    messages.success(request, said)
    record = one.message.thread.record
    return redirect(message_url(record.type, record.pk, one.message.pk))


@require_POST
@for_users
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Believe an unverified message: it is sent on to those who would have heard of it."""
    user = reader(request)
    record = found(selectors.message(user, pk)).thread.record
    try:
        services.accept_message(user=user, message_id=pk)
        said = _("Accepted and passed on.")
    except services.CannotPost as problem:
        said = str(problem)
    if request.headers.get("HX-Request"):
        return render(request, "web/records/accepted.html", {"shown": message_shown(user, record, pk), "said": said})
    messages.success(request, said)
    return redirect(message_url(record.type, record.pk, pk))


@require_safe
@for_users
def states(request: HttpRequest, pk: int) -> HttpResponse:
    """News of the messages that a page shows: `m` is their id, the mark of their strip and their standing, by dots.

    Strips that changed come alone; a message that was accepted, edited or deleted meanwhile comes whole; one that was
    taken back goes. 204 where nothing changed.
    """
    user = reader(request)
    record = found(record_by_id(user, pk))
    shown = _shown(request)
    believed = standings(user, record.pk, list(shown))
    whole = [pk for pk, now in believed.items() if now.standing != shown[pk][1]][:MOST_WHOLE]
    notes = {pk: now.note for pk, now in believed.items() if pk not in whole}
    strips = [strip for strip in strips_of(user, notes).values() if strip.mark != shown[strip.message][0]]
    gone = sorted(shown.keys() - believed.keys())
    if not strips and not whole and not gone:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    anew = [message_shown(user, record, pk) for pk in whole]
    return render(request, "web/records/strips.html", {"strips": strips, "messages_anew": anew, "gone": gone})


def _shown(request: HttpRequest) -> dict[int, tuple[str, str]]:
    """The mark and the standing of each message, as the page has them."""
    found_: dict[int, tuple[str, str]] = {}
    for text in request.GET.getlist("m")[:MOST]:
        given, _dot, rest = text.partition(".")
        mark, _dot, standing = rest.partition(".")
        if (message := number(given)) is not None:
            found_[message] = (mark, standing)
    return found_
