"""Where the area stands in the navigation: among the settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.outbound.allowances import is_counted
from postroom.web.places import SETTINGS, Place

PLACES = (
    Place(
        "usage",
        _("Daily usage"),
        "gauge",
        "",
        Permission.OUTBOUND_READ,
        group=SETTINGS,
        words=("Daily limit", "Daily limit reached", "Quota", "Email credits", "How many mails"),
        about=_("How many mails may still leave today by the shared server, and when it begins anew."),
        only_if=is_counted,
    ),
    Place(
        "monitor",
        _("Monitor"),
        "activity",
        "",
        Permission.SYSTEM_MANAGE,
        group=SETTINGS,
        words=("Tenants", "Customers", "Plans", "Daily limits", "All companies", "Hosting", "Usage"),
        about=_("All companies at a glance: usage, limits, what waits, what failed."),
    ),
    Place(
        "installation",
        _("This installation"),
        "fingerprint-pattern",
        "",
        Permission.SYSTEM_MANAGE,
        group=SETTINGS,
        words=("Take over", "Takeover", "Neutralize", "Duplicate", "Restore", "Backup", "Staging", "Instance", "Copy"),
        about=_("Whether this is the installation itself or a copy that holds its mail, and taking over."),
    ),
)
