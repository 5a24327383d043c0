"""The addresses of the API; what is none of them is answered like everything else here, by a problem document."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from postroom import __version__
from postroom.api.auth import Bearer
from postroom.api.describing import Described
from postroom.api.endpoints import (
    aliases,
    attention,
    batches,
    companies,
    contact_talks,
    contacts,
    conversations,
    default_server,
    domains,
    health,
    hosting,
    inbound,
    inbox,
    leaving,
    links,
    me,
    messages,
    originals,
    outbound,
    paces,
    proofs,
    queue,
    record_lists,
    records,
    refusals,
    search,
    servers,
    system,
    talk_people,
    tokens,
    users,
)
from postroom.api.problems import document, handle_with_documents
from postroom.api.reading import Strict

api = Described(
    title="Postroom",
    version=__version__,
    description="Mail that came, where it went and why; records and their conversations; the mail that leaves.",
    docs_url=None,  # its page would load scripts from elsewhere
    openapi_url="openapi.json",
    auth=Bearer(),
    urls_namespace="api",
    parser=Strict(),
)
handle_with_documents(api)
for part in (
    health,
    attention,
    inbound,
    refusals,
    records,
    record_lists,
    contacts,
    contact_talks,
    search,
    messages,
    batches,
    leaving,
    originals,
    conversations,
    talk_people,
    inbox,
    links,
    outbound,
    servers,
    default_server,
    paces,
    domains,
    proofs,
    queue,
    aliases,
    me,
    users,
    tokens,
    companies,
    hosting,
    system,
):
    api.add_router("", part.router)


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """There is no such address."""
    return document(HTTPStatus.NOT_FOUND, "There is nothing at this address.")


def _in_documents(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The library answers a method that an address does not have in plain text; here it is a document, too."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        response = view(request, *args, **named)
        if response.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
            return response
        allowed = ", ".join(sorted(response["Allow"].split(", ")))
        refused = document(HTTPStatus.METHOD_NOT_ALLOWED, f"This address answers to {allowed} only.")
        refused["Allow"] = allowed
        return refused

    return answered


routes = api.urls
for pattern in routes[0]:
    pattern.callback = _in_documents(cast("Callable[..., HttpResponse]", pattern.callback))

urlpatterns = [path("", routes), re_path(r"^", nowhere)]
