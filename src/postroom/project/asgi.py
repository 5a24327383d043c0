"""The ASGI application that uvicorn serves: Django, behind a limit on what it is made to read."""

from __future__ import annotations

import gc
import os
from concurrent.futures import ThreadPoolExecutor

import django
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpRequest, HttpResponseBase
from django.urls import get_resolver

from postroom.infra.config import config
from postroom.infra.database.connections import rest
from postroom.project.limits import limited

ROOM_FOR_FORMS = 64 * 1024  # beyond the largest mail
COLLECT_AFTER = 20_000  # objects: about one page
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


def keep_what_is_loaded() -> None:
    """Load the pages, and look for garbage only among what requests leave: to go through all modules each time made
    one page in twenty wait for 50 ms.
    """
    assert get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.project.settings")
django.setup(set_prefix=False)
application = limited(Pages(), config().max_message_size + ROOM_FOR_FORMS)
keep_what_is_loaded()
