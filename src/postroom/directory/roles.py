"""Who may what: roles and the permissions that each gives within a company."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a membership makes of somebody in a company."""

    ADMINISTRATOR = "administrator"
    MEMBER = "member"


class Permission(StrEnum):
    """Something that may be done within a company."""

    RECORDS_READ = "records.read"  # records, their conversations, and why each message stands there
    ARRIVALS_READ = "arrivals.read"  # arrivals and refusals with their source and headers
    ARRIVALS_REPLAY = "arrivals.replay"  # routing an arrival again, releasing what is held


PERMISSIONS: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: frozenset(Permission),
        Role.MEMBER: frozenset({Permission.RECORDS_READ}),
    }
)

# What an operator of the installation may do with mail that belongs to no company.
OPERATOR: frozenset[Permission] = frozenset({Permission.ARRIVALS_READ, Permission.ARRIVALS_REPLAY})
