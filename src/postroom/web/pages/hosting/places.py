"""Where the area stands in the navigation: among the settings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.web.places import SETTINGS, Place

PLACES = (
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
