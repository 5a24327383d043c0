"""The companies in which somebody may do something: the root of every question about access."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from postroom.directory.models import Membership, User
from postroom.directory.roles import OPERATOR, PERMISSIONS, Permission
from postroom.infra.database.prepared import prepared

NO_COMPANY = 0  # the company of what belongs to none, or to several


def companies(user: User | AnonymousUser, permission: Permission) -> frozenset[int]:
    """The ids of the companies in which `user` has `permission`; with `NO_COMPANY` for operators where it applies.

    Memberships are read once for each user object, so a request asks the database once.
    """
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    mine = {company for company, role in _roles(user) if permission in PERMISSIONS.get(role, frozenset())}
    if user.is_operator and permission in OPERATOR:
        mine.add(NO_COMPANY)
    return frozenset(mine)


def may(user: User | AnonymousUser, permission: Permission) -> bool:
    """Whether `user` has `permission` anywhere at all."""
    return bool(companies(user, permission))


def _roles(user: User) -> tuple[tuple[int, str], ...]:
    known: tuple[tuple[int, str], ...] | None = user.__dict__.get("_roles_read")
    if known is None:
        known = tuple(_memberships(user.pk))
        user.__dict__["_roles_read"] = known
    return known


@prepared
def _memberships(user: int) -> QuerySet[Membership, tuple[int, str]]:
    return Membership.objects.filter(user=user).values_list("company_id", "role")
