"""Whether the worker does what comes round: asked of its scheduled actions, since it runs them itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from postroom.directory.attention import Attention, Weight, attention
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.infra.clock import now
from postroom.infra.models import ScheduledAction

LATE = timedelta(minutes=10)


@attention(Permission.SYSTEM_MANAGE)
def worker_not_seen(user: User) -> Iterator[Attention]:
    """Scheduled actions that nobody ran when they were due; one query."""
    late = ScheduledAction.objects.filter(is_active=True, due__lt=now() - LATE).order_by("due")
    since = late.values_list("due", flat=True).first()
    if since is not None:
        yield Attention(
            Weight.BAD,
            _("The worker has not been seen"),
            _("Nothing that comes round was done. See that `postroom serve` runs, and read what its worker logs."),
            "arrivals",
            _("See what waits"),
            since=since,
        )
