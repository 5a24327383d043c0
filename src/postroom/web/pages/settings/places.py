"""Where the area stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.web.places import MAIL, SETTINGS, Place

PLACES = (
    Place("settings", _("Settings"), "settings", "s", Permission.SERVERS_MANAGE, group=MAIL),
    Place(
        "servers",
        _("Outgoing servers"),
        "send",
        "",
        Permission.SERVERS_MANAGE,
        group=SETTINGS,
        words=("SMTP", "FROM Filtering", "External Email Servers", "Custom Email Servers", "Outgoing Mail Servers"),
        about=_("Which server sends for which address, its test, and the simulator."),
    ),
    Place(
        "domains",
        _("Alias domains"),
        "at-sign",
        "",
        Permission.DOMAINS_MANAGE,
        group=SETTINGS,
        words=("Alias Domain", "Catchall", "Bounce", "Default From", "Email Domain", "Retired addresses", "Separator"),
        about=_("The domains at which people write to you: catchall, bounce, default From, and who uses them."),
    ),
    Place(
        "aliases",
        _("Aliases"),
        "mailbox",
        "",
        Permission.DOMAINS_MANAGE,
        group=SETTINGS,
        words=("Alias", "Email Aliases", "Email Alias", "Incoming address", "Accept Emails From", "Default Values"),
        about=_("The addresses that make records: which desk, who may write, and whether each works."),
    ),
)
