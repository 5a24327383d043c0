"""Where each address leads, and how what goes wrong outside of all views is answered."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views import defaults

from postroom.api.problems import document

API = "/api/"

urlpatterns = [
    path("api/v1/", include("postroom.api.urls")),
    path("", include("postroom.web.urls")),
]


def handler400(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request is not one that this server answers, such as one for another host."""
    if request.path.startswith(API):
        return document(HTTPStatus.BAD_REQUEST, "The request is not one that this server answers.")
    return defaults.bad_request(request, exception)


def handler404(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is no such address, or nothing there for who asks."""
    if request.path.startswith(API):
        return document(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
    return defaults.page_not_found(request, exception)


def handler500(request: HttpRequest) -> HttpResponse:
    """A mistake of ours."""
    if request.path.startswith(API):
        return document(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here; the log says what.")
    return defaults.server_error(request)
