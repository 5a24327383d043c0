"""Whether an administrator is still alone in a company: a step of setting up."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from postroom.directory.access import companies
from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import Company, Membership, User
from postroom.directory.roles import Permission

MOST = 5  # companies that are named one by one


@attention(Permission.USERS_MANAGE)
def nobody_else(user: User) -> Iterator[Attention]:
    """Companies that have nobody besides `user`, invited people included; one query."""
    others = Membership.objects.filter(company=OuterRef("pk"), user__is_active=True).exclude(user=user.pk)
    mine = Company.objects.filter(~Exists(others), pk__in=companies(user, Permission.USERS_MANAGE))
    for company in mine.order_by("pk")[:MOST]:
        yield Attention(
            Weight.STEP,
            _("Nobody else is at %(company)s yet") % {"company": company.name},
            _("Those who answer mail sign in with a name of their own. A link lets them choose their password."),
            "user-new",
            _("Invite somebody"),
        )
