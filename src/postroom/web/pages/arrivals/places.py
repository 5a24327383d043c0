"""Where the area stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.web.places import MAIL, Place

PLACES = (
    Place(
        "arrivals",
        _("Arrivals"),
        "mails",
        "a",
        Permission.ARRIVALS_READ,
        group=MAIL,
        words=("Incoming mails", "Refused", "Held"),
    ),
)
