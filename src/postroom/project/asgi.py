"""The ASGI application that uvicorn serves: Django, behind a limit on what it is made to read."""

from __future__ import annotations

import gc
import os

import django
from django.urls import get_resolver

from postroom.infra.config import config
from postroom.project.handler import Pages
from postroom.project.limits import limited

ROOM_FOR_FORMS = 64 * 1024  # beyond the largest mail
COLLECT_AFTER = 20_000  # objects: about one page


def keep_what_is_loaded() -> None:
    """Load the pages, and look for garbage only among what requests leave: to go through all modules each time made
    one page in twenty wait for 50 ms.
    """
    list(get_resolver().url_patterns)
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER, 10, 10)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.project.settings")
django.setup(set_prefix=False)
application = limited(Pages(), config().max_message_size + ROOM_FOR_FORMS)
keep_what_is_loaded()
