"""A message as it was stored, its headers, and the mail itself as a file, for those who may have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from postroom.conversations import selectors
from postroom.conversations.copies import sent_copy
from postroom.conversations.models import Message
from postroom.core.encoded_words import decode_words, unfold
from postroom.core.message.parse import parse
from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.inbound.selectors import arrival, reasons
from postroom.infra.blobs import BlobMissing
from postroom.outbound.models import Delivery
from postroom.outbound.selectors import rendered
from postroom.web.pages.common import for_users, found, reader
from postroom.web.pages.records.content import FILE_POLICY, eml_name
from postroom.web.places import record_url

SHOWN = 200_000  # characters of a plain body that the page shows
MOST_NAMED = 200  # recipients that the page names


@dataclass(frozen=True, slots=True)
class Original:
    """A message with its headers. `source`, `arrival` and `download` are addresses, empty where there is nothing or
    the reader may not have it.
    """

    title: str
    back: str
    at: datetime
    headers: tuple[tuple[str, str], ...] = ()
    frame: str = ""
    text: str = ""
    cut: bool = False
    whole: str = ""
    source: str = ""
    arrival: str = ""
    download: str = ""


@require_safe
@for_users
def original(request: HttpRequest, pk: int) -> HttpResponse:
    """A message whole, nothing folded: its headers, and its body made harmless."""
    user = reader(request)
    message = found(selectors.message(user, pk))
    if message.deleted_at is not None:
        raise Http404
    shown = _original(user, message)
    return render(request, "web/records/original.html", {"title": shown.title, "original": shown})


def _original(user: User, message: Message) -> Original:
    record = message.thread.record
    arrived, copy = _arrival(user, message), sent_copy(user, message)
    sent = _bytes(copy) if copy else None
    mail = bool(arrived or sent)
    return Original(
        title=message.subject or _("No subject"),
        back=f"{record_url(record.type, record.pk)}#m{message.pk}",
        at=message.received_at,
        headers=tuple(_headers_of(sent) if sent else _stored(message)),
        frame=f"{reverse('message-body', args=[message.pk])}?all=1" if message.html else "",
        text="" if message.html else message.text[:SHOWN],
        cut=not message.html and len(message.text) > SHOWN,
        whole=reverse("message-text", args=[message.pk]),
        source=reverse("arrival-source", args=[arrived]) if arrived else "",
        arrival=reverse("arrival", args=[arrived]) if arrived else "",
        download=reverse("message-download", args=[message.pk]) if mail else "",
    )


def _arrival(user: User, message: Message) -> int:
    """The arrival that the message came by, for those who may look at arrivals; else 0."""
    if not may(user, Permission.ARRIVALS_READ):
        return 0
    route = reasons(user, [message.pk]).get(message.pk)
    return route.arrival_id if route and arrival(user, route.arrival_id) else 0


def _bytes(copy: Delivery) -> bytes | None:
    try:
        return rendered(copy)
    except BlobMissing:
        return None


def _headers_of(raw: bytes) -> Iterator[tuple[str, str]]:
    """Each header field in order, decoded."""
    head, _mark, _body = raw.partition(b"\r\n\r\n")
    for name, value in parse(head + b"\r\n\r\n").headers.fields:
        yield name, decode_words(unfold(value))


def _stored(message: Message) -> Iterator[tuple[str, str]]:
    """What we keep of the headers."""
    date = message.sent_at.strftime("%a, %d %b %Y %H:%M:%S %z") if message.sent_at else ""
    fields = (
        ("From", _named([[message.author_email, message.author_name]])),
        ("To", _named(message.to)),
        ("Cc", _named(message.cc)),
        ("Subject", message.subject),
        ("Date", date),
        ("Message-ID", f"<{message.message_id}>" if message.message_id else ""),
    )
    return (field for field in fields if field[1])


def _named(people: Sequence[Sequence[str]]) -> str:
    return ", ".join(f"{name} <{email}>" if name else email for email, name in people[:MOST_NAMED] if email)


@require_safe
@for_users
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail as a file: as it came, for those who may look at arrivals; a copy of what was sent, for its author and
    those who may look at what leaves. For everybody else it is not there.
    """
    user = reader(request)
    message = found(selectors.message(user, pk))
    if arrived := _arrival(user, message):
        return redirect("arrival-download", arrived)
    raw = _bytes(found(sent_copy(user, message)))
    if raw is None:
        return render(request, "web/gone.html", {"name": message.subject}, status=HTTPStatus.GONE)
    response = HttpResponse(raw, content_type="message/rfc822")
    disposition = content_disposition_header(as_attachment=True, filename=eml_name(message.subject, pk))
    response.headers["Content-Disposition"] = disposition or "attachment"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
