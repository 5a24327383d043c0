"""The conversation of a record: view models of its messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.urls import reverse
from django.utils.translation import gettext as _

from postroom.conversations import selectors
from postroom.conversations.models import Attachment, Message
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.inbound.models import Route
from postroom.inbound.selectors import reasons
from postroom.records.models import Record
from postroom.web.pages.content import attachment_url
from postroom.web.trace import Line, trace_of
from postroom.web.views import Person

MOST_NAMED = 100  # recipients of a message that a page names; the source names all


@dataclass(frozen=True, slots=True)
class FileShown:
    """An attachment as a message lists it. `size` is in bytes."""

    url: str
    name: str
    size: int
    untouched: bool = False


@dataclass(frozen=True, slots=True)
class MessageShown:
    """A message as the spine shows it. `body` is plain text; `frame` is the address of the HTML body, if it has one."""

    id: int
    kind: str
    author: Person
    at: datetime
    note: bool = False
    claim: str = ""
    automatic: str = ""
    sent_at: datetime | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    subject: str = ""
    body: str = ""
    quote: str = ""
    cut: bool = False
    frame: str = ""
    frame_quote: bool = False
    frame_remote: bool = False
    text: str = ""
    files: tuple[FileShown, ...] = ()
    defects: tuple[str, ...] = ()
    because: str = ""
    trace: tuple[Line, ...] = ()
    arrival: str = ""
    source: str = ""
    download: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages, newest first. `earlier` is the id from which there are more, 0 where these are all."""

    messages: tuple[MessageShown, ...] = ()
    earlier: int = 0
    newest: bool = True
    files: int = 0


def thread_of(user: User, record: Record, *, before: int | None = None, after: int | None = None) -> Thread:
    """A page of the record's conversation."""
    page = selectors.messages(user, record.pk, before=before, after=after)
    why = reasons(user, [message.pk for message in page.rows])
    sees_arrivals = may(user, Permission.ARRIVALS_READ)
    shown = tuple(_shown(message, why.get(message.pk), sees_arrivals) for message in page.rows)
    return Thread(
        messages=shown,
        earlier=page.next or 0,
        newest=before is None,
        files=sum(len(message.files) for message in shown),
    )


def _name(message: Message) -> str:
    """The name that the mail gave, else the one that we know its author by."""
    return message.author_name or (message.author.name if message.author else "")


def _shown(message: Message, route: Route | None, sees_arrivals: bool) -> MessageShown:
    row = cast("Any", message)  # annotations of the selector
    arrival = route.arrival_id if route else 0
    linked = arrival if sees_arrivals else 0
    return MessageShown(
        id=message.pk,
        kind="note" if message.kind == Message.Kind.NOTE else "in",
        author=Person(_name(message), message.author_email),
        at=message.received_at,
        note=message.visibility == Message.Visibility.INTERNAL,
        claim=_claim(message.standing),
        automatic={"auto": _("Automatic"), "list": _("Mailing list"), "loop": _("Sent in a circle")}.get(
            message.automatic, ""
        ),
        sent_at=message.sent_at,
        to=_people(message.to),
        cc=_people(message.cc),
        subject=message.subject,
        body=row.shown[: selectors.SHOWN],
        quote=row.shown_quote[: selectors.SHOWN],
        cut=max(len(row.shown), len(row.shown_quote)) > selectors.SHOWN,
        frame=reverse("message-body", args=[message.pk]) if row.has_html else "",
        frame_quote=row.has_quote,
        frame_remote=row.has_remote,
        text=reverse("message-text", args=[message.pk]),
        files=tuple(_file(one) for one in message.attachments.all() if not (one.inline and row.has_html)),
        defects=tuple(str(defect) for defect in message.defects),
        because=route.because if route else "",
        trace=trace_of(route.trace) if route else (),
        arrival=reverse("arrival", args=[linked]) if linked else "",
        source=reverse("arrival-source", args=[linked]) if linked else "",
        download=reverse("arrival-download", args=[linked]) if linked else "",
    )


def _claim(standing: str) -> str:
    """What a reader must know before believing the author's name."""
    return {
        Message.Standing.OUTSIDER.value: _("Unverified outsider"),
        Message.Standing.CLAIMED_MEMBER.value: _("Unverified: says it is one of us"),
    }.get(standing, "")


def _people(pairs: Sequence[Sequence[str]]) -> tuple[str, ...]:
    named = [pair for pair in pairs if pair]
    more = (_("and %(count)d more") % {"count": len(named) - MOST_NAMED},) if len(named) > MOST_NAMED else ()
    return *(f"{pair[1]} <{pair[0]}>" if len(pair) > 1 and pair[1] else pair[0] for pair in named[:MOST_NAMED]), *more


def _file(one: Attachment) -> FileShown:
    return FileShown(
        url=attachment_url(one),
        name=one.file.name,
        size=one.file.size,
        untouched=one.untouched,
    )
