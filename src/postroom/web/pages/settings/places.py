"""Where the area stands in the navigation."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from postroom.directory.roles import Permission
from postroom.web.places import DEVELOPER, MAIL, SETTINGS, Place

PLACES = (
    Place("settings", _("Settings"), "settings", "s", None, group=MAIL, leads_to=(SETTINGS, DEVELOPER)),
    Place(
        "servers",
        _("Outgoing servers"),
        "send",
        "",
        Permission.SERVERS_MANAGE,
        group=SETTINGS,
        words=("SMTP", "FROM Filtering", "External or Custom Email Servers", "Outgoing Mail Servers"),
        about=_("Which server sends for which address, its test, and the simulator."),
    ),
    Place(
        "paces",
        _("Limits of sending"),
        "gauge",
        "",
        Permission.SERVERS_MANAGE,
        group=SETTINGS,
        words=("Rate limit", "Throttling", "Mails a minute", "Pace", "Warm-up", "Learnt limits", "Quota"),
        about=_("How many mails leave a minute, an hour and a day, and what servers said of too many."),
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
        words=(
            *("Alias", "Email Aliases", "Email Alias", "Incoming address", "Accept Emails From", "Default Values"),
            *("Actions to Perform on Incoming Mails", "Create a New Record"),
        ),
        about=_("The addresses that make records: which desk, who may write, and whether each works."),
    ),
    Place(
        "users",
        _("Users"),
        "users",
        "",
        Permission.USERS_MANAGE,
        group=SETTINGS,
        words=("Users & Companies", "Access Rights", "Roles", "Groups", "Invite", "Internal User", "Reset password"),
        about=_("Who signs in, as what: invite, change roles, deactivate."),
    ),
    Place(
        "companies",
        _("Companies"),
        "building-2",
        "",
        Permission.USERS_MANAGE,
        group=SETTINGS,
        words=("Company", "Multi-Companies", "Language", "Time zone"),
        about=_("Name, language and time zone of your company."),
    ),
    Place(
        "tokens",
        _("API tokens"),
        "key-round",
        "",
        None,
        group=SETTINGS,
        words=("API Keys", "API Key", "Developer API Keys", "Bearer", "REST"),
        about=_("Keys by which your programs use the API as you."),
    ),
    Place(
        "profile",
        _("Profile"),
        "circle-user",
        "",
        None,
        group=SETTINGS,
        words=("Preferences", "My Profile", "Signature", "Notification", "Language", "Time zone", "Keyboard"),
        about=_("Your name, signature, language, clock, and how you hear of messages."),
    ),
)
