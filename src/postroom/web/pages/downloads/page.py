"""The page behind a link in a mail, and the file behind its button.

Machines that look at mail follow every link: looking at the page counts for nothing. A person presses the button, a
POST; that is counted, and leads to an address that serves the file for an hour, so that what breaks off can go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TypeVar

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from postroom.core.message.attachments import safe_name
from postroom.core.message.risky import is_risky
from postroom.infra import blobs, counters
from postroom.infra.models import Blob, File
from postroom.outbound import links
from postroom.outbound.links import Offered
from postroom.web.pages.records.content import FILE_POLICY, KNOWN_TYPES
from postroom.web.ranges import OutOfRange, asked_range

FAILURES, WINDOW = 20, 15 * 60.0  # links that led nowhere, of one peer within so many seconds
FETCHES, HOUR = 200, 3600  # of one link within so many seconds
PIECE = 256 * 1024  # bytes that are in memory at once
SIGNER = TimestampSigner(salt="postroom.download")
R = TypeVar("R", bound=HttpResponseBase)
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A file as the page shows it. `size` in bytes; `risky`: it may run something when it is opened."""

    name: str
    size: int
    type: str
    until: datetime
    zone: str
    company: str
    risky: bool


@csrf_exempt  # no session has a say here: whoever has the address may press, and nobody gains by a forged press
@sensitive_variables("token")
@require_http_methods(["GET", "HEAD", "POST"])
def download(request: HttpRequest, token: str) -> HttpResponse:
    """What the link leads to, and, by POST, the way to the file."""
    found = links.offered(token)
    if found is None:
        return _gone(request)
    if request.method == "POST":
        return _begin(request, token, found)
    return _private(render(request, "web/downloads/page.html", {"title": _name(found.file), "file": _shown(found)}))


def _begin(request: HttpRequest, token: str, found: Offered) -> HttpResponse:
    if _too_many(found):
        return _later(request)
    links.note_opened(found.id)
    signed = SIGNER.sign(found.digest).removeprefix(f"{found.digest}:")
    place = reverse("download-file", args=[token, _name(found.file)])
    return _private(HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": f"{place}?s={signed}"}))


@sensitive_variables("token")
@require_safe
def download_file(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    """The file, or a part of it, for whoever pressed the button within the last hour; others come to the page."""
    found = links.offered(token)
    if found is None:
        return _gone(request)
    try:
        SIGNER.unsign(f"{found.digest}:{request.GET.get('s', '')}", max_age=HOUR)
    except BadSignature:
        page = reverse("download", args=[token])
        return _private(HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": page}))
    if request.method == "GET" and _too_many(found):
        return _later(request)
    return _private(_served(request, found.file))


def _served(request: HttpRequest, file: File) -> HttpResponseBase:
    size = file.blob.size
    try:
        part = asked_range(request.headers.get("Range", ""), size) if request.method == "GET" else None
        response = _content(file.blob, *(part or (0, size)))
    except OutOfRange:
        response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        response.headers["Content-Range"] = f"bytes */{size}"
        return response
    except blobs.BlobMissing:
        return _gone(request)
    type = file.content_type.lower()
    response.headers["Content-Type"] = type if type in KNOWN_TYPES else "application/octet-stream"
    response.headers["Content-Disposition"] = content_disposition_header(True, _name(file)) or "attachment"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Accept-Ranges"] = "bytes"
    if part:
        response.status_code = HTTPStatus.PARTIAL_CONTENT
        response.headers["Content-Range"] = f"bytes {part[0]}-{part[1] - 1}/{size}"
    return response


def _content(blob: Blob, first: int, last: int) -> HttpResponseBase:
    """These bytes; many of them piece by piece, so that a slow reader costs no memory.

    Raises:
        BlobMissing: they are gone.

    """
    begin = blobs.read_part(blob, first, min(last, first + PIECE))
    if last - first <= PIECE:
        return HttpResponse(begin)
    response = StreamingHttpResponse(_pieces(blob, begin, first + PIECE, last))
    response.headers["Content-Length"] = str(last - first)
    return response


async def _pieces(blob: Blob, begin: bytes, first: int, last: int) -> AsyncIterator[bytes]:
    yield begin
    for start in range(first, last, PIECE):
        yield await asyncio.to_thread(blobs.read_part, blob, start, min(last, start + PIECE))


def _shown(found: Offered) -> Shown:
    file, type = found.file, found.file.content_type.lower()
    return Shown(
        name=_name(file),
        size=file.size,
        type=type if type in KNOWN_TYPES else "",
        until=found.until,
        zone=timezone.get_current_timezone_name(),
        company=found.company,
        risky=is_risky(file.name, type),
    )


def _name(file: File) -> str:
    return safe_name(file.name) or _("file")


def _too_many(found: Offered) -> bool:
    counter = f"download:{found.id}"
    return counters.add({counter: 1}, HOUR)[counter] > FETCHES


def _gone(request: HttpRequest) -> HttpResponse:
    """The same for what never was, what is over and what was revoked. Whoever tries many is told to wait."""
    counter = f"download-unknown:{request.META.get('REMOTE_ADDR', '')}"
    if counters.add({counter: 1}, WINDOW)[counter] > FAILURES:
        return _later(request)
    said = _("This link does not lead to a file, or does not any more. Ask whoever sent you the mail for a new one.")
    return _said(request, said, HTTPStatus.NOT_FOUND)


def _later(request: HttpRequest) -> HttpResponse:
    said = _("Too much was asked for from here just now. Wait a while, then try again.")
    return _said(request, said, HTTPStatus.TOO_MANY_REQUESTS)


def _said(request: HttpRequest, said: str, status: int) -> HttpResponse:
    shown = {"title": _("No such file"), "said": said}
    return _private(render(request, "web/downloads/gone.html", shown, status=status))


def _private(response: R) -> R:
    for name, value in PRIVATE.items():
        response.headers[name] = value
    return response
