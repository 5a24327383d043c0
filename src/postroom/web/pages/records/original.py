"""A message as it was stored, its headers, and the mail itself as a file, for those who may have it."""

from __future__ import annotations

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
from postroom.conversations.models import Message
from postroom.directory.models import User
from postroom.inbound.originals import arrival_of, headers_of, sent_bytes
from postroom.infra.blobs import BlobMissing
from postroom.web.pages.common import for_users, found, reader
from postroom.web.pages.records.content import FILE_POLICY, eml_name
from postroom.web.places import message_url

SHOWN = 200_000  # characters of a plain body that the page shows


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
    arrived, sent = arrival_of(user, message), _bytes(user, message)
    mail = bool(arrived or sent)
    return Original(
        title=message.subject or _("No subject"),
        back=message_url(record.type, record.pk, message.pk),
        at=message.received_at,
        headers=headers_of(message, sent),
        frame=f"{reverse('message-body', args=[message.pk])}?all=1" if message.html else "",
        text="" if message.html else message.text[:SHOWN],
        cut=not message.html and len(message.text) > SHOWN,
        whole=reverse("message-text", args=[message.pk]),
        source=reverse("arrival-source", args=[arrived]) if arrived else "",
        arrival=reverse("arrival", args=[arrived]) if arrived else "",
        download=reverse("message-download", args=[message.pk]) if mail else "",
    )


def _bytes(user: User, message: Message) -> bytes | None:
    try:
        return sent_bytes(user, message)
    except BlobMissing:
        return None


@require_safe
@for_users
def download(request: HttpRequest, pk: int) -> HttpResponse:
    """The mail as a file: as it came, for those who may look at arrivals; a copy of what was sent, for its author and
    those who may look at what leaves. For everybody else it is not there.
    """
    user = reader(request)
    message = found(selectors.message(user, pk))
    if arrived := arrival_of(user, message):
        return redirect("arrival-download", arrived)
    try:
        raw = found(sent_bytes(user, message))
    except BlobMissing:
        return render(request, "web/gone.html", {"name": message.subject}, status=HTTPStatus.GONE)
    response = HttpResponse(raw, content_type="message/rfc822")
    disposition = content_disposition_header(as_attachment=True, filename=eml_name(message.subject, pk))
    response.headers["Content-Disposition"] = disposition or "attachment"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
