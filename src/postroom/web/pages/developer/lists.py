"""Lists of developer mode that are only read: the queue in numbers, messages, retired addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from postroom.conversations.all_messages import all_messages
from postroom.directory.access import may
from postroom.directory.roles import Permission
from postroom.domains.selectors import retired_page
from postroom.inbound.counts import open_arrivals
from postroom.infra.clock import now
from postroom.outbound.queue.counts import open_copies
from postroom.web.pages.arrivals.pages import CHOICES as ARRIVALS
from postroom.web.pages.common import for_those_who_may, key, reader, shortened
from postroom.web.pages.outbox.naming import CHOICES as COPIES
from postroom.web.pages.outbox.naming import COPIES as COPY_STATES
from postroom.web.pages.settings.listing import next_url
from postroom.web.places import message_url
from postroom.web.trace import STATES, State
from postroom.web.views import Person

operators = for_those_who_may(Permission.SYSTEM_MANAGE)


@dataclass(frozen=True, slots=True)
class Count:
    """How many are in a state, since when the oldest; `url` leads to the list of them."""

    state: State
    count: int
    oldest: datetime | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A message of the list."""

    id: int
    at: datetime
    author: Person
    subject: str
    kind: str
    is_internal: bool
    company: str
    number: str
    url: str
    message_id: str


@operators
def queue(request: HttpRequest) -> HttpResponse:
    """What is not settled yet, by state, for the whole installation."""
    user = reader(request)
    reads_copies, reads_arrivals = may(user, Permission.OUTBOUND_READ), may(user, Permission.ARRIVALS_READ)
    copies = [
        Count(COPY_STATES[state], count, oldest, _filter("outbound", COPIES, state) if reads_copies else "")
        for state, count, oldest in open_copies(user)
    ]
    arrivals = [
        Count(STATES[state], count, oldest, _filter("arrivals", ARRIVALS, state) if reads_arrivals else "")
        for state, count, oldest in open_arrivals(user)
    ]
    shown = {"title": _("Queue"), "here": "settings", "copies": copies, "arrivals": arrivals}
    return render(request, "web/developer/queue.html", shown)


def _filter(name: str, choices: Mapping[str, Sequence[str]], state: str) -> str:
    """The list's own filter that shows this state."""
    chosen = next((word for word, states in choices.items() if state in states), "")
    return next_url(name, "", state=chosen)


@operators
def message_list(request: HttpRequest) -> HttpResponse:
    """All messages that the reader may read, the newest first; or those known by a Message-ID."""
    text, before = shortened(request.GET.get("q", ""), 255), key(request)
    listed = all_messages(reader(request), message_id=text.strip("<>"), before=before)
    rows = [
        Row(
            id=one.pk,
            at=one.received_at,
            author=Person(one.author_name, one.author_email),
            subject=one.subject,
            kind=one.kind,
            is_internal=one.visibility == "internal",
            company=one.thread.record.company.name,
            number=one.thread.record.number,
            url=message_url(one.thread.record.type, one.thread.record_id, one.pk),
            message_id=one.message_id,
        )
        for one in listed.rows
    ]
    shown = {
        "title": _("Messages"),
        "here": "settings",
        "rows": rows,
        "text": text,
        "next": next_url("messages", listed.next, q=text),
        "newest": next_url("messages", "", q=text) if before is not None else "",
    }
    return render(request, "web/developer/messages.html", shown)


@operators
def retired(request: HttpRequest) -> HttpResponse:
    """Every retired address of the installation, the latest first."""
    before = key(request)
    listed = retired_page(reader(request), before=before)
    shown = {
        "title": _("Retired addresses"),
        "here": "settings",
        "rows": listed.rows,
        "at": now(),
        "next": next_url("retired", listed.next),
        "newest": next_url("retired", "") if before is not None else "",
    }
    return render(request, "web/developer/retired.html", shown)
