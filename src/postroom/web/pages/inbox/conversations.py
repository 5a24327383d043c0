"""The Inbox: a list of conversations by how far the reader is with them, and one of them open."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from postroom.conversations import inbox
from postroom.conversations.access import may_write
from postroom.conversations.inbox import Tab
from postroom.conversations.models import InboxEntry
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records.models import Record
from postroom.records.selectors import record as record_of
from postroom.records.selectors import record_by_id
from postroom.web.pages.common import for_those_who_may, found, key, reader, wants
from postroom.web.pages.inbox.listing import Listing, address, listing_of, tab_of
from postroom.web.pages.inbox.snoozing import offered
from postroom.web.pages.records.page import RecordPage, messages_of, page_of_record
from postroom.web.pages.records.thread import thread_of
from postroom.web.places import record_url


@dataclass(frozen=True, slots=True)
class Reading:
    """Whether the open conversation is read: `message` is the one to mark unread again, `seen` that all of it is."""

    record: int = 0
    message: int = 0
    seen: bool = False
    marked: bool = False
    may: bool = False


@dataclass(frozen=True, slots=True)
class Acts:
    """What can be done with the open conversation, by where it stands."""

    record: int = 0
    url: str = ""
    tab: str = Tab.UNREAD.value
    starred: bool = False
    until: datetime | None = None
    done: bool = False
    told: bool = False
    may: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """The open conversation: the page of its record, where its own page is, how far it is read and handled."""

    page: RecordPage
    url: str = ""
    summary: str = ""
    subtitle: str = ""
    back: str = ""
    reading: Reading = field(default_factory=Reading)
    acts: Acts = field(default_factory=Acts)


@require_safe
@for_those_who_may(Permission.RECORDS_READ)
def inbox_list(request: HttpRequest) -> HttpResponse:
    """A list of conversations; htmx asks for the list alone."""
    return _shown(request, listing_of(request, None))


@require_safe
@for_those_who_may(Permission.RECORDS_READ)
def inbox_conversation(request: HttpRequest, pk: int) -> HttpResponse:
    """One conversation beside the list; htmx asks for the list, for messages or for the acts alone."""
    user = reader(request)
    known = found(record_by_id(user, pk))
    if wants(request, "conversations"):
        return render(request, "web/inbox/rows.html", {"list": listing_of(request, known)})
    if wants(request, "acts"):
        return render(request, "web/inbox/acts.html", {"acts": acts_of(user, known, tab_of(request))})
    record = found(record_of(user, known.type, pk))
    if wants(request, "thread") or wants(request, "earlier"):
        thread = thread_of(user, record, before=key(request), after=key(request, "after"))
        return messages_of(request, thread)
    page = page_of_record(user, record, thread_of(user, record, before=key(request), at=key(request, "at")))
    return _shown(request, listing_of(request, record), _conversation(user, page, tab_of(request)))


def _shown(request: HttpRequest, listing: Listing, conversation: Conversation | None = None) -> HttpResponse:
    if wants(request, "conversations"):
        return render(request, "web/inbox/rows.html", {"list": listing})
    unread = listing.tab == Tab.UNREAD.value
    title = conversation.page.title if conversation else _("Inbox") if unread else listing.label
    shown = {"title": title, "here": "inbox", "list": listing, "open": conversation, "choices": offered()}
    return render(request, "web/inbox/page.html", shown)


def _conversation(user: User, page: RecordPage, tab: Tab) -> Conversation:
    record = page.record
    where = [page.place.label, record.number, record.stage.name if record.stage else ""]
    entry = inbox.entry_of(user, record.pk)
    return Conversation(
        page=replace(page, talk=reverse("inbox-conversation", args=[record.pk])),
        url=record_url(record.type, record.pk),
        subtitle=" · ".join(str(word) for word in where if word),
        back=address("inbox", tab),
        reading=_reading(user, page, entry),
        acts=acts_of(user, record, tab, entry),
    )


def _reading(user: User, page: RecordPage, entry: InboxEntry | None) -> Reading:
    newest = page.thread.messages[0].id if page.thread.messages else 0
    may = may_write(user, page.record.company_id)
    return Reading(page.record.pk, newest, seen=not (entry and entry.unread), may=may)


def acts_of(user: User, record: Record, tab: Tab, entry: InboxEntry | None = None) -> Acts:
    """What `user` can do with a conversation now."""
    known = entry or inbox.entry_of(user, record.pk)
    may = may_write(user, record.company_id)
    url = address("inbox-conversation", tab, record.pk)
    if known is None:
        return Acts(record.pk, url, tab.value, may=may)
    return Acts(
        record.pk, url, tab.value, known.starred, known.snoozed_until, known.done_at is not None, told=True, may=may
    )


@require_safe
@for_those_who_may(Permission.RECORDS_READ)
def inbox_count(request: HttpRequest) -> HttpResponse:
    """How many conversations wait, for the rail."""
    return render(request, "web/parts/unread.html", {"unread": inbox.unread_count(reader(request))})
