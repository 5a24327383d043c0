"""What came by mail, served so that it can do no harm: HTML bodies, attachments, plain bodies."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import unquote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.safestring import mark_safe

from postroom.conversations import selectors
from postroom.conversations.models import Attachment
from postroom.infra import blobs
from postroom.web.pages.common import for_users, found, reader

FRAME_POLICY = (
    # what a link opens is another site's page and none of ours: shut in this sandbox most would not work
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox;"
    " default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:;"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
FILE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"

# The types that a browser may show within a message; everything else is only ever saved.
SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"})
# The types that a saved file may keep; anything else is plain bytes.
KNOWN_TYPES = SHOWN_TYPES | {
    "application/pdf",
    "application/zip",
    "application/gzip",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    "application/rtf",
    "text/plain",
    "text/csv",
    "text/calendar",
    "text/vcard",
    "message/rfc822",
    "audio/mpeg",
    "audio/wav",
    "video/mp4",
}

# A whole tag of the sanitiser's output, whatever its quoted values hold.
_IMAGE = re.compile(r'<img\b(?:[^>"]|"[^"]*")*+>', re.IGNORECASE)
_SOURCE = re.compile(r'\ssrc="([^"]*)"', re.IGNORECASE)
_WORDS = re.compile(r'\salt="([^"]*)"', re.IGNORECASE)


@for_users
def message_body(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML body of a message as a page of its own for a sandboxed frame; `?all=1` shows its quoted part too."""
    user = reader(request)
    message = found(selectors.message(user, pk))
    if not message.html:
        raise Http404
    body = with_images(message.html, selectors.inline_images(user, pk))
    shown = {"body": mark_safe(body), "all": request.GET.get("all") == "1"}  # noqa: S308 sanitised when it was stored
    response = render(request, "web/records/body.html", shown)
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def with_images(body: str, images: Mapping[str, Attachment]) -> str:
    """Sanitised HTML in which `cid:` images come from the message's attachments. Any other image gives way to its own
    words, so that nothing outside is asked for."""
    shown = {
        name: attachment_url(image) for name, image in images.items() if image.file.content_type.lower() in SHOWN_TYPES
    }
    return with_image_urls(body, shown)


def with_image_urls(body: str, images: Mapping[str, str]) -> str:
    """As `with_images`, given the address of each image by content id."""
    return _IMAGE.sub(lambda tag: _placed(tag[0], images), body)


def _placed(tag: str, images: Mapping[str, str]) -> str:
    source = _SOURCE.search(tag)
    url = _named(html.unescape(source[1]).strip(), images) if source else ""
    if source and url:
        return f'{tag[: source.start()]} src="{html.escape(url)}?inline=1"{tag[source.end() :]}'
    words = _WORDS.search(tag)
    shown = html.escape(html.unescape(words[1]).strip()) if words else ""
    return f'<span class="pr-image">{shown}</span>' if shown else ""


def _named(address: str, images: Mapping[str, str]) -> str:
    if address[:4].lower() != "cid:":
        return ""
    return images.get(unquote(address[4:])) or images.get(address[4:], "")


@for_users
def message_text(request: HttpRequest, pk: int) -> HttpResponse:
    """The plain body of a message, whole, as plain text."""
    message = found(selectors.message(reader(request), pk))
    response = HttpResponse(message.text, content_type="text/plain; charset=utf-8")
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def attachment_url(one: Attachment) -> str:
    """Where a file of a message is; its name stands last, for people and for saving."""
    return reverse("attachment", args=[one.pk, one.file.name.replace("/", "_") or "file"])


@for_users
def attachment(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A file of a message: always saved, but for images of listed types that a body names."""
    one = found(selectors.attachment(reader(request), pk))
    type = one.file.content_type.lower()
    try:
        data = blobs.read(one.file.blob)
    except blobs.BlobMissing:
        return render(request, "web/gone.html", {"name": one.file.name}, status=HTTPStatus.GONE)
    response = HttpResponse(data, content_type=type if type in KNOWN_TYPES else "application/octet-stream")
    inline = bool(one.content_id) and type in SHOWN_TYPES and request.GET.get("inline") == "1"
    response.headers["Content-Disposition"] = content_disposition_header(not inline, one.file.name) or "attachment"
    response.headers["Content-Security-Policy"] = FILE_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


def eml_name(subject: str, pk: int) -> str:
    """A file name for a mail."""
    words = re.sub(r"[^\w.-]+", "-", subject).strip("-.")[:60]
    return f"{words or 'mail'}-{pk}.eml"
