"""Where the area stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.web.places import Place

PLACES = (
    Place("home", _("Home"), "house", "h", Permission.USERS_MANAGE, about=_("What needs attention, the worst first.")),
)
