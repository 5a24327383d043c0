"""Which installation this is: an id kept in the database, carried by everything that it sends."""

from __future__ import annotations

import secrets
from functools import cache

from postroom.infra.models import Parameter

KEY = "instance.id"


@cache
def instance_id() -> str:
    """The id of this installation; made at the first call."""
    row, _ = Parameter.objects.get_or_create(key=KEY, defaults={"value": secrets.token_hex(8)})
    return row.value
