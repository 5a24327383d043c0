"""What a company used today of the operator's server, what is left, when it begins anew, and whom to ask for more."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from postroom.core.addresses import valid
from postroom.directory.roles import Permission
from postroom.infra.config import config
from postroom.outbound import allowances
from postroom.outbound.usage import usages
from postroom.web.pages.common import for_those_who_may, reader


@require_safe
@for_those_who_may(Permission.OUTBOUND_READ)
def usage(request: HttpRequest) -> HttpResponse:
    """The day of each company whose outgoing mail the reader may see."""
    counted = allowances.is_counted()
    shown = {
        "title": _("Daily usage"),
        "here": "settings",
        "counted": counted,
        "rows": usages(reader(request)) if counted else [],
        "resets_at": allowances.resets_at(),
        "contact": config().hosted_contact,
        "contact_url": _link(config().hosted_contact),
        "today": allowances.today(),
    }
    return render(request, "web/hosting/usage.html", shown)


def _link(contact: str) -> str:
    """Where a contact leads: a link as it is, an address by mail; nothing for other words."""
    if contact.startswith(("https://", "http://")):
        return contact
    return f"mailto:{contact}" if valid(contact) else ""
