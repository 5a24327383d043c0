"""Where the area stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.web.places import MAIL, Place

PLACES = (
    Place(
        "outbound",
        _("Outbox"),
        "send",
        "o",
        Permission.OUTBOUND_READ,
        group=MAIL,
        words=("Sent mails", "Email queue", "Failed mail"),
    ),
)
