"""Questions about companies and users."""

from __future__ import annotations

from postroom.directory.access import companies
from postroom.directory.models import Company, User
from postroom.directory.roles import Permission


def company_names(user: User) -> dict[int, str]:
    """The companies whose records `user` reads, by id."""
    mine = companies(user, Permission.RECORDS_READ)
    return dict(Company.objects.filter(pk__in=mine).order_by("name").values_list("pk", "name"))
