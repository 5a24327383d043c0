"""The addresses of the API; what is none of them is answered like everything else here, by a problem document."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI

from postroom import __version__
from postroom.api.auth import Bearer
from postroom.api.endpoints import health, inbound, records, refusals
from postroom.api.problems import document, handle_with_documents

api = NinjaAPI(
    title="Postroom",
    version=__version__,
    description="Mail that came, where it went and why, and the records and conversations that came of it.",
    docs_url=None,  # its page would load scripts from elsewhere
    openapi_url="openapi.json",
    auth=Bearer(),
    urls_namespace="api",
)
handle_with_documents(api)
for part in (health, inbound, refusals, records):
    api.add_router("", part.router)


@csrf_exempt
def nowhere(request: HttpRequest) -> HttpResponse:
    """There is no such address."""
    return document(HTTPStatus.NOT_FOUND, "There is nothing at this address.")


urlpatterns = [path("", api.urls), re_path(r"^", nowhere)]
