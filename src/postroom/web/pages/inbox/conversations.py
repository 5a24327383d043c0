"""The Inbox: conversations of which the reader has not read everything that they were told, and one of them open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from postroom.conversations import inbox, selectors, services
from postroom.conversations.access import may_write
from postroom.conversations.inbox import Unread
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records.models import Record
from postroom.records.selectors import record as record_of
from postroom.records.selectors import record_by_id
from postroom.web.pages.common import for_those_who_may, found, key, number, reader, wants
from postroom.web.pages.records.page import RecordPage, messages_of, page_of_record
from postroom.web.pages.records.thread import thread_of
from postroom.web.places import record_url
from postroom.web.views import Person


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation as the list shows it. `count` 0: read, and still listed because it is open."""

    record: int
    url: str
    who: Person
    title: str = ""
    number: str = ""
    snippet: str = ""
    at: datetime | None = None
    more: int = 0
    count: int = 0
    note: bool = False
    open: bool = False
    done: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list; `url` is where its news are, `by_mail` says that the reader hears of messages elsewhere."""

    url: str
    rows: tuple[Row, ...] = ()
    next: str = ""
    newest: str = ""
    by_mail: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """Whether the open conversation is read: `message` is the one to mark unread again, `seen` that all of it is."""

    record: int = 0
    message: int = 0
    seen: bool = False
    marked: bool = False
    may: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The open conversation: the page of its record, where its own page is, and how far it is read."""

    page: RecordPage
    url: str = ""
    subtitle: str = ""
    reading: Reading = field(default_factory=Reading)


@require_safe
@for_those_who_may(Permission.RECORDS_READ)
def inbox_list(request: HttpRequest) -> HttpResponse:
    """The unread conversations; htmx asks for the list alone."""
    return _shown(request, _listing(request, None))


@require_safe
@for_those_who_may(Permission.RECORDS_READ)
def inbox_conversation(request: HttpRequest, pk: int) -> HttpResponse:
    """One conversation beside the list; htmx asks for the list, or for messages alone."""
    user = reader(request)
    known = found(record_by_id(user, pk))
    if wants(request, "conversations"):
        return render(request, "web/inbox/rows.html", {"list": _listing(request, known)})
    record = found(record_of(user, known.type, pk))
    if wants(request, "thread") or wants(request, "earlier"):
        thread = thread_of(user, record, before=key(request), after=key(request, "after"))
        return messages_of(request, thread)
    page = page_of_record(user, record, thread_of(user, record, before=key(request)))
    return _shown(request, _listing(request, record), _conversation(user, page))


def _shown(request: HttpRequest, listing: Listing, conversation: Conversation | None = None) -> HttpResponse:
    if wants(request, "conversations"):
        return render(request, "web/inbox/rows.html", {"list": listing})
    title = conversation.page.title if conversation else _("Inbox")
    shown = {"title": title, "here": "inbox", "list": listing, "open": conversation}
    return render(request, "web/inbox/page.html", shown)


def _listing(request: HttpRequest, open_: Record | None) -> Listing:
    """A page of unread conversations, among them the open one where it stood before it was read."""
    user, before = reader(request), key(request, "from")
    page = inbox.unread(user, before=before)
    rows = list(page.rows)
    if open_ and before is None and all(one.record.pk != open_.pk for one in rows):
        rows = _with(rows, inbox.opened(user, open_.pk))
    own = reverse("inbox-conversation", args=[open_.pk]) if open_ else reverse("inbox")
    return Listing(
        url=_address(own, before),
        rows=tuple(_row(user, one, open_) for one in rows),
        next=_address(own, page.next) if page.next else "",
        newest=own if before else "",
        by_mail=user.notify_by == User.NotifyBy.MAIL,
    )


def _with(rows: Sequence[Unread], one: Unread | None) -> list[Unread]:
    return sorted([*rows, one], key=lambda row: -row.key) if one else list(rows)


def _address(url: str, before: int | None) -> str:
    return f"{url}?{urlencode({'from': before})}" if before else url


def _row(user: User, one: Unread, open_: Record | None) -> Row:
    record = one.record
    return Row(
        record=record.pk,
        url=reverse("inbox-conversation", args=[record.pk]),
        who=Person(one.author),
        title=record.title or _("No subject"),
        number=record.number,
        snippet=one.snippet,
        at=one.at,
        more=len(one.people) - 1,
        count=one.count,
        note=one.internal,
        open=open_ is not None and open_.pk == record.pk,
        done=reverse("inbox-read", args=[record.pk]) if one.count and may_write(user, record.company_id) else "",
    )


def _conversation(user: User, page: RecordPage) -> Conversation:
    record = page.record
    where = [page.place.label, record.number, record.stage.name if record.stage else ""]
    return Conversation(
        page=replace(page, talk=reverse("inbox-conversation", args=[record.pk])),
        url=record_url(record.type, record.pk),
        subtitle=" · ".join(str(word) for word in where if word),
        reading=_reading(user, page),
    )


def _reading(user: User, page: RecordPage) -> Reading:
    record, row = page.record, inbox.opened(user, page.record.pk)
    newest = page.thread.messages[0].id if page.thread.messages else 0
    message = row.message if row else newest
    return Reading(record.pk, message, not (row and row.count), may=may_write(user, record.company_id))


@require_POST
@for_those_who_may(Permission.RECORDS_WRITE)
def inbox_read(request: HttpRequest, pk: int) -> HttpResponse:
    """A conversation is read. The page that shows it says so and offers to undo it; from the list, one goes on."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    try:
        done = services.mark_read(user=user, record_id=pk)
    except services.CannotPost as problem:
        messages.warning(request, str(problem))
        return redirect("inbox")
    if wants(request, "seen"):  # the record's own page, where nothing changes
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    if wants(request, "reading"):
        message = number(request.POST.get("message", "")) or 0
        reading = Reading(record.pk, message, seen=True, may=True)
        return render(request, "web/inbox/reading.html", {"reading": reading})
    if wants(request, "conversations"):
        return render(request, "web/inbox/rows.html", {"list": _listing(request, _open(request, user))})
    if done:
        messages.success(request, _("“%(title)s” is read.") % {"title": record.title or record.number})
    return redirect("inbox")


def _open(request: HttpRequest, user: User) -> Record | None:
    """The conversation that the page shows beside the list."""
    given = number(request.POST.get("open", ""))
    return record_by_id(user, given) if given else None


@require_POST
@for_those_who_may(Permission.RECORDS_WRITE)
def inbox_unread(request: HttpRequest, pk: int) -> HttpResponse:
    """The conversation stands unread in the inbox again, by one of its messages."""
    user = reader(request)
    record = found(record_by_id(user, pk))
    given = number(request.POST.get("message", "")) or 0
    message = found(selectors.message(user, given))
    if message.thread.record_id != record.pk:
        return redirect("inbox-conversation", pk)
    services.mark_unread(user=user, message_id=message.pk)
    if wants(request, "reading"):
        reading = Reading(record.pk, message.pk, marked=True, may=True)
        return render(request, "web/inbox/reading.html", {"reading": reading})
    messages.success(request, _("It stands unread in the inbox."))
    return redirect("inbox")


@require_safe
@for_those_who_may(Permission.RECORDS_READ)
def inbox_count(request: HttpRequest) -> HttpResponse:
    """How many conversations wait, for the rail."""
    return render(request, "web/parts/unread.html", {"unread": inbox.unread_count(reader(request))})
