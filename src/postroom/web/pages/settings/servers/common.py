"""Who reaches the pages of outgoing servers."""

from __future__ import annotations

from django.views.decorators.debug import sensitive_post_parameters

from postroom.directory.roles import Permission
from postroom.web.pages.common import for_those_who_may

may_manage = for_those_who_may(Permission.SERVERS_MANAGE)
with_secrets = sensitive_post_parameters("password", "certificate_key")
"""For views that are told a secret: reports of errors leave it out."""
