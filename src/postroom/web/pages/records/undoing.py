"""Taking back what was written, and deciding about what is scheduled: its composer has the words again."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import reswap, trigger_client_event

from postroom.conversations import scheduling, selectors, undoing
from postroom.conversations.checks import CannotPost
from postroom.conversations.drafts import discard
from postroom.conversations.leaving import going_of
from postroom.conversations.models import Message
from postroom.records.models import Record
from postroom.records.selectors import record_by_id
from postroom.web.pages.common import for_users, found, reader
from postroom.web.pages.records.composing import Draft, composer_of
from postroom.web.pages.records.going import furthest, times
from postroom.web.pages.records.strips import strips_of
from postroom.web.pages.times import until
from postroom.web.places import message_url, record_url
from postroom.web.templatetags.ui import said_at


@require_POST
@for_users
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a message back: it goes, and its writer's composer has it again."""
    user = reader(request)
    record = _record(request, pk)
    try:
        draft = undoing.undo(user=user, message_id=pk)
    except CannotPost as problem:
        return _kept(request, record, pk, str(problem))
    mine = draft is not None and draft.user_id == user.pk
    said = _("Taken back. It stands in the composer again.") if mine else _("Taken back. Its writer has it as a draft.")
    if not request.headers.get("HX-Request"):
        messages.success(request, said)
        return redirect(record_url(record.type, record.pk) or "home")
    composer = composer_of(user, record) if mine else None
    response = render(request, "web/records/undone.html", {"message": pk, "composer": composer})
    response = response if composer else reswap(response, "none")
    return trigger_client_event(response, "undone", {"said": said}, after="settle")


@require_POST
@for_users
def send_now(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a scheduled message leave now."""
    user = reader(request)
    return _steered(request, pk, lambda: scheduling.send_now(user=user, message_id=pk), _("It leaves now."))


@require_http_methods(["GET", "HEAD", "POST"])
@for_users
def reschedule(request: HttpRequest, pk: int) -> HttpResponse:
    """Another time for a scheduled message; a GET asks for it."""
    user, record = reader(request), _record(request, pk)
    if request.method != "POST":
        return _times(request, record, pk)
    at = until(request.POST.get("later", "") or request.POST.get("later_at", ""))
    try:
        at = scheduling.reschedule(user=user, message_id=pk, at=at).at
    except CannotPost as problem:
        return _times(request, record, pk, str(problem), HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, _("It leaves %(at)s.") % {"at": said_at(at)})
    return redirect(message_url(record.type, record.pk, pk))


@require_POST
@for_users
def discard_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw a draft away; htmx gets the empty composer."""
    user = reader(request)
    try:
        record = discard(user=user, draft_id=pk)
    except CannotPost as problem:
        raise Http404 from problem
    said = _("The draft was thrown away.")
    shown = found(record_by_id(user, record.pk))
    if not request.headers.get("HX-Request"):
        messages.success(request, said)
        return redirect(record_url(record.type, record.pk) or "home")
    response = render(request, "web/records/composer.html", {"composer": composer_of(user, shown, Draft())})
    return trigger_client_event(response, "discarded", {"said": said}, after="settle")


def _record(request: HttpRequest, pk: int) -> Record:
    """The record of a message that the reader may see; 404 where it isn't there, as after it was taken back."""
    user = reader(request)
    return found(record_by_id(user, found(selectors.message(user, pk)).thread.record_id))


def _steered(request: HttpRequest, pk: int, act: Callable[[], Message], said: str) -> HttpResponse:
    record = _record(request, pk)
    try:
        act()
    except CannotPost as problem:
        said = str(problem)
    return _kept(request, record, pk, said)


def _kept(request: HttpRequest, record: Record, pk: int, said: str) -> HttpResponse:
    """The message stands; its strip as it is now, and what there is to say."""
    if not request.headers.get("HX-Request"):
        messages.success(request, said)
        return redirect(message_url(record.type, record.pk, pk))
    strips = strips_of(reader(request), {pk: False})
    response = render(request, "web/records/not_undone.html", {"strips": strips.values(), "said": said})
    return reswap(response, "none")


def _times(
    request: HttpRequest, record: Record, pk: int, problem: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    going = going_of([pk]).get(pk)
    if going is None or not going.scheduled:
        messages.error(request, _("This message is not scheduled any more."))
        return redirect(message_url(record.type, record.pk, pk))
    shown = {
        "title": _("When is it to leave?"),
        "going": going,
        "back": message_url(record.type, record.pk, pk),
        "choices": times(),
        "latest": furthest(),
        "given": request.POST.get("later_at", ""),
        "problem": problem,
    }
    return render(request, "web/records/leaves_page.html", shown, status=status)
