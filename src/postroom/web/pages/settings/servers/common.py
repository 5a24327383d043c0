"""Who reaches the pages of outgoing servers."""

from __future__ import annotations

from postroom.directory.roles import Permission
from postroom.web.pages.common import for_those_who_may

may_manage = for_those_who_may(Permission.SERVERS_MANAGE)
