"""The list of transports that there are: every file of `outbound/transports` but the protocol is one."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from postroom.core.errors import PostroomError
from postroom.outbound import transports as folder
from postroom.outbound.transports.protocol import Transport

_NOT_ONE = {"protocol"}


@cache
def transports() -> dict[str, Transport]:
    """Every transport by its key."""
    found: dict[str, Transport] = {}
    for module in pkgutil.iter_modules(folder.__path__):
        if module.name in _NOT_ONE:
            continue
        one: Transport = import_module(f"{folder.__name__}.{module.name}").TRANSPORT
        if one.key in found:
            raise PostroomError(f"Two transports have the key {one.key!r}.")
        found[one.key] = one
    return found
