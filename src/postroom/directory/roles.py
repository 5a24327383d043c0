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
    RECORDS_WRITE = "records.write"  # messages and notes, followers, one's own reading
    ARRIVALS_READ = "arrivals.read"  # arrivals and refusals with their source and headers
    ARRIVALS_REPLAY = "arrivals.replay"  # routing an arrival again, releasing what is held
    OUTBOUND_READ = "outbound.read"  # every copy that leaves, with its source, attempts and choice of server
    OUTBOUND_MANAGE = "outbound.manage"  # sending again, cancelling, holding and releasing copies
    SERVERS_MANAGE = "servers.manage"  # outgoing servers and their secrets
    DOMAINS_MANAGE = "domains.manage"  # alias domains, aliases, retired addresses
    USERS_MANAGE = "users.manage"  # users, roles, invitations; the company's own name, language and time zone
    SYSTEM_MANAGE = "system.manage"  # what holds for the whole installation: parameters, scheduled actions, companies


PERMISSIONS: Mapping[str, frozenset[Permission]] = MappingProxyType(
    {
        Role.ADMINISTRATOR: frozenset(Permission) - {Permission.SYSTEM_MANAGE},
        Role.MEMBER: frozenset({Permission.RECORDS_READ, Permission.RECORDS_WRITE}),
    }
)

# What an operator of the installation may do with what belongs to no company, or to all.
OPERATOR: frozenset[Permission] = frozenset(
    {
        Permission.ARRIVALS_READ,
        Permission.ARRIVALS_REPLAY,
        Permission.SERVERS_MANAGE,
        Permission.DOMAINS_MANAGE,
        Permission.USERS_MANAGE,
        Permission.SYSTEM_MANAGE,
    }
)
