"""The ASGI application that uvicorn serves: Django, behind a limit on what it is made to read."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

from postroom.infra.config import config
from postroom.project.limits import limited

ROOM_FOR_FORMS = 64 * 1024  # beyond the largest mail

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postroom.project.settings")
application = limited(get_asgi_application(), config().max_message_size + ROOM_FOR_FORMS)
