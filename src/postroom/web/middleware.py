"""What surrounds every page: headers against hostile content, compression, the reader's clock and language."""

from __future__ import annotations

import io
import zoneinfo
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone, translation
from django.utils.decorators import sync_and_async_middleware, sync_only_middleware
from django.views.defaults import bad_request
from whitenoise.middleware import WhiteNoiseMiddleware

from postroom.directory.models import User

Handler = Callable[[HttpRequest], HttpResponseBase]
AsyncHandler = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self'; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store, private",
}


def _secured(response: HttpResponseBase) -> HttpResponseBase:
    """What a view says of itself stays; the rest is as strict as can be."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


@sync_and_async_middleware
def security_headers(get_response: Handler | AsyncHandler) -> Handler | AsyncHandler:
    """Give every answer its headers."""
    if iscoroutinefunction(get_response):

        async def secured_later(request: HttpRequest) -> HttpResponseBase:
            return _secured(await get_response(request))

        return secured_later

    def secured(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        assert isinstance(response, HttpResponseBase)
        return _secured(response)

    return secured


@sync_only_middleware
def clock_and_language(get_response: Handler) -> Handler:
    """Show times in the reader's zone and words in the reader's language."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            return get_response(request)
        if translation.check_for_language(user.language):
            translation.activate(user.language)
        with timezone.override(zone_of(user.time_zone)):
            response = get_response(request)
            render = getattr(response, "render", None)
            return render() if callable(render) else response

    return handle


def zone_of(name: str) -> zoneinfo.ZoneInfo:
    """The zone of this name; UTC where it is unknown."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return zoneinfo.ZoneInfo("UTC")


class RefusedData:
    """What the database does not take (PostgreSQL: a NUL in a text) is a bad request, not a mistake of ours."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return bad_request(request, exception) if isinstance(exception, DataError) else None


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise, answering with bytes: under ASGI Django would read its file objects in one go anyway, and warn."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        with found.file if found.file is not None else io.BytesIO() as file:
            response = HttpResponse(file.read(), status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response.headers[name] = value
        return response


class Compressed(GZipMiddleware):
    """Words compressed; a stream goes as it comes, since compression would hold its news back."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "")
        if response.streaming or not kind.startswith(("text/", "application/json", "application/problem+json")):
            return response
        return super().process_response(request, response)
