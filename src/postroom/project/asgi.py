"""The ASGI application that uvicorn serves: Django, behind a limit on what it is made to read."""

from __future__ import annotations

import os

import django
from django.urls import get_resolver

from postroom.infra.config import config
from postroom.project.garbage import keep_what_is_loaded
from postroom.project.handler import Pages
from postroom.project.limits import limited

ROOM_FOR_FORMS = 64 * 1024  # beyond the largest mail


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.project.settings")
django.setup(set_prefix=False)
application = limited(Pages(), config().max_message_size + ROOM_FOR_FORMS)
list(get_resolver().url_patterns)  # loads the pages
keep_what_is_loaded()
