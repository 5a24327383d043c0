"""Errors as problem documents (RFC 9457): a status, a title, and one sentence about this case."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.core.exceptions import DisallowedHost, RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError, DataError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from postroom.api.reading import UNREADABLE, NotJson
from postroom.infra.logs import logger

log = logger(__name__)


class Problem(Exception):
    """An answer other than the one that was asked for. `extra` holds further members of the document."""

    def __init__(self, status: HTTPStatus, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.extra = extra


def not_found(what: str) -> Problem:
    """Also the answer for what is another company's: that it exists is not said."""
    return Problem(HTTPStatus.NOT_FOUND, f"There is no {what} of that number here.")


def document(status: int, detail: str, **extra: Any) -> HttpResponse:
    """The answer: `application/problem+json`."""
    known = HTTPStatus(status)
    body = {"type": "about:blank", "title": known.phrase, "status": int(known), "detail": detail, **extra}
    written = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")  # words may quote what cannot be written
    return HttpResponse(written, status=known, content_type="application/problem+json")


def handle_with_documents(api: NinjaAPI) -> None:
    """Have every error of this API answered by a problem document."""
    handlers: dict[type[Exception], Any] = {
        Problem: _problem,
        AuthenticationError: _unauthenticated,
        ValidationError: _invalid,
        HttpError: _http_error,
        Http404: _missing,
        DataError: _unkept,
        DatabaseError: _away,
        RequestDataTooBig: _too_large,
        UnreadablePostError: _broken_off,
        MultiPartParserError: _no_form,
        DisallowedHost: _suspicious,
        SuspiciousOperation: _suspicious,
        Exception: _mistake,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
    return document(error.status, error.detail, **error.extra)


def _unauthenticated(request: HttpRequest, error: Exception) -> HttpResponse:
    detail = "A token is needed that is known and has not run out: send it as `Authorization: Bearer pr_...`."
    response = document(HTTPStatus.UNAUTHORIZED, detail)
    response["WWW-Authenticate"] = 'Bearer realm="postroom"'
    return response


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [{"where": ".".join(map(str, one["loc"])), "what": one["msg"]} for one in error.errors]
    detail = "; ".join(f"{one['where']}: {one['what']}" for one in errors)
    return document(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if isinstance(error.__cause__, NotJson):
        return document(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send JSON, and say so: `Content-Type: application/json`.")
    unreadable = error.status_code == HTTPStatus.BAD_REQUEST  # which the library says in its own words
    return document(error.status_code, UNREADABLE if unreadable else str(error))


def _missing(request: HttpRequest, error: Exception) -> HttpResponse:
    return document(HTTPStatus.NOT_FOUND, "There is nothing at this address.")


def _unkept(request: HttpRequest, error: Exception) -> HttpResponse:
    """PostgreSQL alone says so, and of what no field has refused before: a NUL in a text."""
    return document(HTTPStatus.UNPROCESSABLE_ENTITY, "A value cannot be kept: a text has a NUL in it, or is too long.")


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    log.warning("the database is away", error=str(error).strip())
    response = document(HTTPStatus.SERVICE_UNAVAILABLE, "The database cannot be used just now. Please try again.")
    response["Retry-After"] = "10"
    return response


def _too_large(request: HttpRequest, error: Exception) -> HttpResponse:
    return document(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is larger than is taken here.")


def _broken_off(request: HttpRequest, error: Exception) -> HttpResponse:
    return document(HTTPStatus.BAD_REQUEST, "The body ended before it was whole.")


def _no_form(request: HttpRequest, error: Exception) -> HttpResponse:
    return document(HTTPStatus.BAD_REQUEST, "The body is no form that can be read: look at its boundary.")


def _suspicious(request: HttpRequest, error: Exception) -> HttpResponse:
    return document(HTTPStatus.BAD_REQUEST, "The request is not one that this server answers.")


def _mistake(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("a request ended in a mistake of ours", path=request.path, exc_info=error)
    return document(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here; the log says what.")
