"""What about desks needs attention."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.domains.access import own_companies

MOST = 5  # companies that are named one by one


@attention(Permission.DOMAINS_MANAGE)
def no_address(user: User) -> Iterator[Attention]:
    """Companies with a domain at which no address makes records; one query."""
    for company in own_companies(user).exclude(company_domains=None).filter(aliases=None).order_by("pk")[:MOST]:
        yield Attention(
            Weight.STEP,
            _("%(company)s has no address yet") % {"company": company.name},
            _("Mail becomes a lead or a ticket once an address such as sales@ stands for it."),
            "alias-new",
            _("Add an alias"),
        )
