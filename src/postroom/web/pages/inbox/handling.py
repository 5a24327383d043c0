"""What is done with conversations: each act says so, with a button that undoes it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from postroom.conversations import inbox_services as verbs
from postroom.conversations import selectors
from postroom.conversations.checks import CannotPost
from postroom.conversations.inbox_services import Handled
from postroom.conversations.models import Message
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records.models import Record
from postroom.records.selectors import record_by_id
from postroom.web.pages.common import for_those_who_may, found, number, reader, wants
from postroom.web.pages.inbox.conversations import Reading, acts_of
from postroom.web.pages.inbox.listing import address, listing_of, tab_of
from postroom.web.pages.inbox.snoozing import offered
from postroom.web.pages.inbox.tokens import act_of, token_of
from postroom.web.pages.times import until
from postroom.web.templatetags.ui import said_at

PLAIN: dict[str, tuple[Callable[..., Handled], Promise]] = {
    "read": (verbs.mark_read, gettext_lazy("“%(title)s” is read.")),
    "done": (verbs.done, gettext_lazy("“%(title)s” is done.")),
    "undone": (verbs.undone, gettext_lazy("“%(title)s” is in the inbox again.")),
    "star": (verbs.star, gettext_lazy("“%(title)s” is starred.")),
    "unstar": (verbs.unstar, gettext_lazy("“%(title)s” is not starred any more.")),
    "wake": (verbs.wake, gettext_lazy("“%(title)s” is in the inbox again.")),
}
writers = for_those_who_may(Permission.RECORDS_WRITE)


@require_POST
@writers
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Do something with a conversation."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    does, words = PLAIN[verb]
    try:
        done = does(user=user, record_id=pk)
    except CannotPost as problem:
        return _answered(request, record, str(problem))
    if wants(request, "seen"):  # the record's own page, where nothing changes
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if wants(request, "reading"):
        message = number(request.POST.get("message", "")) or 0
        return _reading(request, Reading(record.pk, message, seen=True, may=True))
    return _answered(request, record, words % _named(record), token_of(user, done))


@require_POST
@writers
def unread(request: HttpRequest, pk: int) -> HttpResponse:
    """The conversation stands unread in the inbox again, by one of its messages: the newest where none is named."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    message = found(_message(user, record, request.POST.get("message", "")))
    try:
        verbs.mark_unread(user=user, message_id=message.pk)
    except CannotPost as problem:
        return _answered(request, record, str(problem))
    if wants(request, "reading"):
        return _reading(request, Reading(record.pk, message.pk, marked=True, may=True))
    return _answered(request, record, _("“%(title)s” is unread.") % _named(record))


def _message(user: User, record: Record, given: str) -> Message | None:
    if not given:
        return selectors.newest(user, record.pk)
    known = selectors.message(user, number(given) or 0)
    return known if known and known.thread.record_id == record.pk else None


@require_http_methods(["GET", "HEAD", "POST"])
@writers
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """The conversation leaves the inbox until a time; what is wrong with that time is said beside its field. A GET
    asks for the time, where no script opens the dialog.
    """
    user = reader(request)
    record = found(record_by_id(user, pk))
    if request.method != "POST":
        return _when(request, record)
    at = until(request.POST.get("until", ""))
    if at is None:
        return _no_time(request, record, _("Choose a date and a time."))
    try:
        done = verbs.snooze(user=user, record_id=pk, until=at)
    except CannotPost as problem:
        return _no_time(request, record, str(problem))
    words = _("“%(title)s” comes back %(at)s.") % {**_named(record), "at": said_at(at)}
    return _answered(request, record, words, token_of(user, done))


def _no_time(request: HttpRequest, record: Record, words: str) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if not request.headers.get("HX-Request"):
        return _when(request, record, words, status)
    response = render(request, "web/inbox/problem.html", {"words": words}, status=status)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#snooze-problem", "innerHTML"
    return response


def _when(request: HttpRequest, record: Record, problem: str = "", status: int = HTTPStatus.OK) -> HttpResponse:
    tab = tab_of(request)
    shown = {
        "title": _("Snooze “%(title)s” until") % _named(record),
        "here": "inbox",
        "back": address("inbox", tab),
        "tab": tab.value,
        "choices": offered(),
        "given": request.POST.get("until", ""),
        "problem": problem,
    }
    return render(request, "web/inbox/snooze_page.html", shown, status=status)


@require_POST
@writers
def read_all(request: HttpRequest) -> HttpResponse:
    """Everything in the inbox is read."""
    user = reader(request)
    done = verbs.mark_all_read(user=user)
    count = done.conversations
    if not count:
        return _answered(request, None, _("Everything was read already."))
    words = ngettext("%(count)s conversation is read.", "%(count)s conversations are read.", count) % {"count": count}
    return _answered(request, None, words, token_of(user, done))


@require_POST
@writers
def undo(request: HttpRequest) -> HttpResponse:
    """Take back what the button stands for: the very messages that had become read are unread again."""
    user = reader(request)
    what = act_of(user, request.POST.get("what", ""))
    if what is None:
        return _answered(request, None, _("That can't be undone any more."))
    try:
        verbs.undo(user=user, what=what)
    except CannotPost as problem:
        return _answered(request, None, str(problem))
    return _back(request, what.record)


def _back(request: HttpRequest, record: int) -> HttpResponse:
    """What was undone stands again where the reader sees it: open, where it was read and this list has it no more."""
    listing = listing_of(request, _open(request))
    if not record or any(row.record == record for row in listing.rows):
        return _answered(request, None, _("Undone."))
    messages.success(request, _("Undone."))
    where = address("inbox-conversation", tab_of(request), record)
    return HttpResponseClientRedirect(where) if wants(request, "conversations") else redirect(where)


def _named(record: Record) -> dict[str, str]:
    return {"title": record.title or record.number}


def _reading(request: HttpRequest, reading: Reading) -> HttpResponse:
    return render(request, "web/inbox/reading.html", {"reading": reading})


def _answered(request: HttpRequest, record: Record | None, words: str, token: str = "") -> HttpResponse:
    """The list, or the acts of the open conversation, anew, with what was done; without script one goes to the list."""
    if wants(request, "acts") and record:
        shown = {"acts": acts_of(reader(request), record, tab_of(request)), "words": words, "token": token}
        return render(
            request, "web/inbox/acted.html", {**shown, "list": {"tab": tab_of(request).value, "open": record.pk}}
        )
    if wants(request, "conversations"):
        listing = listing_of(request, _open(request))
        return render(request, "web/inbox/listed.html", {"list": listing, "words": words, "token": token})
    messages.success(request, words, extra_tags=token)
    return redirect(address("inbox", tab_of(request)))


def _open(request: HttpRequest) -> Record | None:
    """The conversation that the page shows beside the list."""
    given = number(request.POST.get("open", ""))
    return record_by_id(reader(request), given) if given else None
