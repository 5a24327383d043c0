"""What about the installation's identity needs attention: a copy that holds its mail, another public address."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from postroom.directory.access import may
from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra import instance
from postroom.infra.config import config


@attention(Permission.USERS_MANAGE)
def identity(user: User) -> Iterator[Attention]:
    """For all who look after a company: their mail waits. Operators are told what to do; four queries at most."""
    found = instance.standing()
    if found.is_copy:
        operator = may(user, Permission.SYSTEM_MANAGE)
        text = _("Nothing is sent, so that no mail leaves twice. %(why)s") % {"why": found.copy}
        asks = _("Whoever runs the installation may take over.")
        yield Attention(
            Weight.BAD,
            _("This is a copy of another installation"),
            text if operator else f"{text} {asks}",
            "installation" if operator else "outbound",
            _("Take over") if operator else _("See what waits"),
            query="" if operator else "state=waiting",
        )
    elif found.url_before and may(user, Permission.SYSTEM_MANAGE):
        yield Attention(
            Weight.WARNING,
            _("The public address changed"),
            _("People reached it at %(before)s, and now at %(now)s. Links in earlier mail lead to the former one.")
            % {"before": found.url_before, "now": config().public_url},
            "installation",
            _("Keep the new address"),
        )
