"""What needs an administrator's attention: each app registers its checks, the home page shows what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from django.utils.functional import Promise

from postroom.directory.access import may
from postroom.directory.models import User
from postroom.directory.roles import Permission


class Weight(StrEnum):
    """How much it matters: mail waits or is lost, something works worse than it could, a step of setting up is left."""

    BAD = "bad"
    WARNING = "warning"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Attention:
    """Something to attend to. `page`, `args` and `query` name the page of the next step, `action` what one does there;
    `since` says how long it has been so.
    """

    weight: Weight
    title: str
    text: str
    page: str
    action: Promise | str
    args: tuple[object, ...] = ()
    since: datetime | None = None
    query: str = ""


_NEVER = datetime.max.replace(tzinfo=UTC)
Check = Callable[[User], Iterable[Attention]]
_checks: list[tuple[Permission, Check]] = []


def attention(permission: Permission) -> Callable[[Check], Check]:
    """Register a check, asked for those who have the permission; it costs a fixed number of queries."""

    def add(check: Check) -> Check:
        if (permission, check) not in _checks:
            _checks.append((permission, check))
        return check

    return add


def attention_of(user: User) -> list[Attention]:
    """Everything that `user` should attend to: the worst first, of the same weight what has been so for longest."""
    found = [one for permission, check in _checks if may(user, permission) for one in check(user)]
    order = list(Weight)
    return sorted(found, key=lambda one: (order.index(one.weight), one.since is None, one.since or _NEVER))
