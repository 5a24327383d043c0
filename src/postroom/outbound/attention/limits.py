"""What about the daily limits of hosted companies needs attention: one that is reached, so that mail waits."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.outbound.allowances import is_counted, more
from postroom.outbound.usage import usages


@attention(Permission.OUTBOUND_READ)
def limits(user: User) -> Iterator[Attention]:
    """Companies of which copies wait for tomorrow; nothing is asked where nothing counts."""
    for one in usages(user) if is_counted() else ():
        if not one.waiting:
            continue
        waits = ngettext(
            "%(count)s copy waits until midnight UTC.", "%(count)s copies wait until midnight UTC.", one.waiting
        ) % {"count": f"{one.waiting:,}"}
        yield Attention(
            Weight.BAD,
            _("%(company)s has used its mails of today") % {"company": one.company.name},
            f"{waits} {_('A server of your own has no such limit.')} {more()}".rstrip(),
            "usage",
            _("See the usage"),
        )
