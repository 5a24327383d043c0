"""Django as ASGI serves it here: a request's whole work in one thread that stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpRequest, HttpResponseBase

from postroom.infra.database.connections import rest

THREADS = 32  # requests that are answered at one time; streams wait on the event loop and take none


class Pages(ASGIHandler):
    """Django with middleware and view of a request in one thread, one of a few that stay.

    By itself it starts a thread for each request, goes from there to the event loop and back for each middleware that
    knows only one of the two, and opens the database anew: more than half of what a small page cost.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page")
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        """The chain for one thread, whatever was asked for; a view that is async goes to the event loop from there."""
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """The answer to a request; nothing is raised, mistakes are answers too."""
        return await sync_to_async(self._answer, thread_sensitive=False, executor=self._threads)(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        finally:
            for connection in connections.all(initialized_only=True):
                rest(connection)
