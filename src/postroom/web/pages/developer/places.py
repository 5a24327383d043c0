"""Where the area stands in the navigation: among the settings, while developer mode is on."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.web.places import DEVELOPER, Place

PLACES = (
    Place(
        "parameters",
        _("System parameters"),
        "sliders-horizontal",
        "",
        Permission.SYSTEM_MANAGE,
        group=DEVELOPER,
        words=("System Parameters", "ir.config_parameter", "mail.catchall.domain", "mail.default.from", "Technical"),
        about=_("Every parameter with its default, what it means, and where else it is set."),
    ),
    Place(
        "actions",
        _("Scheduled actions"),
        "calendar-clock",
        "",
        Permission.SYSTEM_MANAGE,
        group=DEVELOPER,
        words=("Scheduled Actions", "ir.cron", "Cron", "Automation", "Jobs"),
        about=_("What comes round: how often, when next, what it said; run it now."),
    ),
    Place(
        "queue",
        _("Queue"),
        "list-ordered",
        "",
        Permission.SYSTEM_MANAGE,
        group=DEVELOPER,
        words=("Email Queue", "mail.mail", "Waiting mail", "Retries"),
        about=_("How many copies and arrivals are in which state, and since when they wait."),
    ),
    Place(
        "messages",
        _("Messages"),
        "messages-square",
        "",
        Permission.SYSTEM_MANAGE,
        group=DEVELOPER,
        words=("mail.message", "All messages", "Message-ID"),
        about=_("All messages of your companies, the newest first."),
    ),
    Place(
        "retired",
        _("Retired addresses"),
        "archive",
        "",
        Permission.SYSTEM_MANAGE,
        group=DEVELOPER,
        words=("Retired", "Former addresses", "Old aliases"),
        about=_("Addresses that were given up and still route, and until when nobody else gets them."),
    ),
)
