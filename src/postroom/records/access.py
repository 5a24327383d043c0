"""Whose records somebody may read."""

from __future__ import annotations

from django.db.models import QuerySet

from postroom.directory.access import companies
from postroom.directory.models import User
from postroom.directory.roles import Permission
from postroom.records.models import Record


def readable(user: User) -> QuerySet[Record]:
    """The records that `user` may read."""
    return Record.objects.filter(company_id__in=companies(user, Permission.RECORDS_READ))
