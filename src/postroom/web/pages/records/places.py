"""Where the area stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.web.places import RECORDS, Place

PLACES = (
    Place(
        "leads",
        _("Leads"),
        "handshake",
        "r",
        Permission.RECORDS_READ,
        type="lead",
        empty=_("No leads yet. A mail to one of your sales addresses becomes a lead here by itself."),
        group=RECORDS,
    ),
    Place(
        "tickets",
        _("Tickets"),
        "ticket",
        "t",
        Permission.RECORDS_READ,
        type="ticket",
        empty=_("No tickets yet. A mail to one of your support addresses becomes a ticket here by itself."),
        group=RECORDS,
    ),
)
